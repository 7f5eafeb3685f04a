"""The Python half: Python has statistics."""

import statistics

from celery import Celery

app = Celery("mixed-chord")
app.conf.task_routes = {"python.*": "python", "node.*": "node"}


@app.task(name="python.median")
def median(times):
    return statistics.median(times)


@app.task(name="python.deviation")
def deviation(times):
    return statistics.stdev(times)
