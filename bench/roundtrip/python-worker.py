"""Celery's worker at the other end of a round trip; it runs until it is told to stop."""

import json
import sys

from celery import Celery
from celery.signals import worker_ready

options = json.loads(sys.argv[1])
app = Celery("bench", broker=options["broker"], backend=options["results"])


@app.task(name="tasks.add")
def add(x, y):
    return x + y


@worker_ready.connect
def report_ready(**_):
    # Celery makes a log of standard output.
    print("ready", file=sys.__stdout__, flush=True)


app.worker_main(["worker", "--pool", "solo", "--without-gossip", "--without-mingle", "--loglevel", "ERROR"])
