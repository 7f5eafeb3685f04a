"""Counts how often something can be done, within a bound on count and CPU time, and reports it."""

import json
import sys
import time

options = json.loads(sys.argv[1])
folder = options["folder"]
with open(f"{folder}/documents.json") as file:
    documents = json.load(file)
samples = []

BATCH_SECONDS = 0.001


def repeat(operation, count, seconds):
    start, batch, done = time.process_time(), 1, 0
    while True:
        for _ in range(batch):
            operation()
        done += batch
        used = time.process_time() - start
        if done >= count or used >= seconds:
            return done, used
        if used / done * batch < BATCH_SECONDS:
            batch *= 2
        batch = min(batch, int(count - done) + 1)


def measure(name, operation):
    """Adds the sample of one case; half as much again goes to warming up."""
    count, seconds = options["count"], options["maxMs"] / 1000
    repeat(operation, count / 2, seconds / 2)
    start = time.perf_counter()
    done, used = repeat(operation, count, seconds)
    values = {"perCpuSecond": done / used, "perSecond": done / (time.perf_counter() - start)}
    samples.append({"case": name, "values": values, "cpuUs": used / done * 1e6})


def leave_out(what, why):
    print(f"left out {what}: {why}", flush=True)


def report():
    print("result", json.dumps(samples), flush=True)
