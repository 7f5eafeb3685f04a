"""The tasks of the workflows in Celery."""

import json
import sys

from celery import Celery

options = json.loads(sys.argv[1])
app = Celery("bench", broker=options["broker"], backend=options["results"])


@app.task(name="tasks.add")
def add(x, y):
    return x + y


@app.task(name="tasks.sum")
def total(values):
    return sum(values)
