"""Values of each kind that pickles of Celery users hold, by name; what vector_app.py defines is of the module vector_app."""

import collections
import datetime
import decimal
import uuid
import zoneinfo

import celery.exceptions
from billiard.exceptions import SoftTimeLimitExceeded, Terminated, TimeLimitExceeded, WorkerLostError
from celery import chain, chord, group
from celery.utils.serialization import get_pickleable_exception

import vector_app

MINUTE = datetime.timedelta(minutes=1)
MOMENT = datetime.datetime(2024, 11, 21, 0, 2, 22, 7)
WARSAW = zoneinfo.ZoneInfo("Europe/Warsaw")

PLAIN = {
    "none": None,
    "booleans": [True, False],
    "ints": [0, 1, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -1, -(2**31), 2**53 - 1, -(2**53) + 1],
    "wide ints": [2**53, 2**64, -(2**64), -(2**100), 2**1023, -(2**2040)],
    "floats": [0.0, -0.0, 1.0, 1.5, 1e300, 5e-324, float("inf"), float("-inf"), float("nan")],
    "text": ["", "ascii", "zażółć \U0001f600", "\\u0041 \\ '\"", "\n\r\t\0", "x" * 300, "\ud800"],
    "bytes": [b"", b"hi", bytes(range(256)), b"x" * 300],
    "bytearray": [bytearray(), bytearray(b"hi"), bytearray(range(256))],
    "lists": [[], [1], [1, [2, [3]]]],
    "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), ((1, 2), [3])],
    "sets": [set(), {1, "a"}, frozenset(), frozenset({(1, 2)})],
    "dicts": [{}, {"a": 1, "__proto__": 2}, {1: "a", (2, 3): "b", None: "c", b"k": "d"}],
    "shared": [["s"]] * 3,
    "OrderedDict": [collections.OrderedDict(), collections.OrderedDict([("b", 1), ("a", 2), (3, 4)])],
    "defaultdict": [collections.defaultdict(list, a=[1]), collections.defaultdict(None, a=1)],
    "deque": [collections.deque([1, 2]), collections.deque([1], 3)],
    "complex": 1j,
    "range": range(0, 10, 3),
    "types": [int, list, ValueError, Ellipsis],
}

TIMES = {
    "datetime": [MOMENT, datetime.datetime.min, datetime.datetime.max],
    "datetime with an offset": [
        MOMENT.replace(tzinfo=datetime.timezone.utc),
        MOMENT.replace(tzinfo=datetime.timezone(330 * MINUTE)),
        MOMENT.replace(tzinfo=datetime.timezone(-90 * MINUTE, "named")),
    ],
    "datetime with an offset of seconds": MOMENT.replace(tzinfo=datetime.timezone(datetime.timedelta(seconds=5047))),
    "datetime in a zone": [
        MOMENT.replace(tzinfo=zoneinfo.ZoneInfo("UTC")),
        MOMENT.replace(tzinfo=WARSAW),
        datetime.datetime(2024, 10, 27, 2, 30, tzinfo=WARSAW),
        datetime.datetime(2024, 10, 27, 2, 30, tzinfo=WARSAW, fold=1),
        datetime.datetime(1880, 1, 1, tzinfo=WARSAW),
    ],
    "date": [datetime.date(2024, 2, 29), datetime.date.min, datetime.date.max],
    "time": [datetime.time(1, 2, 3, 4), datetime.time.min, datetime.time.max],
    "time with an offset": datetime.time(1, 2, tzinfo=datetime.timezone.utc),
    "timedelta": [MINUTE, -MINUTE, datetime.timedelta(1, 2, 3), datetime.timedelta.min, datetime.timedelta.max],
    "zones": [datetime.timezone.utc, datetime.timezone(90 * MINUTE), WARSAW],
    "Decimal": [decimal.Decimal(text) for text in ("1.10", "-0", "1E+3", "NaN", "-Infinity")],
    "UUID": [uuid.UUID("6f1c9f52-1f0c-4f69-8a0c-1f2b9d5a7e11"), uuid.UUID(int=0)],
}

EXCEPTIONS = {
    "ValueError": ValueError("bad", 42),
    "KeyError": KeyError("k"),
    "FileNotFoundError": FileNotFoundError(2, "No such file", "x"),
    "UnicodeDecodeError": UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
    "exception in an exception": RuntimeError(ValueError("inner")),
    "Retry": celery.exceptions.Retry("msg", KeyError("x"), 3),
    "MaxRetriesExceededError": celery.exceptions.MaxRetriesExceededError("m", task_args=(1,), task_kwargs={}),
    "Reject": celery.exceptions.Reject("r", requeue=True),
    "Ignore": celery.exceptions.Ignore(),
    "TaskRevokedError": celery.exceptions.TaskRevokedError("revoked"),
    "NotRegistered": celery.exceptions.NotRegistered("x.y"),
    "ChordError": celery.exceptions.ChordError("c"),
    "TimeLimitExceeded": TimeLimitExceeded(3),
    "SoftTimeLimitExceeded": SoftTimeLimitExceeded(),
    "WorkerLostError": WorkerLostError("lost", 9),
    "Terminated": Terminated(15),
    "an exception of the application": vector_app.Boom("a", 1),
    "an exception that cannot be built again": get_pickleable_exception(vector_app.Unpicklable(1, 2)),
    "a failure of the application": {"status": "FAILURE", "result": vector_app.Boom("a", 1), "task_id": "y"},
}


def celery_values(app):
    """Signatures and results, which belong to an app."""
    add, xsum = (app.signature(name) for name in ("wire.add", "wire.xsum"))
    parent = app.AsyncResult("parent")
    return {
        "signature": add.clone((1, 2), queue="q"),
        "group": group(add.clone((1, 1)), add.clone((2, 2))),
        "chain": chain(add.clone((1, 1)), add.clone((2,))),
        "chord": chord([add.clone((1, 1))], xsum),
        "result": app.AsyncResult("child", parent=parent),
        "group of results": app.GroupResult("gid", [app.AsyncResult("a"), parent]),
        "task message": ((2, 2), {}, {"callbacks": [add], "errbacks": None, "chain": None, "chord": None}),
        "result document": {"status": "SUCCESS", "result": {1, 2}, "traceback": None, "children": [], "task_id": "y"},
    }


#: All that need no app.
SAMPLES = {**PLAIN, **TIMES, **EXCEPTIONS}
