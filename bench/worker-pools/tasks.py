"""The tasks of these benches in Celery. Broker and result store are in the environment."""

import os
import time

from celery import Celery

app = Celery(
    "bench",
    broker=os.environ["CELERY_BROKER_URL"],
    backend=os.environ.get("CELERY_RESULT_BACKEND"),
)
app.conf.task_ignore_result = app.conf.result_backend is None


@app.task(name="tasks.add")
def add(x, y):
    return x + y


@app.task(name="bench.spin")
def spin(rounds):
    """Holds a core for about 20 ms."""
    total = 0
    for at in range(rounds * 1_000):
        total = (total * 31 + at) % 1_000_003
    return total


@app.task(name="bench.wait")
def wait(seconds):
    time.sleep(seconds)
