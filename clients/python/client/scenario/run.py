"""Does the steps of clients/scenario.json and prints a line of JSON for each. For the tests of Celerity; not published.

With the argument ``async`` by AsyncClient.
"""

import asyncio
import base64
import inspect
import json
import os
import sys
import traceback
import uuid

from celerity_client import (
    ApiError,
    AsyncClient,
    Client,
    TaskFailedError,
    WebhookError,
    verify_webhook,
)

URLS = {name: os.environ[f"URL_{name.upper()}"] for name in ("busy", "cut", "down")}
CLIENT = AsyncClient if sys.argv[1:] == ["async"] else Client
with open(os.environ["SCENARIO"], encoding="utf-8") as file:
    STEPS = json.load(file)["steps"]
with open(os.environ["WEBHOOKS"], encoding="utf-8") as file:
    WEBHOOKS = json.load(file)
saved = {}


def filled_in(value):
    """``$name`` is what was saved under it; ``$unique-...`` a text of this run."""
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    name = value[1:]
    if name.startswith("unique-"):
        saved.setdefault(name, str(uuid.uuid4()))
    return saved[name]


def options_of(step):
    names = {"delay_s": "delay", "expires_s": "expires"}
    return {names.get(name, name): filled_in(value) for name, value in step.get("options", {}).items()}


async def done(value):
    """What AsyncClient promises, or Client has done."""
    return await value if inspect.isawaitable(value) else value


async def each(events):
    if hasattr(events, "__anext__"):
        async for event in events:
            yield event
    else:
        for event in events:
            yield event


async def submit(client, step):
    options = options_of(step)
    task = await done(client.submit(step["task"], step.get("args", []), step.get("kwargs"), **options))
    return {"id": task.id, "task": task.task, "state": task.state}


async def get(client, step):
    info = await done(client.task(step["id"]).get())
    return {"id": info.id, "state": info.state, "result": info.result}


async def wait(client, step):
    info = await done(client.task(step["id"]).wait(step["timeout_s"]))
    return {"id": info.id, "state": info.state, "result": info.result}


async def call(client, step):
    args, kwargs, timeout = step.get("args", []), step.get("kwargs"), step["timeout_s"]
    return {"result": await done(client.call(step["task"], args, kwargs, timeout=timeout))}


async def result(client, step):
    return await done(client.task(step["id"]).result(30))


async def exact(client, step):
    return str((await call(client, step))["result"])


async def stream(client, step):
    seen = {"states": [], "progress": [], "result": None}
    task = await done(client.submit(step["task"], step["args"]))
    async for event in each(task.events()):
        state = event.data.get("state")
        if event.event == "state" and state not in ("PENDING", "ACCEPTED", "STARTED", *seen["states"]):
            seen["states"].append(state)
        elif event.event == "progress":
            seen["progress"].append(event.data["meta"]["done"])
        elif event.event == "result":
            seen["result"] = event.data["result"]
    return seen


async def cancel(client, step):
    await done(client.task(step["id"]).cancel())
    return {"id": step["id"]}


async def batch(client, step):
    answers = await done(client.batch(step["items"]))
    problems = [answer.problem.type if answer.problem else None for answer in answers]
    return {"statuses": [answer.status for answer in answers], "problems": problems}


async def workflow(client, step):
    sent = await done(client.workflow(step["canvas"]))
    info = await done(sent.wait(step["timeout_s"]))
    return {"state": info.state, "result": info.result}


async def verify(_, step):
    given = WEBHOOKS[step["webhook"]]
    try:
        event = verify_webhook(base64.b64decode(given["body_base64"]), given["headers"], given["secret"])
    except WebhookError:
        return {"valid": False}
    return {"valid": True, "type": event["type"]}


async def main():
    for step in STEPS:
        line = {"step": step["name"]}
        url = URLS.get(step.get("url"), os.environ["CELERITY_URL"])
        client = CLIENT(url, None if step.get("key") == "none" else os.environ["CELERITY_API_KEY"])
        try:
            given = {**step, "id": filled_in(step.get("id"))}
            line["value"] = await globals()[step["do"]](client, given)
            if "save" in step:
                saved[step["save"]] = line["value"]["id"]
        except ApiError as error:
            line.update(problem=error.type, status=error.status)
            line["pointers"] = [place["pointer"] for place in error.errors]
            if isinstance(error, TaskFailedError):
                line["error"] = error.error["message"]
        except Exception:
            line["broken"] = traceback.format_exc()
        await done(client.close())
        print(json.dumps(line), flush=True)


asyncio.run(main())
