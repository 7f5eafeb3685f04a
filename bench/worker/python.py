"""Drains the queue with Celery's worker; its pool processes share one count of the tasks they ran."""

import ctypes
import json
import multiprocessing
import os
import signal
import sys
import threading
import time

from celery import Celery
from celery.signals import worker_ready

options = json.loads(sys.argv[1])
app = Celery("bench", broker=options["broker"], backend=options["results"])
app.conf.task_ignore_result = options["results"] is None
ready = threading.Event()
ran = multiprocessing.Value(ctypes.c_long, 0)
first = multiprocessing.Value(ctypes.c_double, 0)
cpu_first = multiprocessing.Value(ctypes.c_double, 0)
last = multiprocessing.Value(ctypes.c_double, 0)


@app.task(name="tasks.add")
def add(x, y):
    with ran.get_lock():
        ran.value += 1
        if ran.value == 1:
            first.value = time.monotonic()
            cpu_first.value = time.process_time()
        if ran.value == options["count"]:
            last.value = time.monotonic()
    return x + y


def report():
    while last.value == 0:
        time.sleep(0.02)
    seconds = max(last.value - first.value, 1e-9)
    sample = {"values": {"perSecond": options["count"] / seconds}}
    if options["pool"] == "solo":
        sample["cpuUs"] = (time.process_time() - cpu_first.value) / options["count"] * 1e6
    # Celery makes a log of standard output.
    print("result", json.dumps([sample]), file=sys.__stdout__, flush=True)
    # Before that, the signal would be lost.
    ready.wait()
    os.kill(os.getpid(), signal.SIGTERM)


@worker_ready.connect
def note_ready(**_):
    ready.set()


threading.Thread(target=report, daemon=True).start()
pool = ["--pool", options["pool"], "--concurrency", str(options["concurrency"])]
app.worker_main(["worker", *pool, "--without-gossip", "--without-mingle", "--loglevel", "ERROR"])
