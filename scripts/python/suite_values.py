"""Single values for the conformance suite: each goes alone through Celery in every serializer that carries it."""

import datetime
import decimal
import uuid

UTC = datetime.timezone.utc
EAST = datetime.timezone(datetime.timedelta(hours=5, minutes=30))


def nested(depth):
    return [nested(depth - 1)] if depth else []


VALUES = {
    "null": None,
    "true": True,
    "false": False,
    "int-zero": 0,
    "int-negative": -1,
    "int-beyond-float": 2**53 + 1,
    "int-64-max": 2**63 - 1,
    "int-64-min": -(2**63),
    "int-u64-max": 2**64 - 1,
    "int-wide": -(2**200),
    "float-one": 1.0,
    "float-minus-zero": -0.0,
    "float-fraction": 0.1,
    "float-large": 1.7976931348623157e308,
    "float-small": 5e-324,
    "float-whole-beyond-int": 1e22,
    "float-nan": float("nan"),
    "float-infinite": float("inf"),
    "float-minus-infinite": float("-inf"),
    "text-empty": "",
    "text-astral": "zażółć \U0001f600",
    "text-controls": "\x00\x01\t\n\r\x1f\x7f\x85\u2028\ufeff",
    "text-quotes": "\"'\\/`",
    "text-like-null": "null",
    "text-like-bool": "yes",
    "text-like-number": "1e3",
    "text-like-date": "2024-02-29",
    "text-like-yaml": "- a: [b, c] # d",
    "text-long": "x" * 2000,
    "list-empty": [],
    "list-mixed": [1, "1", 1.0, None, [True]],
    "list-deep": nested(50),
    "dict-empty": {},
    "dict-empty-key": {"": 1},
    "dict-dollar-key": {"$int": "1"},
    "dict-proto-key": {"__proto__": {"polluted": True}, "constructor": 1},
    "dict-type-key": {"__type__": "datetime"},
    "dict-type-and-more": {"__type__": "datetime", "__value__": "x", "more": 1},
    "dict-key-order": {"b": 1, "a": 2, "Z": 3},
    "bytes-empty": b"",
    "bytes-text": b"hi",
    "bytes-binary": bytes(range(256)),
    "datetime-naive": datetime.datetime(2024, 2, 29, 12, 0, 1, 5),
    "datetime-utc": datetime.datetime(2024, 2, 29, 12, 0, 1, tzinfo=UTC),
    "datetime-offset": datetime.datetime(2024, 2, 29, 12, 0, 1, 999999, tzinfo=EAST),
    "datetime-first": datetime.datetime(1, 1, 1),
    "date": datetime.date(2024, 2, 29),
    "time": datetime.time(1, 2, 3, 4),
    "decimal": decimal.Decimal("1.10"),
    "decimal-exponent": decimal.Decimal("1E+3"),
    "decimal-nan": decimal.Decimal("NaN"),
    "uuid": uuid.UUID("6f1c9f52-1f0c-4f69-8a0c-1f2b9d5a7e11"),
    "tuple": (1, ("a",)),
    "set": {"a"},
    "dict-int-key": {1: "a"},
}
