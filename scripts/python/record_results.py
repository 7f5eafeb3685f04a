"""Records results: what workers store, and what the result backends make of it."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from celery import chain, chord, group
from celery.app.task import Context
from kombu import compression

from recording import QUEUE, TASK_ID, to_base64, to_text
from vector_app import (
    add,
    errback,
    fail,
    fail_custom,
    fail_nopickle,
    late,
    make_app,
    progress,
    replace,
    retry,
    rich,
    sleep,
    spawn,
    xsum,
)

KEY = "celery-task-meta-"
GROUP_KEY = "celery-taskset-meta-"
REPLY_QUEUE = "wire_rpc_reply"


def record_results(recording):
    recording.redis.flushdb()
    conf = {"broker_url": recording.redis_url, "result_backend": recording.redis_url}
    app = make_app(**conf)
    with worker(app, conf), recording.commands() as commands:
        results = [result_of(recording, name, send(app)) for name, send in CASES.items()]
        saved = group(add.s(1, 1), add.s(2, 2)).apply_async()
        saved.get(timeout=10)
        saved.save()
        key = GROUP_KEY + saved.id
        recording.save("results_redis_json", {"results": results, "group": {key: recording.redis.get(key).decode()}})
    app.close()
    recording.save("results_intermediate", list(intermediate(commands)))
    recording.save("task_republished", list(republished(commands)))
    recording.save("results_backends", backends(recording))


@contextlib.contextmanager
def worker(app, conf):
    """A worker with two pool processes, ready when the block begins."""
    command = [sys.executable, "-m", "celery", "-A", "vector_app", "worker", "-c", "2", "-n", "w1@wirehost"]
    environment = {**os.environ, "VECTOR_CONF": json.dumps(conf), "C_FORCE_ROOT": "1"}
    process = subprocess.Popen(
        command,
        cwd=Path(__file__).parent,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not app.control.ping(timeout=0.5):
            if process.poll() is not None:
                raise RuntimeError("The worker ended; run it by hand to see why: " + " ".join(command))
        yield
    finally:
        process.terminate()
        process.wait(30)


def revoked(app):
    result = add.apply_async((1, 1), countdown=3600)
    result.revoke()
    return result


def terminated(app):
    result = sleep.delay(60)
    while not any(task["id"] == result.id for task in app.control.inspect().active()["w1@wirehost"]):
        time.sleep(0.1)
    result.revoke(terminate=True, signal="SIGTERM")
    return result


CASES = {
    "success": lambda app: add.delay(2, 2),
    "rich": lambda app: rich.delay(),
    "fail": lambda app: fail.delay(),
    "fail_custom": lambda app: fail_custom.delay(),
    "fail_nopickle": lambda app: fail_nopickle.delay(),
    "retry_then_ok": lambda app: retry.delay(7),
    "progress": lambda app: progress.delay(),
    "children": lambda app: spawn.delay(),
    "chain": lambda app: chain(add.s(1, 1), add.s(2)).apply_async(),
    "late": lambda app: late.delay(),
    "unregistered": lambda app: app.send_task("wire.nosuch"),
    "expired": lambda app: add.apply_async((1, 1), expires=-5),
    "revoked": revoked,
    "terminated": terminated,
    "timelimit": lambda app: sleep.apply_async((10,), time_limit=1),
    "softlimit": lambda app: sleep.apply_async((10,), soft_time_limit=1),
    "replace": lambda app: replace.delay(5),
    "errback": lambda app: fail.apply_async(link_error=errback.s()),
    "chord_body": lambda app: chord([add.s(1, 1), add.s(2, 2)], xsum.s()).apply_async(),
    "chord_fail": lambda app: chord([add.s(1, 1), fail.s()], xsum.s()).apply_async(),
}


def result_of(recording, name, result):
    result.get(timeout=20, propagate=False)
    key = KEY + result.id
    return {"name": name, "key": key, "ttl": recording.redis.ttl(key), "value": recording.redis.get(key).decode()}


def intermediate(commands):
    """States that a later one replaced."""
    for command, key, *rest in (parts for parts in commands if len(parts) > 2):
        if command == b"SETEX" and key.startswith(KEY.encode()):
            value = rest[-1].decode()
            if json.loads(value)["status"] in ("RETRY", "PROGRESS"):
                yield {"cmd": command.decode(), "key": key.decode(), "value": value}


def republished(commands):
    """Messages that a worker sent: of a retry, of a replacement, of a chord's body."""
    for command, key, *rest in (parts for parts in commands if len(parts) > 2):
        if command == b"LPUSH" and key == QUEUE.encode():
            headers = json.loads(rest[0])["headers"]
            if headers["retries"] or headers["replaced_task_nesting"] or headers["task"] == "wire.xsum":
                yield {"name": headers["task"], "raw": rest[0].decode()}


