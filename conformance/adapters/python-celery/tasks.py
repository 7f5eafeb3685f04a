"""The standard tasks of the conformance suite; as a program, a worker that settings.py configures from the environment."""

import builtins
import os
import time

from celery import Celery, platforms, signals
from celery.app.task import Context
from celery.exceptions import SoftTimeLimitExceeded
from settings import make_app

app = make_app(Celery, os.environ)
MAX_RETRIES = os.environ.get("CONF_MAX_RETRIES")
LATE = {"acks_late": True, "reject_on_worker_lost": True}
TYPES = {"null": None, "true": True, "int": 1, "float": 1.5, "text": "naïve ☃", "list": [1, [2]], "object": {"a": {"b": None}}}
#: Headers of the protocol that are no fields of a request in every version.
PROTOCOL = "lang task argsrepr kwargsrepr compression replaced_task_nesting group_index stamped_headers stamps ignore_result"


def standard(name, **options):
    return app.task(name=f"conf.{name}", **options)


@standard("add")
def add(x, y):
    return x + y


@standard("echo")
def echo(value):
    return value


@standard("kwargs")
def keywords(**kwargs):
    return kwargs


@standard("types")
def types():
    return TYPES


@standard("big")
def big(length):
    return "x" * length


@standard("meta", bind=True)
def meta(self):
    names = ("id", "retries", "root_id", "parent_id", "group", "correlation_id")
    known = {*vars(Context), *PROTOCOL.split()}
    headers = {name: value for name, value in vars(self.request).items() if name not in known}
    return {**{name: getattr(self.request, name) for name in names}, "headers": headers or None}


@standard("fail")
def fail(type, message):
    raise made_up(type, message) if not hasattr(builtins, type) else getattr(builtins, type)(message)


def made_up(name, message):
    """An exception that can be pickled, though no module has its class."""
    return type(name, (Exception,), {"__reduce__": lambda self: (made_up, (name, message))})(message)


@standard("retry", bind=True, max_retries=int(MAX_RETRIES) if MAX_RETRIES else None)
def retry(self, times):
    if self.request.retries < times:
        raise self.retry(countdown=0)
    return times


@standard("sleep")
def sleep(milliseconds):
    time.sleep(milliseconds / 1000)
    return milliseconds


@standard("progress", bind=True)
def progress(self, steps):
    for current in range(1, steps + 1):
        self.update_state(state="PROGRESS", meta={"current": current, "total": steps})
    return steps


@standard("ignored", ignore_result=True)
def ignored(value):
    return value


@standard("late", **LATE)
def late(milliseconds):
    return sleep(milliseconds)


@standard("crash", acks_late=False)
def crash():
    os._exit(1)


@standard("late_crash", bind=True, **LATE)
def late_crash(self):
    if not self.request.delivery_info.get("redelivered"):
        os._exit(1)
    return "again"


@standard("call")
def call(task, args):
    return app.send_task(task, args).id


@standard("replace", bind=True)
def replace(self, task, args):
    raise self.replace(app.signature(task, args))


@standard("sum")
def total(numbers):
    return sum(numbers)


@standard("soft")
def soft(milliseconds):
    try:
        return sleep(milliseconds)
    except SoftTimeLimitExceeded:
        return "soft"


if __name__ == "__main__":
    # It ends with the adapter, however that ends.
    platforms.set_pdeathsig("SIGKILL")
    signals.worker_ready.connect(lambda **_: os.write(1, b"ready\n"), weak=False)
    pool, queue = os.environ.get("CONF_POOL") or "prefork", app.conf.task_default_queue
    options = f"-E -l WARNING -P {pool} -c {app.conf.worker_concurrency} -n conf-{os.getpid()}@%h --without-mingle --without-gossip"
    app.worker_main(["--quiet", "worker", "-Q", queue, *options.split()])
