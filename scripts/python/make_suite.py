"""Turns the recordings of conformance/vectors into the vectors of the conformance suite, conformance/vectors/suite.

    python make_suite.py [--vectors folder]

What each message says is read by the Celery that runs this, through the suite's own adapter; nothing is typed by hand
but the calls' names. record_vectors.py calls it after recording.
"""

import argparse
import base64
import hashlib
import json
import pathlib
import sys

from kombu.exceptions import DecodeError, EncodeError

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "conformance/adapters/python-celery"))
from adapter import SERIALIZERS, encode, read_call, read_result  # noqa: E402
from suite_values import VALUES  # noqa: E402
from tagged import tag  # noqa: E402

VERSION = "0.1.0"
#: What the recordings are of; conformance/vectors/README.md says the same.
RECORDED = {"celery": "5.7.0", "kombu": "5.7.0", "python": "3.11"}
VECTORS = pathlib.Path(__file__).parents[2] / "conformance/vectors"
#: Headers of protocol 2; the others are the caller's own.
PROTOCOL_HEADERS = set(
    "lang task id shadow eta expires group group_index retries timelimit root_id parent_id argsrepr kwargsrepr origin"
    " ignore_result replaced_task_nesting stamped_headers stamps compression".split()
)
#: Times that a call gives as seconds from now.
RELATIVE = {"countdown10": {"eta": 10}, "expires_60": {"expires": 60}}
JSON_TYPES = {f"${name}": name for name in ("datetime", "date", "time", "decimal", "uuid", "bytes")}
FLAGS = {
    "AnyOrder": {"bugType": "INTEROP", "note": "A set has no order; its members are compared as a set."},
    "Clock": {"bugType": "INTEROP", "note": "A time is relative to the call; it is compared with the runner's clock."},
    "HardFirst": {
        "bugType": "INTEROP",
        "note": "timelimit is [hard, soft]; the documentation of Celery's protocol says it the other way round.",
    },
}


def vector(name, level, role, command, features, spec, **rest):
    base = {"id": name, "since": VERSION, "level": level, "requirement": "must", "role": role, "command": command}
    outcome = "accept" if command == "decode" else "encode"
    rest.setdefault("expect", [{"outcome": outcome, "as": "ok"}])
    return {**base, "features": features, "spec": spec, "recorded": RECORDED, "applies": {"celery": since(features)}, **rest}


def since(features):
    """The Celery that reads and writes such a message first."""
    if "result_compression" in features:
        return ">=5.7"
    return ">=5.3" if "stamps" in features or any(name.startswith("json_types:") for name in features) else ">=4.0"


def wire_of(message):
    """A recorded message in the form that crosses the pipe."""
    if "raw" in message:
        return {"envelope": message["raw"]}
    wire = {"properties": tag(message["properties"]), "headers": tag(message["headers"]), "body_b64": message["body_b64"]}
    return {**wire, "routing": {name: message["delivery_info"][name] for name in ("exchange", "routing_key")}}


def features_of(message, view):
    """What somebody must know to read or write a message."""
    envelope = json.loads(message["raw"]) if "raw" in message else None
    headers = envelope["headers"] if envelope else message["headers"]
    content_type = envelope["content-type"] if envelope else message["properties"]["content_type"]
    serializer = SERIALIZER_OF[content_type]
    names = [f"protocol:{2 if 'task' in headers else 1}", f"serializers:{serializer}"]
    names += [f"compression:{COMPRESSION_OF[headers['compression']]}"] if "compression" in headers else []
    names += ["envelope"] if envelope else []
    names += sorted(json_types(view)) if serializer == "json" else []
    names += [name for name in ("eta", "expires") if view[name] is not None]
    names += ["links"] if view["callbacks"] or view["errbacks"] else []
    names += [f"canvas:{name}" for name in ("chain", "group", "chord") if view[name]]
    return names + (["stamps"] if view["stamps"] else [])


SERIALIZER_OF = {
    "application/json": "json",
    "application/x-yaml": "yaml",
    "application/x-msgpack": "msgpack",
    "application/x-python-serialize": "pickle",
}
COMPRESSION_OF = {
    "application/x-gzip": "zlib",
    "application/x-bz2": "bzip2",
    "application/x-lzma": "lzma",
    "application/x-brotli": "brotli",
    "application/zstd": "zstd",
}


RESULT_COMPRESSION = {"gzip": "zlib", "zstd": "zstd"}


