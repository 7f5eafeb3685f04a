"""Records task messages: what Celery sends, over RabbitMQ and Redis and to files and tables."""

import base64
import datetime
import json
import sqlite3
import tempfile
from pathlib import Path

import kombu.compression
from celery import chain, chord, group
from kombu.utils.json import dumps

from recording import TASK_ID
from vector_app import PLAIN, RICH, add, echo, errback, make_app, xsum

WHEN = datetime.datetime(2030, 1, 2, 3, 4, 5, 678900, tzinfo=datetime.timezone.utc)
COMPRESSIONS = ("zlib", "bzip2", "lzma", "brotli", "zstd")
KWARGS = {"json": RICH, "yaml": PLAIN, "msgpack": PLAIN, "pickle": {**RICH, "s": {1}, "tup": (1, 2)}}


def record_messages(recording):
    recording.declare("wire_q")
    recording.save("tasks", list(tasks(recording)))
    recording.save("tasks_options", list(options(recording)))
    recording.save("canvas_messages", list(canvas(recording)))
    recording.save("signatures", signatures(recording))
    recording.save("transports", transports(recording))


def tasks(recording):
    """Both protocols in every serializer and every compression that this Python has."""
    available = [name for name in COMPRESSIONS if name in kombu.compression._aliases]
    for protocol in (2, 1):
        for serializer, kwargs in KWARGS.items():
            for compression in (None, *available):
                for transport, broker in recording.brokers.items():
                    app = make_app(broker_url=broker, task_protocol=protocol, task_serializer=serializer)
                    only_in_2 = {"origin": "gen1@wirehost", "ignore_result": False} if protocol == 2 else {}
                    app.send_task(
                        "wire.echo",
                        args=(1, "two"),
                        kwargs=kwargs,
                        task_id=TASK_ID % (protocol * 1000),
                        reply_to="wire-reply",
                        compression=compression,
                        **only_in_2,
                    )
                    name = f"v{protocol}-{serializer}-{compression or 'plain'}"
                    values = {"args": repr((1, "two")), "kwargs": repr(kwargs)}
                    yield {"name": name, **values, **recording.take(transport)[0]}
                    app.close()


def stamped():
    signature = add.s(2, 2)
    signature.stamp(mystamp="v1", tenant=["a", "b"])
    return signature.apply_async()


OPTIONS = {
    "defaults": lambda: add.delay(2, 2),
    "eta": lambda: add.apply_async((2, 2), eta=WHEN),
    "eta_naive": lambda: add.apply_async((2, 2), eta=WHEN.replace(tzinfo=None)),
    "countdown10": lambda: add.apply_async((2, 2), countdown=10),
    "expires_dt": lambda: add.apply_async((2, 2), expires=WHEN),
    "expires_60": lambda: add.apply_async((2, 2), expires=60),
    "limits": lambda: add.apply_async((2, 2), time_limit=30, soft_time_limit=20.5),
    "priority5": lambda: add.apply_async((2, 2), priority=5),
    "shadow_headers": lambda: add.apply_async((2, 2), shadow="alias.add", headers={"tenant": "t1", "n": 1}),
    "ignore_result": lambda: add.apply_async((2, 2), ignore_result=True),
    "link": lambda: add.apply_async((2, 2), link=add.s(10), link_error=errback.s("e")),
    "long_repr": lambda: echo.delay("x" * 2000, list(range(500)), deep={"a": {"b": {"c": {"d": 1}}}}),
    "stamped": stamped,
    "delivery_transient": lambda: add.apply_async((2, 2), delivery_mode=1),
}


def options(recording):
    """One message for each of the options of apply_async."""
    for transport, broker in recording.brokers.items():
        app = make_app(broker_url=broker)
        for name, send in OPTIONS.items():
            send()
            yield {"name": name, **recording.take(transport)[0]}
        app.close()


