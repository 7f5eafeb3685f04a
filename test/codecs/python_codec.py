"""Lets kombu read or write, or Celery show, lists of values. Reads a JSON object per line, answers each with a JSON list.

{"op": "load", "serializer", "items": [base64 of a body...]}  -> spelled values
{"op": "dump", "serializer", "items": [spelled values...]}    -> base64 of the bodies
{"op": "repr", "items": [spelled lists of arguments...]}      -> what Celery puts into argsrepr
{"op": "compress" | "decompress", "items": [base64...]}       -> base64

Values are spelled as testing/values.ts does; what went wrong with one is {"error": text} in its place.
"""

import base64
import datetime
import decimal
import json
import struct
import sys
import uuid

from celery.utils.saferepr import saferepr
from kombu import compression, serialization

TIMES = {
    "[object Temporal.PlainDateTime]": datetime.datetime,
    "[object Temporal.ZonedDateTime]": datetime.datetime,
    "[object Temporal.PlainDate]": datetime.date,
    "[object Temporal.PlainTime]": datetime.time,
}


def spell(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": "nan" if value != value else struct.pack(">d", value).hex()}
    if isinstance(value, (list, tuple)):
        return [spell(item) for item in value]
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, (set, frozenset)):
        items = [json.dumps(spell(item), separators=(",", ":"), ensure_ascii=False) for item in value]
        return {"set": sorted(items, key=utf16)}
    if isinstance(value, dict):
        return {"map": sorted(([json_key(key), spell(item)] for key, item in value.items()), key=lambda pair: utf16(pair[0]))}
    if isinstance(value, decimal.Decimal):
        return {"decimal": str(value)}
    if isinstance(value, uuid.UUID):
        return {"uuid": str(value)}
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return {"[object Temporal.ZonedDateTime]": value.isoformat()}
    return {next(name for name, kind in TIMES.items() if type(value) is kind): value.isoformat()}


def unspell(spelled):
    if isinstance(spelled, list):
        return [unspell(item) for item in spelled]
    if not isinstance(spelled, dict):
        return spelled
    [(kind, value)] = spelled.items()
    if kind == "int":
        return int(value)
    if kind == "float":
        return float("nan") if value == "nan" else struct.unpack(">d", bytes.fromhex(value))[0]
    if kind == "bytes":
        return bytes.fromhex(value)
    if kind == "set":
        return {unspell(json.loads(item)) for item in value}
    if kind == "map":
        return {key: unspell(item) for key, item in value}
    if kind == "decimal":
        return decimal.Decimal(value)
    return uuid.UUID(value) if kind == "uuid" else TIMES[kind].fromisoformat(value)


def json_key(key):
    """Keys that are no strings become what the json module makes of them."""
    return key if isinstance(key, str) else next(iter(json.loads(json.dumps({key: None}))))


def utf16(text):
    """JavaScript's order."""
    return text.encode("utf-16-be", "surrogatepass")


def load(item):
    name = command["serializer"]
    content_type = serialization.registry.name_to_type[name]
    return spell(serialization.loads(base64.b64decode(item), content_type, "utf-8", accept={content_type}))


def dump(item):
    _, _, body = serialization.dumps(unspell(item), serializer=command["serializer"])
    return to_base64(body if isinstance(body, bytes) else body.encode())


def to_base64(body):
    return base64.b64encode(body).decode()


OPERATIONS = {
    "load": load,
    "dump": dump,
    "repr": lambda item: saferepr(tuple(unspell(item)), 1024),
    "compress": lambda item: to_base64(compression.compress(base64.b64decode(item), "gzip")[0]),
    "decompress": lambda item: to_base64(compression.decompress(base64.b64decode(item), "application/x-gzip")),
}


def answer(item):
    try:
        return OPERATIONS[command["op"]](item)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


for line in sys.stdin:
    command = json.loads(line)
    print(json.dumps([answer(item) for item in command["items"]]), flush=True)
