"""Values as tagged JSON: tag() writes them, untag() reads them. docs/conformance.md has the table."""

import base64
import datetime
import decimal
import uuid


def tag(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, dict):
        if all(isinstance(key, str) and not (key.startswith("$") and len(value) == 1) for key in value):
            return {key: tag(item) for key, item in value.items()}
        return {"$dict": [[tag(key), tag(item)] for key, item in value.items()]}
    if isinstance(value, list):
        return [tag(item) for item in value]
    if value != value and isinstance(value, float):
        return {"$nan": True}
    return next({name: spell(value)} for kind, (name, spell, _) in TAGS.items() if isinstance(value, kind))


def untag(value):
    if isinstance(value, list):
        return [untag(item) for item in value]
    if not isinstance(value, dict):
        return value
    [name] = value if len(value) == 1 else [""]
    return READERS[name](value[name]) if name in READERS else {key: untag(item) for key, item in value.items()}


TAGS = {  # a datetime is a date too: the first that fits counts
    int: ("$int", str, int),
    float: ("$float", repr, float),
    (bytes, bytearray): ("$bytes", lambda value: base64.b64encode(value).decode(), base64.b64decode),
    datetime.datetime: ("$datetime", lambda value: value.isoformat(), datetime.datetime.fromisoformat),
    datetime.date: ("$date", lambda value: value.isoformat(), datetime.date.fromisoformat),
    datetime.time: ("$time", lambda value: value.isoformat(), datetime.time.fromisoformat),
    decimal.Decimal: ("$decimal", str, decimal.Decimal),
    uuid.UUID: ("$uuid", str, uuid.UUID),
    tuple: ("$tuple", lambda value: tag(list(value)), lambda items: tuple(untag(items))),
    (set, frozenset): ("$set", lambda value: tag(list(value)), lambda items: set(untag(items))),
}
READERS = {name: read for name, _, read in TAGS.values()}
READERS["$nan"] = lambda _: float("nan")
READERS["$dict"] = lambda members: {untag(key): untag(item) for key, item in members}
