"""Python Celery as an adapter of the conformance suite: CCP/1 over stdin and stdout, see docs/conformance.md.

    celerity conformance run -- python adapter.py
"""

import base64
import json
import sys
import threading
import traceback

import celery
import celery.states
import kombu
import kombu.compression
from celery.utils.time import maybe_iso8601, maybe_make_aware
from celery.worker.strategy import proto1_to_proto2
from kombu import Connection, message, serialization

sys.dont_write_bytecode = True
import live  # noqa: E402
from capture import capture, encode  # noqa: E402
from tagged import tag, untag  # noqa: E402

SERIALIZERS = [name for name in ("json", "yaml", "msgpack", "pickle") if name in serialization.registry.name_to_type]
COMPRESSION = [name for name in ("zlib", "bzip2", "lzma", "brotli", "zstd") if name in kombu.compression._aliases]
#: kombu before 5.3 has no typed values in JSON.
JSON_TYPES = ["datetime", "date", "time", "decimal", "uuid", "bytes"] if kombu.VERSION >= (5, 3) else []
WORKING = ("retries", "revoke", "control", "events", "time_limits", "acks_late", "rate_limit", "auth")
ACCEPT = serialization.prepare_accept_content(SERIALIZERS)


def make_app(**conf):
    return celery.Celery(broker="memory://", backend="cache+memory://", config_source=conf, set_as_current=False)


def aware(text):
    return maybe_make_aware(maybe_iso8601(text)) if text else None


def read_message(wire):
    if "envelope" in wire:
        received = Connection("memory://").channel().message_to_python(json.loads(wire["envelope"]))
        received.accept = ACCEPT
        return received
    properties, headers, body = untag(wire["properties"]), untag(wire["headers"]), base64.b64decode(wire["body_b64"])
    types = {name: properties.get(name) for name in ("content_type", "content_encoding")}
    return message.Message(body, properties=properties, headers=headers, accept=ACCEPT, **types)


def read_call(wire):
    received = read_message(wire)
    body, fields = received.decode(), received.headers
    if "task" not in fields:
        body, fields, _, _ = proto1_to_proto2(received, body)
    args, kwargs, embed = body
    call = {name: fields.get(name) for name in ("task", "id", "shadow", "group", "group_index", "root_id", "parent_id")}
    call.update({name: (embed or {}).get(name) for name in ("callbacks", "errbacks", "chain", "chord")})
    call.update({name: aware(fields.get(name)) for name in ("eta", "expires")}, stamps=fields.get("stamps") or {})
    call.update(args=list(args), kwargs=kwargs, timelimit=list(fields.get("timelimit") or (None, None)))
    return {**call, "retries": fields.get("retries", 0), "ignore_result": fields.get("ignore_result")}


def read_result(stored):
    backend = make_app(result_serializer=stored["serializer"], result_accept_content=SERIALIZERS).backend
    document = backend.decode(base64.b64decode(stored["body_b64"]))
    result = document.pop("result")
    fields = {"state": document.pop("status"), **document, "date_done": aware(document.get("date_done"))}
    if fields["state"] not in celery.states.EXCEPTION_STATES:
        return {**fields, "value": result}
    if isinstance(result, BaseException):
        kind = type(result)
        return {**fields, "error": {"type": kind.__name__, "module": kind.__module__, "args": list(result.args)}}
    error = {"type": result["exc_type"], "module": result["exc_module"], "args": result["exc_message"]}
    return {**fields, "error": error}


def start(command):
    features = {"protocol": [1, 2], "serializers": SERIALIZERS, "compression": COMPRESSION, "json_types": JSON_TYPES}
    features.update(bigint=True, envelope=True, eta=True, expires=True, links=True, canvas=["chain", "group", "chord", "map", "replace"])
    features.update(stamps=celery.VERSION >= (5, 3), result_compression=celery.VERSION >= (5, 7))
    features.update({name: True for name in WORKING}, brokers=["redis", "amqp", "sqlite"], backends=["redis", "rpc", "sqlite"])
    about = {"name": "celery", "language": "python", "version": celery.__version__, "features": features}
    about.update(homepage="https://docs.celeryq.dev/", roles=["producer", "worker", "results"])
    return {**about, "commands": ["encode", "decode", "publish", "result", "work", "drain"]}


def decode(command):
    try:
        if "stored" in command:
            return {"accept": True, "result": tag(read_result(command["stored"]))}
        return {"accept": True, "call": tag(read_call(command["wire"]))}
    except Exception as error:
        return {"accept": False, "reason": f"{type(error).__name__}: {error}"}


COMMANDS = {"start": start, "encode": encode, "decode": decode, "capture": capture, **live.COMMANDS}
writing = threading.Lock()


def answer(command):
    if command["cmd"] not in COMMANDS:
        return {"skipped": True, "message": f"this adapter has no {command['cmd']}"}
    try:
        return COMMANDS[command["cmd"]](command)
    except Exception as error:
        return {"errored": True, "message": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}


def reply(command):
    line = json.dumps({**answer(command), "seq": command.get("seq")})
    with writing:
        print(line, flush=True)


if __name__ == "__main__":
    for line in iter(sys.stdin.readline, ""):
        command = json.loads(line)
        if command["cmd"] == "stop":
            break
        live.run(command, reply)
    live.end()
