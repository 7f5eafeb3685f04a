"""Flower, Python Celery's HTTP door, without authentication as the others."""

import json
import os
import sys

from celery import Celery

options = json.loads(sys.argv[1])
os.environ["FLOWER_UNAUTHENTICATED_API"] = "true"
app = Celery("bench", broker=options["broker"], backend=options.get("backend"))


@app.task(name="tasks.add")
def add(x, y):
    return x + y


app.start(["flower", "--address=127.0.0.1", f"--port={options['port']}"])
