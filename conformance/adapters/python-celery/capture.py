"""What Celery would send, kept instead of sent: encode, and capture for whole canvases."""

import celery
import live
from celery.signals import before_task_publish
from kombu.transport import TRANSPORT_ALIASES, memory
from settings import make_app
from tagged import tag, untag

PROPERTIES = ("correlation_id", "reply_to", "delivery_mode", "priority", "expiration")
NOWHERE = {"CONF_BROKER_URL": "capture://", "CONF_RESULT_URL": "cache+memory://"}
TRANSPORT_ALIASES["capture"] = "capture:Transport"
sent = []
tasks = []
chords = {}


class Channel(memory.Channel):
    def basic_publish(self, message, exchange, routing_key, **_):
        self._inplace_augment_message(message, exchange, routing_key)
        sent.append(message)


class Transport(memory.Transport):
    Channel = Channel


@before_task_publish.connect
def note(headers=None, body=None, **_):
    tasks.append((headers, body))


def record(command, env):
    """Sends the call or canvas of a command by an app of its own."""
    app = make_app(celery.Celery, {**env, **NOWHERE})
    app.set_current()
    sent.clear()
    tasks.clear()
    chords.clear()
    app.backend.set_chord_size = chords.__setitem__
    if "canvas" in command:
        return live.send_canvas(app, command["canvas"])
    protocol = command["call"].get("options", {}).get("protocol")
    app.conf.task_protocol = untag(protocol) or app.conf.task_protocol
    return live.send(app, command["call"])


def wire_of(message):
    known = {name: message["properties"][name] for name in PROPERTIES if name in message["properties"]}
    properties = {"content_type": message["content-type"], "content_encoding": message["content-encoding"], **known}
    return {"properties": tag(properties), "headers": tag(message["headers"]), "body_b64": message["body"]}


def encode(command):
    record(command, {})
    return {"wire": wire_of(sent[0])}


def ids_of(headers, body):
    """Ids of the tasks and groups of a message, in the order in which the tasks run."""
    _, _, embed = body if isinstance(body, tuple) else ((), {}, body)
    fields = headers if "id" in headers else body
    yield fields["id"], fields.get("group", fields.get("taskset"))
    yield from ids_in([*reversed(embed.get("chain") or ()), *(embed.get(name) for name in ("chord", "callbacks", "errbacks"))])


def ids_in(value):
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from ids_in(item)
    elif isinstance(value, dict) and "task" in value:
        options, kind = value.get("options") or {}, value.get("subtask_type")
        own = options.get("task_id")
        yield (None, own) if kind == "group" else (own, options.get("group_id"))
        yield from ids_in([value["kwargs"].get(name) for name in ("tasks", "header", "body") if kind])
        yield from ids_in([options.get(name) for name in ("chain", "chord", "link", "link_error")])


def capture(command):
    end = record(command, live.state["env"]).id
    roots = [(headers.get("root_id"), None) for headers, _ in tasks[:1]]
    found = [*roots, *(pair for headers, body in tasks for pair in ids_of(headers, body))]
    ids, groups = ([name for name in dict.fromkeys(names) if name] for names in zip(*found))
    infos = [message["properties"]["delivery_info"] for message in sent]
    routing = [{name: info[name] for name in ("exchange", "routing_key")} for info in infos]
    wires = [wire_of(message) for message in sent]
    return {"ids": ids, "groups": groups, "end": end, "chords": chords, "wires": wires, "routing": routing}
