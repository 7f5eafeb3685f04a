"""Drains the queue with Celery's worker; the processes of its pool share one count of the tasks they ran."""

import json
import sys

options = json.loads(sys.argv[1])
if options["pool"] == "gevent":
    # Before anything else is imported, as Celery's own command line does.
    from gevent import monkey

    monkey.patch_all()

import ctypes
import multiprocessing
import os
import signal
import threading
import time

from celery.signals import task_postrun, task_prerun, worker_ready
from tasks import app

ready = threading.Event()
ran = multiprocessing.Value(ctypes.c_long, 0)
first = multiprocessing.Value(ctypes.c_double, 0)
last = multiprocessing.Value(ctypes.c_double, 0)


@task_prerun.connect
def note_start(**_):
    if first.value == 0:
        first.value = time.monotonic()


@task_postrun.connect
def note_end(**_):
    with ran.get_lock():
        ran.value += 1
        if ran.value == options["count"]:
            last.value = time.monotonic()


def report():
    while last.value == 0:
        time.sleep(0.02)
    seconds = max(last.value - first.value, 1e-9)
    values = {
        "perSecond": options["count"] / seconds,
        "ofIdeal": seconds / (options.get("idealSeconds") or 1),
    }
    # Celery makes a log of standard output.
    print("result", json.dumps([{"values": values}]), file=sys.__stdout__, flush=True)
    # Before that, the signal would be lost.
    ready.wait()
    os.kill(os.getpid(), signal.SIGTERM)


@worker_ready.connect
def note_ready(**_):
    ready.set()


threading.Thread(target=report, daemon=True).start()
pool = ["--pool", options["pool"], "--concurrency", str(options["concurrency"])]
app.worker_main(["worker", *pool, "--without-gossip", "--without-mingle", "--loglevel", "ERROR"])
