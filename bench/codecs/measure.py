"""Counts how often something can be done, within a bound on count and time, and reports it."""

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
    start, batch, done = time.perf_counter(), 1, 0
    while True:
        for _ in range(batch):
            operation()
        done += batch
        elapsed = time.perf_counter() - start
        if done >= count or elapsed >= seconds:
            return done, elapsed
        if elapsed / done * batch < BATCH_SECONDS:
            batch *= 2
        batch = min(batch, int(count - done) + 1)


def measure(name, operation):
    """Adds the sample of one case; half as much again goes to warming up."""
    count, seconds = options["count"], options["maxMs"] / 1000
    repeat(operation, count / 2, seconds / 2)
    cpu = time.process_time()
    done, elapsed = repeat(operation, count, seconds)
    cpu = (time.process_time() - cpu) / done
    values = {"perCpuSecond": 1 / cpu, "perSecond": done / elapsed}
    samples.append({"case": name, "values": values, "cpuUs": cpu * 1e6})


def leave_out(what, why):
    print(f"left out {what}: {why}", flush=True)


def report():
    print("result", json.dumps(samples), flush=True)