CANVAS = {
    "chain3": lambda: chain(add.s(1, 1), add.s(2), add.s(3))(),
    "chain_immutable": lambda: chain(add.si(1, 1), add.si(2, 2))(),
    "group2": lambda: group(add.s(1, 1), add.s(2, 2))(),
    "chord2": lambda: chord([add.s(1, 1), add.s(2, 2)], xsum.s())(),
    "chord_errback": lambda: chord([add.s(1, 1), add.s(2, 2)], xsum.s().on_error(errback.s()))(),
    "chain_into_group": lambda: chain(add.s(1, 1), group(add.s(10), add.s(20)))(),
    "group_into_task_is_chord": lambda: (group(add.s(1, 1), add.s(2, 2)) | xsum.s())(),
    "chain_chord_chain": lambda: chain(add.s(1, 1), group(add.s(10), add.s(20)), xsum.s(), add.s(5))(),
    "nested_group_in_chord": lambda: chord([group(add.s(1, 1), add.s(2, 2)), add.s(3, 3)], xsum.s())(),
    "chain_in_group": lambda: group(chain(add.s(1, 1), add.s(2)), add.s(5, 5))(),
    "chord_in_chord": lambda: chord([chord([add.s(1, 1), add.s(2, 2)], xsum.s()), add.s(3, 3)], xsum.s())(),
    "xmap": lambda: add.map([1, 2]).apply_async(),
    "xstarmap": lambda: add.starmap([(1, 1), (2, 2)]).apply_async(),
    "chunks": lambda: add.chunks(zip(range(4), range(4)), 2).apply_async(),
    "link_list": lambda: add.apply_async((1, 1), link=[add.s(1), add.s(2)], link_error=[errback.s()]),
}


def canvas(recording):
    """The messages that each workflow starts with, and the keys that it leaves in the result store."""
    app = make_app(broker_url=recording.redis_url, result_backend=recording.redis_url)
    for name, send in CANVAS.items():
        recording.redis.flushdb()
        send()
        messages = [json.loads(message["raw"]) for message in recording.take("redis")]
        for message in messages:
            message["body_decoded"] = json.loads(base64.b64decode(message["body"]))
        strings = {
            key.decode(): recording.redis.get(key).decode()
            for key in sorted(recording.redis.keys())
            if recording.redis.type(key) == b"string"
        }
        yield {"name": name, "messages": messages, "redis_strings": strings}
    app.close()


def signatures(recording):
    """Every kind of signature as the JSON in which it travels."""
    make_app(broker_url=recording.redis_url)
    linked = add.s(3, 3)
    linked.link(add.s(1))
    linked.link_error(errback.s())
    kinds = {
        "sig": add.s(1, 2),
        "sig_opts": add.s(1).set(queue="q2", countdown=3, priority=1, immutable=True),
        "chain": chain(add.s(1, 1), add.s(2)),
        "group": group(add.s(1, 1), add.s(2, 2)),
        "chord": chord([add.s(1, 1)], xsum.s()),
        "xmap": add.map([1, 2]),
        "xstarmap": add.starmap([(1, 1)]),
        "chunks": add.chunks([(1, 1), (2, 2)], 1),
        "linked": linked,
    }
    return {name: json.loads(dumps(signature)) for name, signature in kinds.items()}


def transports(recording):
    """How brokers without a server of their own lay messages out."""
    return {
        "filesystem": filesystem(),
        "sqlalchemy": sqlalchemy(),
        "redis_keyprefix_keys": prefixed_keys(recording),
    }


def send_two(**conf):
    app = make_app(**conf)
    add.apply_async((2, 2), task_id=TASK_ID % 1, reply_to="r")
    add.apply_async((3, 3), task_id=TASK_ID % 2, reply_to="r", priority=5)
    app.close()


def filesystem():
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        for name in ("in", "control", "processed"):
            (base / name).mkdir()
        folders = {
            "data_folder_in": str(base / "in"),
            "data_folder_out": str(base / "in"),
            "control_folder": str(base / "control"),
            "processed_folder": str(base / "processed"),
            "store_processed": True,
        }
        send_two(broker_url="filesystem://", broker_transport_options=folders)
        files = sorted(path for path in base.rglob("*") if path.is_file())
        return {str(path.relative_to(base)): path.read_text() for path in files}


def sqlalchemy():
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "broker.sqlite"
        send_two(broker_url=f"sqla+sqlite:///{database}")
        connection = sqlite3.connect(database)
        rows = lambda query: connection.execute(query).fetchall()
        return {
            "ddl": [sql for (sql,) in rows("select sql from sqlite_master where sql is not null")],
            "kombu_queue": rows("select * from kombu_queue"),
            "kombu_message": rows("select * from kombu_message"),
        }


def prefixed_keys(recording):
    recording.redis.flushdb()
    options = {"global_keyprefix": "pfx:", "priority_steps": list(range(10)), "sep": ":"}
    app = make_app(broker_url=recording.redis_url, broker_transport_options=options)
    add.apply_async((1, 1), priority=7)
    app.close()
    return sorted(key.decode() for key in recording.redis.keys())
