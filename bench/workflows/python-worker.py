"""Celery's worker for workflows; it runs until it is told to stop."""

import sys

from celery.signals import worker_ready
from python_tasks import app, options


@worker_ready.connect
def report_ready(**_):
    # Celery makes a log of standard output.
    print("ready", file=sys.__stdout__, flush=True)


pool = ["--pool", options["pool"], "--concurrency", "2"]
app.worker_main(["worker", *pool, "--without-gossip", "--without-mingle", "--loglevel", "ERROR"])