def json_types(view):
    if isinstance(view, list):
        return set().union(*map(json_types, view))
    if not isinstance(view, dict):
        return set()
    if len(view) == 1 and next(iter(view)) in JSON_TYPES:
        return {f"json_types:{JSON_TYPES[next(iter(view))]}"}
    return set().union(*map(json_types, (view[key] for key in view if key not in ("eta", "expires", "date_done"))))


def flags_of(view):
    text = json.dumps(view)
    return (["AnyOrder"] if '"$set"' in text else []) + (["HardFirst"] if view["timelimit"] != [None, None] else [])


def decode_message(name, message, spec):
    wire = wire_of(message)
    view = tag(read_call(wire))
    more = {"flags": flags_of(view)} if flags_of(view) else {}
    return vector(f"decode.{name}", "L0", "worker", "decode", features_of(message, view), spec, wire=wire, view=view, **more)


def encode_message(name, level, message, spec, relative=None, ordered=None):
    """`ordered` is a message of the same call in a serializer that keeps the order of members, which YAML sorts."""
    wire = wire_of(message)
    view = tag(read_call(wire))
    said = tag(read_call(wire_of(ordered))) if ordered else view
    options = options_of(message, wire, view, relative or {})
    call = {"task": said["task"], "args": said["args"], "kwargs": said["kwargs"], "options": options}
    flags = flags_of(view) + (["Clock"] if relative else [])
    said = {"call": call, "wire": wire, "view": view, **({"relative": relative} if relative else {})}
    features = features_of(message, view)
    return vector(f"encode.{name}", level, "producer", "encode", features, spec, **said, **({"flags": flags} if flags else {}))


def options_of(message, wire, view, relative):
    """The options of apply_async that lead to a message."""
    headers, properties = wire["headers"], wire["properties"]
    hard, soft = view["timelimit"]
    custom = {name: value for name, value in headers.items() if name not in PROTOCOL_HEADERS}
    content_type, compression = properties["content_type"], headers.get("compression")
    options = {
        "task_id": view["id"],
        "protocol": tag(2) if "task" in headers else tag(1),
        "serializer": SERIALIZER_OF[content_type],
        "compression": compression and COMPRESSION_OF[compression],
        "countdown": tag(relative.get("eta")),
        "eta": None if relative else raw_time(headers.get("eta")),
        "expires": tag(relative.get("expires")) if relative else raw_time(headers.get("expires")),
        "time_limit": hard,
        "soft_time_limit": soft,
        "priority": None if properties["priority"] == tag(0) else properties["priority"],
        "delivery_mode": None if properties["delivery_mode"] == tag(2) else properties["delivery_mode"],
        "shadow": view["shadow"],
        "ignore_result": view["ignore_result"] or None,
        "headers": custom or None,
        "link": view["callbacks"],
        "link_error": view["errbacks"],
        "stamped_headers": headers.get("stamped_headers"),
        "stamps": view["stamps"] or None,
    }
    return {name: value for name, value in options.items() if value is not None}


def raw_time(text):
    return None if text is None else {"$datetime": text}


def value_messages():
    """Each value alone, as Celery sends it in each serializer; what cannot be written, or not read again, is left out."""
    for serializer in SERIALIZERS:
        for name, value in VALUES.items():
            options = {"task_id": f"value-{name}", "serializer": serializer, "reply_to": "wire-reply", "origin": "gen1@wirehost"}
            call = {"task": "wire.echo", "args": [value], "kwargs": {}, "options": options}
            try:
                wire = encode({"call": tag(call)})["wire"]
                view = tag(read_call(wire))
            except (EncodeError, DecodeError, TypeError):
                continue
            is_big = isinstance(value, int) and abs(value) > 2**63
            features = ["protocol:2", f"serializers:{serializer}", *(["bigint"] if is_big else [])]
            features += sorted(json_types(view["args"])) if serializer == "json" else []
            call = {**tag(call), "options": {name: tag(options[name]) for name in ("task_id", "serializer")}}
            yield f"value.{serializer}.{name}", features, call, wire, view


def value_vectors(command):
    spec = ["kombu/serialization.py", "kombu/utils/json.py"]
    for name, features, call, wire, view in value_messages():
        flags = {"flags": ["AnyOrder"]} if name.endswith(".set") else {}
        if command == "decode":
            yield vector(f"decode.{name}", "L0", "worker", command, features, spec, wire=wire, view=view, **flags)
        else:
            yield vector(f"encode.{name}", "L0", "producer", command, features, spec, call=call, wire=wire, view=view, **flags)