STATES = {
    "SUCCESS": lambda backend, id, request: backend.mark_as_done(id, {"x": [1, "two", None]}, request=request),
    "FAILURE": lambda backend, id, request: backend.mark_as_failure(
        id, ValueError("bad", 42), traceback="Traceback...\nValueError", request=request
    ),
    "RETRY": lambda backend, id, request: backend.mark_as_retry(id, KeyError("again"), traceback="tb", request=request),
    "REVOKED": lambda backend, id, request: backend.mark_as_revoked(id, "terminated", request=request),
    "STARTED": lambda backend, id, request: backend.store_result(
        id, {"pid": 77, "hostname": "w1@wirehost"}, "STARTED", request=request
    ),
    "PROGRESS": lambda backend, id, request: backend.store_result(id, {"done": 1}, "PROGRESS", request=request),
    "GROUP": lambda backend, id, request: backend.save_group(
        id, backend.app.GroupResult(id, [backend.app.AsyncResult(TASK_ID % n) for n in (3, 4)])
    ),
}


def backends(recording):
    """Every state as each backend keeps it."""
    recording.declare(REPLY_QUEUE)
    redis, records, ddl = recording.redis_url, [], {}
    with tempfile.TemporaryDirectory() as folder:
        kinds = {
            **{f"redis-{name}": (redis, {"result_serializer": name}) for name in ("json", "yaml", "msgpack", "pickle")},
            "redis-json-gzip": (redis, {"result_compression": "gzip"}),
            "redis-json-extended": (redis, {"result_extended": True}),
            "redis-json-tz": (redis, {"timezone": "Europe/Warsaw"}),
            "redis-json-keyprefix": (redis, {"result_backend_transport_options": {"global_keyprefix": "pfx"}}),
            "rpc-json": ("rpc://", {}),
            "rpc-pickle": ("rpc://", {"result_serializer": "pickle"}),
            "file-json": (f"file://{folder}", {}),
            "db-json": (f"db+sqlite:///{folder}/db.sqlite", {}),
            "db-pickle": (f"db+sqlite:///{folder}/db.sqlite", {"result_serializer": "pickle"}),
            "dbx-json": (f"db+sqlite:///{folder}/dbx.sqlite", {"result_extended": True}),
        }
        if "zstd" in compression._aliases:
            kinds["redis-json-zstd"] = (redis, {"result_compression": "zstd"})
        for kind, (url, conf) in kinds.items():
            app = make_app(broker_url=recording.amqp_url, result_backend=url, **conf)
            for state, store in STATES.items():
                id = TASK_ID % (9000 + len(records))
                try:
                    store(app.backend, id, request_for(id))
                except NotImplementedError:
                    continue  # rpc has no groups.
                records.append({"backend": kind, "state": state, **stored(recording, url, kind, state, id)})
            app.close()
        for name in ("db.sqlite", "dbx.sqlite"):
            tables = sqlite3.connect(f"{folder}/{name}").execute("select sql from sqlite_master where sql is not null")
            ddl[name] = [sql for (sql,) in tables]
    return {"records": records, "sqlite_ddl": ddl}


def request_for(id):
    """What a worker knows of the task whose result it stores."""
    return Context(
        {
            "id": id,
            "task": "wire.add",
            "args": [1, 2],
            "kwargs": {"k": "v"},
            "hostname": "w1@wirehost",
            "retries": 0,
            "group": TASK_ID % 1,
            "parent_id": TASK_ID % 2,
            "reply_to": REPLY_QUEUE,
            "correlation_id": id,
            "delivery_info": {"routing_key": QUEUE, "exchange": "", "priority": 0, "redelivered": False},
            "stamps": {"mystamp": "v1"},
            "stamped_headers": ["mystamp"],
        }
    )


def stored(recording, url, kind, state, id):
    """What a backend made of one result."""
    key = (GROUP_KEY if state == "GROUP" else KEY) + id
    if url == "rpc://":
        return recording.take_amqp(REPLY_QUEUE)[-1]
    if url.startswith("db+"):
        return {"row": row(url.removeprefix("db+sqlite:///"), state, id)}
    if url.startswith("file://"):
        value, ttl = Path(url.removeprefix("file://"), key).read_bytes(), {}
    else:
        key = f"pfx_{key}" if kind.endswith("keyprefix") else key
        value, ttl = recording.redis.get(key), {"ttl": recording.redis.ttl(key)}
    return {"key": key, **ttl, "value_b64": to_base64(value), "value_text": to_text(value)}


def row(database, state, id):
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    table, column = ("celery_tasksetmeta", "taskset_id") if state == "GROUP" else ("celery_taskmeta", "task_id")
    found = connection.execute(f"select * from {table} where {column} = ?", (id,)).fetchone()
    blob = lambda value: {"blob_b64": to_base64(value), "text": to_text(value)} if isinstance(value, bytes) else value
    return {name: blob(found[name]) for name in found.keys()}
