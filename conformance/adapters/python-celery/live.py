"""The commands that need a broker: configure, publish, result, work, drain."""

import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import celery
from celery.canvas import maybe_signature
from celery.exceptions import TimeoutError
from settings import make_app
from tagged import tag, untag

WORKER = str(pathlib.Path(__file__).with_name("tasks.py"))
#: What configure said last: environment, app, and the threads that wait for results.
state = {"env": {}, "app": None, "threads": None, "worker": None}


def send(app, call, **options):
    """A call of the contract, sent as Celery's users send it."""
    call = untag(call)
    options.update(call.get("options", {}))
    options.pop("protocol", None)
    options.update(options.get("stamps", {}))
    for name in ("link", "link_error"):
        options[name] = [app.signature(signature) for signature in options.get(name, ())] or None
    return app.send_task(call["task"], tuple(call.get("args", ())), call.get("kwargs", {}), **options)


def send_canvas(app, canvas):
    return maybe_signature(untag(canvas), app=app).apply_async()


def configure(command):
    urls = {"CONF_BROKER_URL": "broker", "CONF_RESULT_URL": "backend", "CONF_QUEUE": "queue"}
    state["env"] = {**command.get("env", {}), **{key: command.get(name) or "" for key, name in urls.items()}}
    state["app"] = make_app(celery.Celery, {**os.environ, **state["env"]})
    # Steps of a canvas go out by the default app.
    state["app"].set_default()
    # The thread that sent a task is the one that gets its answer by rpc.
    state["threads"] = ThreadPoolExecutor(1 if (command.get("backend") or "").startswith("rpc") else 8)
    return {"ok": True}


def publish(command):
    sent = send_canvas(state["app"], command["canvas"]) if "canvas" in command else send(state["app"], command["call"])
    return {"id": sent.id}


def result(command):
    pending = state["app"].AsyncResult(command["id"])
    try:
        value = pending.get(timeout=command["timeout_ms"] / 1000, propagate=False, interval=0.05)
    except TimeoutError:
        return {"state": "PENDING"}
    if not isinstance(value, BaseException):
        return {"state": pending.state, "value": tag(value)}
    message = str(value.args[0]) if len(value.args) == 1 else str(value)
    return {"state": pending.state, "error": {"type": type(value).__name__, "message": message}}


def work(command):
    env = {**os.environ, **state["env"], "CONF_QUEUE": command["queue"], "C_FORCE_ROOT": "1"}
    worker = subprocess.Popen([sys.executable, "-B", WORKER], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    state["worker"] = worker
    if worker.stdout.readline() != b"ready\n":
        raise RuntimeError(f"the worker ended with code {worker.wait()}")
    return {"ready": True}


def drain(command):
    if state["worker"] is not None:
        state["worker"].terminate()
        state["worker"].wait()
    state["worker"] = None
    return {"ok": True}


def end():
    """Nobody waits for the threads any more."""
    if state["worker"] is not None:
        state["worker"].kill()
    os._exit(0)


COMMANDS = {"configure": configure, "publish": publish, "result": result, "work": work, "drain": drain}


def run(command, reply):
    """What waits for a server does not keep other commands waiting."""
    if command["cmd"] in ("publish", "result") and state["threads"]:
        state["threads"].submit(reply, command)
    else:
        reply(command)
