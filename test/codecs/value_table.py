"""Real Celery's half of docs/serializers.md. Reads a JSON object per line, answers each with a JSON list.

{"op": "values"}                               -> [[name, shown]...] of the values below
{"op": "write", "serializer"}                  -> for each value [base64 of its body, what Celery itself reads back], or null where Celery cannot write it
{"op": "read", "serializer", "items": [base64]} -> what Celery reads, shown, or {"error": class}; null for null
"""

import base64
import collections
import datetime
import decimal
import enum
import json
import sys
import uuid
import zoneinfo

from celery import signature
from celery.canvas import Signature
from kombu import serialization


class Color(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    HIGH = 3


class Name(str, enum.Enum):
    ADA = "ada"


Point = collections.namedtuple("Point", "x y")
UTC = datetime.timezone.utc
NOON = datetime.datetime(2024, 2, 29, 12, 0, 1, 5)
ODD = datetime.timezone(datetime.timedelta(seconds=1172))


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


VALUES = {
    "None": None,
    "booleans": [True, False],
    "int": 42,
    "int 2^53 + 1": 2**53 + 1,
    "int 2^63": 2**63,
    "int 2^64": 2**64,
    "int 2^70": 2**70,
    "float -0.0": -0.0,
    "float 1.0": 1.0,
    "float 2^53": 2.0**53,
    "float 1.5": 1.5,
    "float 1e300": 1e300,
    "float inf": float("inf"),
    "float nan": float("nan"),
    "str": "text",
    "str beyond the Basic Multilingual Plane": "\U0001f600",
    "str with half of a surrogate pair": "\ud800",
    "str with NUL": "\0",
    "str with U+2028": "\u2028",
    "bytes of UTF-8": b"hi",
    "other bytes": b"\xff\x00",
    "bytearray": bytearray(b"hi"),
    "memoryview": memoryview(b"hi"),
    "tuple": (1, 2),
    "list": [1, 2],
    "set": {1},
    "frozenset": frozenset((1,)),
    "dict": {"a": 1},
    "dict with an int key": {1: "a"},
    "dict with a None key": {None: "a"},
    "dict with a bool key": {True: "a"},
    "dict with a float key": {1.5: "a"},
    "dict with a tuple key": {(1, 2): "a"},
    "dict with keys 1 and \"1\"": {1: "a", "1": "b"},
    "dict with the key __proto__": {"__proto__": {"x": 1}},
    "dict with the key constructor": {"constructor": {"prototype": 1}},
    "dict like an envelope of a known type": {"__type__": "date", "__value__": "2024-02-29"},
    "dict like an envelope of an unknown type": {"__type__": "nope", "__value__": 1},
    "dict like an envelope with a key more": {"__type__": "date", "__value__": "2024-02-29", "x": 1},
    "OrderedDict": collections.OrderedDict(a=1),
    "defaultdict": collections.defaultdict(list, a=[1]),
    "Counter": collections.Counter("a"),
    "deque": collections.deque([1]),
    "datetime, naive": NOON,
    "datetime, naive, fold=1": NOON.replace(fold=1),
    "datetime, UTC": NOON.replace(tzinfo=UTC),
    "datetime with an offset": NOON.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=-5, minutes=-30))),
    "datetime with seconds in its offset": NOON.replace(tzinfo=ODD),
    "datetime in a named zone": NOON.replace(tzinfo=zoneinfo.ZoneInfo("Europe/Warsaw")),
    "date": datetime.date(2024, 2, 29),
    "time": datetime.time(1, 2, 3, 4),
    "time with an offset": datetime.time(1, 2, 3, tzinfo=UTC),
    "timedelta": datetime.timedelta(days=1, seconds=2, microseconds=3),
    "Decimal 1.10": decimal.Decimal("1.10"),
    "Decimal NaN": decimal.Decimal("NaN"),
    "Decimal 1E+3": decimal.Decimal("1E+3"),
    "UUID": uuid.UUID("6f1c9f52-1f0c-4f69-8a0c-1f2b9d5a7e11"),
    "complex": 1 + 2j,
    "Enum": Color.RED,
    "IntEnum": Level.HIGH,
    "str Enum": Name.ADA,
    "namedtuple": Point(1, 2),
    "exception": ValueError("bad", 1),
    "signature": signature("tasks.add", (1,)),
    "range": range(3),
    "Ellipsis": ...,
    "class": int,
    "function": len,
    "200 levels": nested(200),
    "201 levels": nested(201),
    "900 levels": nested(900),
}


def show(value):
    if isinstance(value, Signature):
        return f"signature({value['task']!r}, {value['args']!r})"
    levels, inner = 0, value
    while isinstance(inner, list) and len(inner) == 1 and inner[0] is not inner:
        levels, inner = levels + 1, inner[0]
    if levels > 100:
        return f"{levels} levels of lists"
    return f"memoryview({bytes(value)!r})" if isinstance(value, memoryview) else repr(value)


def write(name, value):
    try:
        _, _, body = serialization.dumps(value, serializer=name)
        body = body if isinstance(body, bytes) else body.encode()
    except Exception:
        return None
    encoded = base64.b64encode(body).decode()
    return [encoded, read(name, encoded)]


def read(name, body):
    if body is None:
        return None
    content_type = serialization.registry.name_to_type[name]
    try:
        return show(serialization.loads(base64.b64decode(body), content_type, "utf-8", accept={content_type}))
    except Exception as error:
        cause = error.__cause__ or error
        return {"error": type(cause).__name__}


for line in sys.stdin:
    command = json.loads(line)
    if command["op"] == "values":
        answer = [[name, show(value)] for name, value in VALUES.items()]
    elif command["op"] == "write":
        answer = [write(command["serializer"], value) for value in VALUES.values()]
    else:
        answer = [read(command["serializer"], item) for item in command["items"]]
    print(json.dumps(answer), flush=True)
