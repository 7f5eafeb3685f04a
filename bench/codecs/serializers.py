"""kombu's serializers and envelope, with the same cases as the others."""

from base64 import b64decode, b64encode

from kombu.serialization import dumps, loads
from kombu.utils.json import dumps as json_dumps
from kombu.utils.json import loads as json_loads
from measure import documents, measure, report

for name in ("json", "msgpack", "yaml", "pickle"):
    for size, document in documents.items():
        content_type, encoding, body = dumps(document, serializer=name)
        measure(f"{name} {size} encode", lambda: dumps(document, serializer=name))
        measure(f"{name} {size} decode", lambda: loads(body, content_type, encoding, accept={content_type}))

body = json_dumps([[2, 3], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]).encode()
identifier = "6f1c9f52-1f0c-4f69-8a0c-1f2b9d5a7e11"
headers = {
    "lang": "py",
    "task": "tasks.add",
    "id": identifier,
    "shadow": None,
    "eta": None,
    "expires": None,
    "group": None,
    "group_index": None,
    "retries": 0,
    "timelimit": [None, None],
    "root_id": identifier,
    "parent_id": None,
    "argsrepr": "(2, 3)",
    "kwargsrepr": "{}",
    "origin": "gen1@localhost",
    "ignore_result": False,
    "replaced_task_nesting": 0,
    "stamped_headers": None,
    "stamps": {},
}


def encode():
    properties = {
        "correlation_id": identifier,
        "reply_to": "",
        "delivery_mode": 2,
        "delivery_info": {"exchange": "", "routing_key": "celery"},
        "priority": 0,
        "body_encoding": "base64",
        "delivery_tag": identifier,
    }
    return json_dumps(
        {
            "body": b64encode(body).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": headers,
            "properties": properties,
        }
    )


def decode():
    message = json_loads(envelope)
    return b64decode(message["body"]), message


envelope = encode()
measure("envelope encode", encode)
measure("envelope decode", decode)
report()
