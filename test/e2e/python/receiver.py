"""Celery's event receiver: prints every event as a line of JSON, until it is stopped."""

import json

from tasks_app import app


def show(event):
    print(json.dumps(event, default=str), flush=True)


with app.connection_for_read() as connection:
    app.events.Receiver(connection, handlers={"*": show}).capture(limit=None, timeout=None, wakeup=True)
