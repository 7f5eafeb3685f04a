"""Lets Python judge pickles of the values of scripts/python/pickle_samples.py. Reads a JSON object, writes a JSON object.

{"pickles": {name: base64 of a pickle...}} -> {name: null, or what is wrong with it}
"""

import base64
import json
import math
import pathlib
import pickle
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "scripts" / "python"))

from celery.utils.serialization import UnpickleableExceptionWrapper  # noqa: E402
from pickle_samples import SAMPLES  # noqa: E402


def same(left, right):
    """Equal, types and order included."""
    if type(left) is not type(right):
        return False
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return same(list(left.items()), list(right.items())) and factory(left) == factory(right)
    if isinstance(left, BaseException):
        # Not by args: a Retry is its own first argument.
        return same(left.__reduce__()[1:], right.__reduce__()[1:])
    if isinstance(left, float):
        return (math.isnan(left) and math.isnan(right)) or (left == right and math.copysign(1, left) == math.copysign(1, right))
    if hasattr(left, "tzinfo"):
        return left.isoformat() == right.isoformat() and repr(left.tzinfo) == repr(right.tzinfo)
    return left == right or str(left) == str(right) == "NaN"


def factory(value):
    return getattr(value, "default_factory", None)


def judge(name, body):
    try:
        value = pickle.loads(base64.b64decode(body))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if isinstance(value, UnpickleableExceptionWrapper):
        expected = SAMPLES[name]
        restored = value.restore()
        return None if same(tuple(restored.args), tuple(expected.exc_args)) else repr(restored)
    return None if same(value, SAMPLES[name]) else repr(value)


command = json.load(sys.stdin)
json.dump({name: judge(name, body) for name, body in command["pickles"].items()}, sys.stdout)
