"""The app of e2e_tasks.py with a task that tells what a Python worker knows of a call, as m.context of ../matrix-app.ts does."""

from celery.utils.time import maybe_iso8601

from e2e_tasks import app


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
