"""The twin of tasks.ts for Python workers. Its settings make it keep the promises of ours: late acknowledgement, and no
visibility timeout of an hour."""

import os
import time

from celery import Celery

app = Celery("faults", broker=os.environ["CELERY_BROKER_URL"], backend=os.environ["CELERY_RESULT_BACKEND"])
app.conf.update(task_acks_late=True, task_reject_on_worker_lost=True)
if app.conf.broker_url.startswith("redis"):
    app.conf.broker_transport_options = {"visibility_timeout": 10}


@app.task(name="fault.work", bind=True)
def work(self, ledger, seconds):
    note(ledger, "start", self.request.id)
    time.sleep(seconds)
    note(ledger, "end", self.request.id)
    return str(os.getpid())


def note(ledger, kind, task_id):
    """One write each, so that the lines of several processes do not mix."""
    with open(ledger, "a", buffering=1) as lines:
        lines.write(f"{kind} {task_id} {os.getpid()} {time.time() * 1000:.0f}\n")
