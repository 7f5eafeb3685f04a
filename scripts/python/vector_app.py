"""The Celery app whose messages and results are recorded: record_vectors.py sends, `celery -A vector_app worker` runs.

VECTOR_CONF, a JSON object of settings, configures the app that the worker loads.
"""

import datetime
import decimal
import json
import os
import time
import uuid

from celery import Celery, shared_task

#: For yaml and msgpack, which carry no dates here and no integers beyond 64 bits.
PLAIN = {"uni": "zażółć \U0001f600", "f": 1.5, "n": None, "l": [1, {"a": "b"}], "t": True}

#: One of each that kombu's json can carry; test/codecs/recorded-values.ts has the same values.
RICH = {
    "dt": datetime.datetime(2024, 2, 29, 12, 0, 1, 5),
    "dtz": datetime.datetime(2024, 2, 29, 12, 0, 1, tzinfo=datetime.timezone.utc),
    "d": datetime.date(2024, 2, 29),
    "t": datetime.time(1, 2, 3, 4),
    "dec": decimal.Decimal("1.10"),
    "u": uuid.UUID("6f1c9f52-1f0c-4f69-8a0c-1f2b9d5a7e11"),
    "b": b"hi",
    "b2": b"\xff\x00\x80",
    "uni": "zażółć \U0001f600",
    "big": 2**70,
    "f": 1e300,
    "neg0": -0.0,
    "nested": [{"x": [1, [2]]}],
    "none": None,
    "true": True,
}


def make_app(**conf):
    """An app with the tasks below; shared tasks belong to every app."""
    app = Celery("wire", set_as_current=True)
    defaults = {
        "task_default_queue": "wire_q",
        "accept_content": ["json", "yaml", "msgpack", "pickle"],
        "result_expires": 3600,
        "broker_connection_retry_on_startup": True,
    }
    app.conf.update({**defaults, **conf})
    app.set_default()
    app.finalize()
    return app


class Boom(Exception):
    """An exception that only this module has."""


class Unpicklable(Exception):
    """Its arguments do not fit its constructor, so that it cannot be built again."""

    def __init__(self, first, second):
        super().__init__(f"no-pickle {first}")


@shared_task(name="wire.add")
def add(x, y):
    return x + y


@shared_task(name="wire.xsum")
def xsum(numbers):
    return sum(numbers)


@shared_task(name="wire.echo")
def echo(*args, **kwargs):
    return [list(args), kwargs]


@shared_task(name="wire.fail")
def fail(*args):
    raise ValueError("bad value", 42)


@shared_task(name="wire.fail_custom")
def fail_custom():
    raise Boom("boom", {"k": datetime.date(2024, 2, 29)}, object)


@shared_task(name="wire.fail_nopickle")
def fail_nopickle():
    raise Unpicklable(1, 2)


@shared_task(name="wire.retry", bind=True, max_retries=1)
def retry(self, value):
    if self.request.retries == 0:
        raise self.retry(exc=KeyError("again"), countdown=1)
    return value


@shared_task(name="wire.sleep")
def sleep(seconds):
    time.sleep(seconds)
    return seconds


@shared_task(name="wire.progress", bind=True)
def progress(self):
    self.update_state(state="PROGRESS", meta={"done": 1, "of": 2})
    return "ok"


@shared_task(name="wire.spawn")
def spawn():
    add.delay(1, 1)
    return "parent"


@shared_task(name="wire.rich")
def rich():
    return {
        "dt": datetime.datetime(2024, 2, 29, 12, 0, 1, 5, tzinfo=datetime.timezone.utc),
        "d": datetime.date(2024, 2, 29),
        "t": datetime.time(1, 2, 3, 4),
        "dec": decimal.Decimal("1.10"),
        "u": uuid.UUID(int=1),
        "b": b"hi",
        "b2": b"\xff\x00",
        "tup": (1, 2),
        "none": None,
        "nested": [{"x": 1.5}],
    }


@shared_task(name="wire.late", acks_late=True)
def late():
    return "late"


@shared_task(name="wire.errback")
def errback(*args):
    return "errback"


@shared_task(name="wire.replace", bind=True)
def replace(self, x):
    return self.replace(add.s(x, 100))


app = make_app(**json.loads(os.environ.get("VECTOR_CONF", "{}")))
