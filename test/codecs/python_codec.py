"""Lets kombu read or write, or Celery show, lists of values. Reads a JSON object per line, answers each with a JSON list.

{"op": "load", "serializer", "items": [base64 of a body...]}  -> spelled values
{"op": "dump", "serializer", "items": [spelled values...]}    -> base64 of the bodies
{"op": "generate", "serializer", "domain", "items": [seeds]}  -> [base64 of a random value's body, that body loaded and spelled]
{"op": "repr", "items": [spelled lists of arguments...]}      -> what Celery puts into argsrepr
{"op": "compress" | "decompress", "items": [base64...]}       -> base64

Values are spelled as testing/values.ts does; what went wrong with one is {"error": text} in its place.
"""

import base64
import builtins
import collections
import datetime
import decimal
import json
import struct
import sys
import uuid
import zoneinfo

from celery.utils.saferepr import saferepr
from kombu import compression, serialization
from python_values import Values

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
    if isinstance(value, list):
        return [spell(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [spell(item) for item in value]}
    if isinstance(value, (bytes, bytearray)):
        return {type(value).__name__: value.hex()}
    if isinstance(value, (set, frozenset)):
        return {type(value).__name__: sorted((to_json(spell(item)) for item in value), key=utf16)}
    if isinstance(value, dict):
        return spell_dict(value)
    if isinstance(value, decimal.Decimal):
        return {"decimal": str(value)}
    if isinstance(value, uuid.UUID):
        return {"uuid": str(value)}
    if isinstance(value, datetime.timedelta):
        return {"timedelta": str(value // datetime.timedelta(microseconds=1))}
    if isinstance(value, BaseException):
        kind = type(value)
        return {"exception": [kind.__module__, kind.__qualname__, spell(list(value.args)), spell(value.__dict__ or None)]}
    if isinstance(value, datetime.datetime) and isinstance(value.tzinfo, zoneinfo.ZoneInfo):
        return {"zoned": [value.isoformat(), value.tzinfo.key]}
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return {"[object Temporal.ZonedDateTime]": value.isoformat()}
    return {next(name for name, kind in TIMES.items() if type(value) is kind): value.isoformat()}


def spell_dict(value):
    is_plain = all(isinstance(key, str) for key in value)
    if command.get("serializer") not in ("pickle", "yaml"):
        return {"map": sorted(([json_key(key), spell(item)] for key, item in value.items()), key=lambda pair: utf16(pair[0]))}
    members = [[key if is_plain else spell(key), spell(item)] for key, item in value.items()]
    if isinstance(value, collections.OrderedDict):
        return {"ordereddict": members}
    members.sort(key=lambda pair: utf16(pair[0] if is_plain else to_json(pair[0])))
    if isinstance(value, collections.defaultdict):
        return {"defaultdict": [value.default_factory and value.default_factory.__name__, members]}
    return {"map" if is_plain else "dict": members}


def unspell(spelled):
    if isinstance(spelled, list):
        return [unspell(item) for item in spelled]
    if not isinstance(spelled, dict):
        return spelled
    [(kind, value)] = spelled.items()
    return UNSPELL[kind](value) if kind in UNSPELL else TIMES[kind].fromisoformat(value)


def unspell_exception(spelled):
    module, name, args, state = spelled
    error = getattr(sys.modules[module], name)(*unspell(args))
    if state is not None:
        error.__dict__.update(unspell(state))
    return error


def unspell_zoned(spelled):
    text, key = spelled
    return datetime.datetime.fromisoformat(text).astimezone(zoneinfo.ZoneInfo(key))


def members_of(spelled):
    """Keys that are no strings are spelled."""
    return [(unspell(key), unspell(item)) for key, item in spelled]


UNSPELL = {
    "int": int,
    "float": lambda value: float("nan") if value == "nan" else struct.unpack(">d", bytes.fromhex(value))[0],
    "bytes": bytes.fromhex,
    "bytearray": bytearray.fromhex,
    "tuple": lambda items: tuple(unspell(items)),
    "set": lambda items: {unspell(json.loads(item)) for item in items},
    "frozenset": lambda items: frozenset(unspell(json.loads(item)) for item in items),
    "map": lambda members: dict(members_of(members)),
    "dict": lambda members: dict(members_of(members)),
    "ordereddict": lambda members: collections.OrderedDict(members_of(members)),
    "defaultdict": lambda value: collections.defaultdict(value[0] and getattr(builtins, value[0]), members_of(value[1])),
    "decimal": decimal.Decimal,
    "uuid": uuid.UUID,
    "timedelta": lambda microseconds: datetime.timedelta(microseconds=int(microseconds)),
    "exception": unspell_exception,
    "zoned": unspell_zoned,
}


def json_key(key):
    """Keys that are no strings become what the json module makes of them."""
    return key if isinstance(key, str) else next(iter(json.loads(json.dumps({key: None}))))


def to_json(spelled):
    """As JSON.stringify writes it."""
    return json.dumps(spelled, separators=(",", ":"), ensure_ascii=False)


def utf16(text):
    """JavaScript's order."""
    return text.encode("utf-16-be", "surrogatepass")


def load(item):
    name = command["serializer"]
    content_type = serialization.registry.name_to_type[name]
    return spell(serialization.loads(base64.b64decode(item), content_type, "utf-8", accept={content_type}))


def dump(item):
    return write(unspell(item))


def write(value):
    _, _, body = serialization.dumps(value, serializer=command["serializer"])
    return to_base64(body if isinstance(body, bytes) else body.encode())


def generate(seed):
    body = write(Values(command["domain"], seed).tree())
    return [body, load(body)]


def to_base64(body):
    return base64.b64encode(body).decode()


OPERATIONS = {
    "load": load,
    "dump": dump,
    "generate": generate,
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
