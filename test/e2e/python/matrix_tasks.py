"""The app of e2e_tasks.py with tasks and control commands that answer as their twins in ../matrix-app.ts do."""

import os

from celery.utils.time import maybe_iso8601
from celery.worker.control import inspect_command

from e2e_tasks import app, wait_for


@app.task(name="both.add", max_retries=5, rate_limit="600/m", acks_late=True)
def add(x, y):
    return x + y


@app.task(name="both.gate", acks_late=True)
def gate(folder, name):
    note(folder, name)
    wait_for(folder, f"{name}-1")
    return "open"


@app.task(name="both.note", acks_late=True)
def note(folder, name):
    with open(f"{folder}/{name}", "a", buffering=1) as lines:
        lines.write(f"{os.getpid()}\n")


@inspect_command(args=[("x", float), ("y", float)])
def both_multiply(state, x, y=2):
    try:
        return {"ok": f"{state.hostname}: {float(x) * float(y):g}"}
    except ValueError:
        raise TypeError("x is no number")


@app.task(name="py.context", bind=True)
def context(self, *args, **kwargs):
    request = self.request
    names = "id args kwargs retries root_id parent_id group group_index timelimit reply_to correlation_id hostname"
    return {
        **{name: getattr(request, name) for name in names.split()},
        "task": self.name,
        "eta": milliseconds(request.eta),
        "expires": milliseconds(request.expires),
        "headers": request.headers or {},
        "stamped_headers": request.stamped_headers or [],
        "stamps": request.stamps or {},
        "delivery_info": request.delivery_info,
    }


def milliseconds(iso):
    return None if iso is None else round(maybe_iso8601(iso).timestamp() * 1000)
