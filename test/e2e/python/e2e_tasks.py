"""The app of tasks_app.py with more tasks, for the end-to-end tests; each has a twin in TypeScript in ../tasks.ts."""

import os
import time

from celery import signature
from kombu.transport.virtual import Transport

from tasks_app import app

# Kombu looks into a database once a second, and its transport for databases takes no option for that.
Transport.polling_interval = 0.1


@app.task(name="py.when")
def when():
    """When it ran, in milliseconds since 1970."""
    return time.time() * 1000


@app.task(name="py.header", bind=True)
def header(self, name):
    """A header of the caller's own; every version has it as an attribute, only newer ones in request.headers."""
    return getattr(self.request, name)


@app.task(name="py.gate", bind=True)
def gate(self, folder):
    """Runs as STARTED until the folder holds a file named "1", then as PROGRESS until there is a "2"."""
    wait_for(folder, "1")
    self.update_state(state="PROGRESS", meta={"done": 1, "total": 2})
    wait_for(folder, "2")
    return "open"


@app.task(name="py.refuse")
def refuse(*args):
    raise ValueError(args[-1])


@app.task(name="py.told")
def told(task_id):
    return "told"


@app.task(name="py.replace", bind=True)
def replace(self, *args):
    """Replaces itself by its last argument."""
    raise self.replace(signature(args[-1]))


def wait_for(folder, name):
    """Fails when the folder is removed, which ends a test that went wrong."""
    while name not in os.listdir(folder):
        time.sleep(0.01)


@app.task(name="e2e.ledger")
def ledger(file, name, seconds):
    """Notes its start and its end in a file."""
    note(file, "start", name)
    time.sleep(seconds)
    note(file, "done", name)


def note(file, what, name):
    """One write each, so that the lines of several processes do not mix."""
    with open(file, "a", buffering=1) as lines:
        lines.write(f"{what} {name} {os.getpid()} {time.time() * 1000:.0f}\n")
