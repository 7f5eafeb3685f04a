"""Celery composes and applies canvases; what it would send is caught before it leaves. One JSON question a line."""

import json
import sys

from celery import Celery, chain, chord, group
from celery.canvas import Signature
from kombu.utils.json import dumps

app = Celery("canvas", broker="memory://", backend="cache+memory://")
app.conf.task_allow_error_cb_on_chord_header = False
sent = []


def task(*args):
    return args


for name in "abcdef":
    app.task(name=name, shared=False)(task)


def catch_message(producer, name, message, exchange=None, routing_key=None, **options):
    args, kwargs, embed = message.body
    headers = {key: message.headers[key] for key in HEADERS}
    sent.append({"send": {"args": args, "kwargs": kwargs, "headers": headers, "embed": embed}})


HEADERS = ("task", "id", "root_id", "parent_id", "group", "group_index", "stamped_headers", "stamps")


def catch_chord(header_result_args, body, **options):
    results = app.GroupResult(*header_result_args)
    sent.append({"chord": {"group": results.id, "header": results.as_tuple(), "body": body}})


def catch_size(group_id, size):
    sent.append({"size": size, "group": group_id})


app.amqp.send_task_message = None
app.amqp.__dict__["send_task_message"] = catch_message
app.backend.apply_chord = catch_chord
app.backend.set_chord_size = catch_size
app.backend.on_task_call = lambda producer, task_id: {}


def build(expression):
    kind = expression["kind"]
    if kind == "task":
        made = app.signature(expression["name"], args=tuple(expression["args"]), immutable=expression["immutable"])
        for name in expression.get("link", []):
            made.link(app.signature(name))
        for name in expression.get("linkError", []):
            made.link_error(app.signature(name))
        made.options.update(expression.get("options", {}))
        return made
    if kind == "chain":
        return chain(*map(build, expression["of"]))
    if kind == "group":
        return group([build(member) for member in expression["of"]])
    if kind == "chord":
        return chord([build(member) for member in expression["of"]], build(expression["body"]))
    return build(expression["left"]) | build(expression["right"])


def answer(question):
    sent.clear()
    canvas = build(question["expression"])
    written = dumps(canvas)
    if question["travels"]:
        canvas = Signature.from_dict(json.loads(written), app=app)
    result = canvas.apply_async(tuple(question["args"]), **question["options"])
    return {"written": json.loads(written), "sent": sent, "result": result and result.as_tuple()}


def try_answer(question):
    try:
        return answer(question)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


for line in sys.stdin:
    # Written at once: what was sent is one list for all questions.
    print("[" + ",".join([dumps(try_answer(question)) for question in json.loads(line)]) + "]", flush=True)
