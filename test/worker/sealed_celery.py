"""A Celery app whose messages are signed with Celery's own `auth` serializer; run as a program it sends such messages.

SIGNED_FOLDER holds key.pem and cert.pem, and the ledger that the tasks write to. The program reads a JSON list of amounts
from its input, sends `pay` with each to the queue "held", where nobody runs them, and prints their ids.
"""

import json
import os
import sys

from celery import Celery

folder = os.environ["SIGNED_FOLDER"]
app = Celery(
    "signed",
    broker=os.environ["CELERITY_TEST_BROKER"],
    backend=os.environ.get("CELERITY_TEST_BACKEND") or None,
)
app.conf.update(
    security_key=f"{folder}/key.pem",
    security_certificate=f"{folder}/cert.pem",
    security_cert_store=f"{folder}/cert.pem",
    task_serializer="auth",
    accept_content=["auth"],
    result_accept_content=["json"],
)
app.setup_security()


def note(task, amount):
    with open(f"{folder}/ledger", "a") as ledger:
        print(task, repr(amount), file=ledger)


@app.task(name="pay")
def pay(amount):
    note("pay", amount)


@app.task(name="other")
def other(amount):
    note("other", amount)


if __name__ == "__main__":
    amounts = json.load(sys.stdin)
    print(json.dumps([pay.apply_async((amount,), queue="held").id for amount in amounts]))