def decode_result(name, serializer, body, features, spec):
    stored = {"serializer": serializer, "body_b64": base64.b64encode(body).decode()}
    view = tag(read_result(stored))
    names = [f"serializers:{serializer}", *features, *(sorted(json_types(view)) if serializer == "json" else [])]
    return vector(f"decode.result.{name}", "L0", "results", "decode", names, spec, stored=stored, view=view)


def results(load):
    spec = ["celery/backends/base.py _get_result_meta"]
    for record in load("results_redis_json")["results"]:
        yield decode_result(f"json.{dashed(record['name'])}", "json", record["value"].encode(), [], spec)
    for record in load("results_backends")["records"]:
        if not record["backend"].startswith("redis-") or record["backend"].endswith("-keyprefix") or record["state"] == "GROUP":
            continue
        _, serializer, *kind = record["backend"].split("-")
        compression = [f"compression:{RESULT_COMPRESSION[name]}" for name in kind if name in RESULT_COMPRESSION]
        features = ["result_compression", *compression] if compression else []
        name = ".".join([serializer, *kind, "state", record["state"].lower()])
        yield decode_result(name, serializer, base64.b64decode(record["value_b64"]), features, spec)


def canvas(load):
    for case in load("canvas_messages"):
        for number, message in enumerate(case["messages"], 1):
            envelope = {key: message[key] for key in message if key != "body_decoded"}
            yield decode_message(f"workflow.{dashed(case['name'])}.{number}", {"raw": json.dumps(envelope)}, ["celery/canvas.py"])


def dashed(name):
    return name.replace("_", "-").removeprefix("wire.")


def files(load):
    as_task = ["celery/app/amqp.py as_task_v2, as_task_v1"]
    envelope = ["kombu/transport/virtual/base.py Channel.basic_publish"]
    tasks, options = load("tasks"), load("tasks_options")
    by_transport = lambda messages, transport: [item for item in messages if item["transport"] == transport]
    named = lambda item: item["name"].replace("v", "proto", 1).replace("-", ".")
    amqp, redis = by_transport(tasks, "amqp"), by_transport(tasks, "redis")
    by_name = {item["name"]: item for item in amqp}
    twins = {name: by_name[name.replace("yaml", "msgpack")] for name in by_name if "-yaml-" in name}
    option = lambda item: f"option.{dashed(item['name'])}"
    yield "decode-messages", "Messages over AMQP", [decode_message(named(item), item, as_task) for item in amqp]
    yield "decode-envelopes", "Messages in kombu's envelope", [
        decode_message(f"envelope.{named(item)}", item, as_task + envelope) for item in redis
    ]
    yield "decode-options", "Messages with options", [
        decode_message(option(item), item, as_task) for item in by_transport(options, "amqp")
    ] + [decode_message(f"resent.{dashed(item['name'])}", item, ["celery/app/task.py"]) for item in load("task_republished")]
    yield "decode-values", "Single values in messages", list(value_vectors("decode"))
    yield "encode-values", "Single values to messages", list(value_vectors("encode"))
    yield "decode-workflows", "Messages of workflows", list(canvas(load))
    yield "decode-results", "Stored results", list(results(load))
    yield "encode-messages", "Calls to messages", [
        encode_message(named(item), "L0", item, as_task, ordered=twins.get(item["name"])) for item in amqp
    ]
    yield "encode-options", "Calls with options", [
        encode_message(option(item), "L1", item, as_task, RELATIVE.get(item["name"]))
        for item in by_transport(options, "amqp")
    ]


def make_suite(folder):
    load = lambda name: json.loads((folder / f"{name}.json").read_text())
    out = folder / "suite"
    out.mkdir(exist_ok=True)
    for name, title, vectors in files(load):
        used = {flag for item in vectors for flag in item.get("flags", [])}
        head = json.dumps({"schema": 1, "title": title, "flags": {flag: FLAGS[flag] for flag in sorted(used)}})
        # A vector a line, so that a change shows as the vectors that it is about.
        lines = ",\n".join(json.dumps(item, separators=(",", ":"), ensure_ascii=False) for item in vectors)
        text = f'{head[:-1]}, "vectors": [\n{lines}\n]}}\n'
        (out / f"{name}.json").write_text(text)
    write_manifest(out)


def write_manifest(out):
    """Names all files of vectors, also those that `celerity conformance record` made; the version stays."""
    path = out / "manifest.json"
    version = json.loads(path.read_text())["version"] if path.exists() else VERSION
    names = sorted(file.name for file in out.glob("*.json") if file != path)
    digests = {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in names}
    path.write_text(json.dumps({"schema": 1, "version": version, "files": digests}, indent=1) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--vectors", type=pathlib.Path, default=VECTORS)
    make_suite(parser.parse_args().vectors)
