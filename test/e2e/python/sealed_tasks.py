"""A Celery app that seals and verifies, configured by the environment (CELERY_MESSAGE_SEALING and the like)."""

import os

from celery import Celery
from celerity_seal import seal

app = Celery(
    "sealed",
    broker=os.environ["CELERITY_TEST_BROKER"],
    backend=os.environ["CELERITY_TEST_BACKEND"],
)
seal(app)


@app.task(name="py.add")
def add(x, y):
    return x + y


@app.task(name="py.retry", bind=True, max_retries=None)
def retry(self, times):
    """Retries at once so many times, then returns how often it did."""
    if self.request.retries < times:
        raise self.retry(countdown=0)
    return self.request.retries
