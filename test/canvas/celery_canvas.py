"""Celery composes and applies canvases; what it would send is caught before it leaves. One JSON question a line."""

import json
import os
import sys

from celery import Celery, chain, chord, group
from celery.canvas import Signature, StampingVisitor
from kombu.utils.json import dumps

app = Celery("canvas", broker="memory://", backend="cache+memory://")
app.conf.task_allow_error_cb_on_chord_header = False
app.conf.task_protocol = int(os.environ["TASK_PROTOCOL"])
sent = []


def task(*args):
    return args


for name in "abcdef":
    app.task(name=name, shared=False)(task)


def catch_message(producer, name, message, exchange=None, routing_key=None, **options):
    if app.conf.task_protocol == 1:
        body = dict(message.body)
        args, kwargs = body.pop("args"), body.pop("kwargs")
        headers = {key: body.get(key) for key in ("task", "id", "group", "group_index")}
        embed = {key: body[key] for key in ("callbacks", "errbacks", "chord")}
    else:
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
    if kind == "pipe":
        return build(expression["left"]) | build(expression["right"])
    made = build(expression["of"])
    if kind == "link":
        made.link(app.signature("e", args=(1,)))
    elif kind == "linkError":
        made.link_error(app.signature("f", args=(1,)))
    elif kind == "immutable":
        made.set(immutable=True)
    else:
        # Canvases lose their arguments when they are copied.
        given = ((8,), {"k": 1}) if made.subtask_type is None else ()
        return made.clone(*given, queue="clone")
    return made


class Parts(StampingVisitor):
    """Says what it visited: the n-th part, and its name, alone or in a list, or in an object."""

    def __init__(self, form):
        self.count = 0
        self.form = FORMS[form]

    def visit(self, name, text):
        self.count += 1
        return self.form(name, f"{text} {self.count}")

    def on_signature(self, sig, **headers):
        return self.visit("task", sig.task)

    def on_chain_start(self, chain, **headers):
        return self.visit("chained", f"{len(chain.tasks)} steps")

    def on_chain_end(self, chain, **headers):
        self.count += 1

    def on_group_start(self, group, **headers):
        return self.visit("grouped", f"{len(group.tasks)} members")

    def on_group_end(self, group, **headers):
        self.count += 10

    def on_chord_body(self, sig, **headers):
        return self.visit("body", "body")

    def on_callback(self, callback, **headers):
        return self.visit("called", callback.task)

    def on_errback(self, errback, **headers):
        return self.visit("erred", errback.task)


class Headers(Parts):
    """Visits the headers of chords as such."""

    def on_chord_header_start(self, sig, **headers):
        return self.visit("header", f"{len(headers)} stamps")

    def on_chord_header_end(self, sig, **headers):
        self.count += 100


FORMS = {
    "text": lambda name, text: {name: text, "last": text},
    "list": lambda name, text: {name: [text], "last": [text]},
    "object": lambda name, text: {"last": {name: text}},
    "option": lambda name, text: {name: text, "priority": 7, "stamped_headers": [name]},
}


def stamp(canvas, how):
    visitor = None if how["visitor"] is None else (Headers if how["headers"] else Parts)(how["visitor"])
    canvas.stamp(visitor, append_stamps=how["append"], **how["stamps"])


def answer(question):
    sent.clear()
    canvas = build(question["expression"])
    if question["stamp"]:
        # Parts that belong to several signatures would be stamped several times.
        canvas = Signature.from_dict(json.loads(dumps(canvas)), app=app)
    for how in question["stamp"]:
        stamp(canvas, how)
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
