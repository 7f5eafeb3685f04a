"""Celery's own client: apply_async, then get, one call after another."""

import json
import sys
import time

from celery import Celery

options = json.loads(sys.argv[1])
app = Celery("bench", broker=options["broker"], backend=options["results"])


@app.task(name="tasks.add")
def add(x, y):
    return x + y


def call():
    add.apply_async((2, 3)).get(timeout=10)


for _ in range(options["warmUp"]):
    call()
times = []
cpu = time.process_time()
for _ in range(options["count"]):
    called = time.perf_counter()
    call()
    times.append((time.perf_counter() - called) * 1000)
cpu = time.process_time() - cpu
times.sort()
values = {"p50Ms": times[len(times) // 2], "p99Ms": times[int(len(times) * 0.99)]}
print("result", json.dumps([{"values": values, "cpuUs": cpu / options["count"] * 1e6}]), flush=True)
