"""Tasks for each kind of event that a worker sends; their twins are in event-fields.test.ts."""

from celery.exceptions import Ignore, Reject
from tasks_app import app


@app.task(name="ev.reject", bind=True, acks_late=True)
def reject(self, requeue):
    """Rejects its message; with `requeue` once, and ends well when it comes back."""
    if requeue and self.request.delivery_info.get("redelivered"):
        return "back"
    raise Reject("not mine", requeue=requeue)


@app.task(name="ev.ignore")
def ignore():
    raise Ignore()


@app.task(name="ev.add")
def add(x, y):
    return x + y


@app.task(name="ev.fail", acks_late=True)
def fail():
    raise ValueError("too far")


@app.task(name="ev.quiet", send_events=False)
def quiet():
    return "nothing to see"


@app.task(name="ev.retry", bind=True, max_retries=1)
def retry(self):
    if self.request.retries == 0:
        raise self.retry(countdown=0, exc=ValueError("again"))
