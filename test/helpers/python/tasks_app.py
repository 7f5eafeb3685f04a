"""The Celery app of the tests, for Celery 5.2 and newest alike; the environment configures it.

CELERITY_TEST_BROKER and CELERITY_TEST_BACKEND are URLs, CELERITY_TEST_SERIALIZER and CELERITY_TEST_COMPRESSION apply to
tasks and results, CELERITY_TEST_CONF is a JSON object of any other settings, which win. The tasks named examples.* do what
examples/tasks.ts does.
"""

import builtins
import json
import os
import time

from celery import Celery

app = Celery(
    "tests",
    broker=os.environ["CELERITY_TEST_BROKER"],
    backend=os.environ.get("CELERITY_TEST_BACKEND") or None,
)
serializer = os.environ.get("CELERITY_TEST_SERIALIZER") or "json"
compression = os.environ.get("CELERITY_TEST_COMPRESSION") or None
app.conf.update(
    task_serializer=serializer,
    result_serializer=serializer,
    accept_content=["json", "msgpack", "yaml", "pickle"],
    task_compression=compression,
    result_compression=compression,
)
app.conf.update(json.loads(os.environ.get("CELERITY_TEST_CONF") or "{}"))
if app.conf.security_key:
    app.setup_security()


class CustomError(Exception):
    """An exception that only this module knows."""


@app.task(name="examples.add")
def add(x, y):
    return x + y


@app.task(name="examples.slow", bind=True)
def slow(self, seconds):
    done = 0
    while done < seconds:
        self.update_state(state="PROGRESS", meta={"done": done, "total": seconds})
        time.sleep(min(1, seconds - done))
        done += 1
    return f"waited {seconds} s"


@app.task(name="examples.fail")
def fail(message):
    raise ValueError(message)


@app.task(name="py.echo")
def echo(*args, **kwargs):
    return [args, kwargs]


@app.task(name="py.fail")
def fail_with(type, *args):
    """Raises an exception of the type named: a built-in or CustomError."""
    error = getattr(builtins, type, None) or globals()[type]
    raise error(*args)


@app.task(name="py.retry", bind=True, max_retries=None)
def retry(self, times):
    """Retries at once so many times, then returns how often it did."""
    if self.request.retries < times:
        raise self.retry(countdown=0)
    return self.request.retries


META = (
    "id retries root_id parent_id headers delivery_info correlation_id reply_to group "
    "origin eta expires timelimit argsrepr kwargsrepr ignore_result"
).split()


@app.task(name="py.meta", bind=True)
def meta(self, *args, **kwargs):
    """What this worker knows of its own call."""
    return {name: getattr(self.request, name, None) for name in META}


@app.task(name="py.types")
def types(*args, **kwargs):
    """The Python types of the arguments, as type_of() names them."""
    return [[type_of(value) for value in args], {name: type_of(value) for name, value in kwargs.items()}]


def type_of(value):
    """The name of a value's type; a list, tuple or set as [name, [items...]], a dict as [name, {key: item}]."""
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    if isinstance(value, dict):
        return [name, {f"{type(key).__name__} {key}": type_of(item) for key, item in value.items()}]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [name, [type_of(item) for item in value]]
    return name


@app.task(name="py.sleep")
def sleep(seconds):
    time.sleep(seconds)
