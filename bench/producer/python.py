"""Celery's own producer: apply_async, one call after another, since it has no other way."""

import json
import sys
import time

from celery import Celery

options = json.loads(sys.argv[1])
app = Celery("bench", broker=options["broker"])
if not options["ignoreResult"]:
    app.conf.result_backend = options["results"]
if options.get("confirms"):
    app.conf.broker_transport_options = {"confirm_publish": True}


@app.task(name="tasks.add", ignore_result=options["ignoreResult"])
def add(x, y):
    return x + y


for _ in range(options["warmUp"]):
    add.apply_async((2, 3))
wall, cpu = time.perf_counter(), time.process_time()
for _ in range(options["count"]):
    add.apply_async((2, 3))
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
sample = {"values": {"perSecond": options["count"] / wall}, "cpuUs": cpu / options["count"] * 1e6}
print("result", json.dumps([sample]), flush=True)
