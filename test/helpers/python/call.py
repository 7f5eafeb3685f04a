"""A Python Celery client that a test drives: one JSON command a line in, one JSON answer a line out, in order.

{"op": "send", "task", "args", "kwargs", "options"}   -> {"id"}
{"op": "get", "id", "timeout"}                        -> {"value"}, or {"error"} when the task failed
{"op": "state", "id"}                                 -> {"value": the state}
{"op": "inspect", "method", "arguments", "options"}   -> {"value": the replies by worker, or null}
{"op": "control", "method", "arguments", "options"}   -> {"value": what the app.control method returns}
{"op": "eval", "code"}                                -> {"id"} when the code gives a result object, else {"value"}

An answer to what went wrong is {"error": {"type", "module", "message", "traceback"}}. The code of an eval sees NAMES.
What JSON cannot say comes as its str().
"""

import datetime
import decimal
import json
import sys
import traceback
import uuid

from celery import chain, chord, group, signature
from celery.canvas import chunks, xmap, xstarmap
from celery.result import AsyncResult, ResultBase

from tasks_app import app

NAMES = {
    "app": app,
    "chain": chain,
    "chord": chord,
    "chunks": chunks,
    "datetime": datetime,
    "decimal": decimal,
    "group": group,
    "signature": signature,
    "uuid": uuid,
    "xmap": xmap,
    "xstarmap": xstarmap,
}
# Some backends can only read a result through the object that sending it made.
results = {}


def remember(result):
    results[result.id] = result
    return {"id": result.id}


def result_of(command):
    return results.get(command["id"]) or AsyncResult(command["id"], app=app)


def send(command):
    options = command.get("options") or {}
    return remember(app.send_task(command["task"], command.get("args"), command.get("kwargs"), **options))


def get(command):
    return {"value": result_of(command).get(timeout=command.get("timeout", 20))}


def state(command):
    return {"value": result_of(command).state}


def inspect(command):
    method = getattr(app.control.inspect(**(command.get("options") or {})), command["method"])
    return {"value": method(*(command.get("arguments") or []))}


def control(command):
    method = getattr(app.control, command["method"])
    return {"value": method(*(command.get("arguments") or []), **(command.get("options") or {}))}


def evaluate(command):
    value = eval(command["code"], NAMES)
    return remember(value) if isinstance(value, ResultBase) else {"value": value}


OPERATIONS = {"send": send, "get": get, "state": state, "inspect": inspect, "control": control, "eval": evaluate}


def answer(line):
    try:
        command = json.loads(line)
        return OPERATIONS[command["op"]](command)
    except Exception as error:
        kind = type(error)
        return {
            "error": {
                "type": kind.__name__,
                "module": kind.__module__,
                "message": str(error),
                "traceback": traceback.format_exc(),
            }
        }


answers = sys.stdout
# Whatever else prints must not mix with the answers.
sys.stdout = sys.stderr
for line in sys.stdin:
    print(json.dumps(answer(line), default=str), file=answers, flush=True)
