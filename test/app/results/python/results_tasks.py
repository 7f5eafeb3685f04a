"""The app of tasks_app.py with a task that sends others."""

from celery import group

from tasks_app import add, app


@app.task(name="py.spread")
def spread(count):
    """Sends one task and a group of so many."""
    add.delay(100, 1)
    group(add.s(n, n) for n in range(count)).apply_async()
    return count
