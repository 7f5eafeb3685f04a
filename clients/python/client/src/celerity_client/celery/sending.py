"""Calls of Celery as requests to the gateway."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional

from celery import Celery

from .. import flows
from ..client import Client
from ..errors import CelerityError

if TYPE_CHECKING:
    from celery.result import AsyncResult

#: Options that say the same over HTTP, and those that only the gateway has.
_CARRIED = ("queue", "priority", "expires", "eta", "countdown", "ignore_result")
_OF_THE_GATEWAY = ("tags", "dedupe", "callback", "idempotency_key")
#: Options that a definition of a task has too: its worker has the same definition, so they need not be sent.
_OF_THE_TASK = (
    "routing_key",
    "exchange",
    "serializer",
    "delivery_mode",
    "compression",
    "time_limit",
    "soft_time_limit",
    "immediate",
    "mandatory",
)
#: Options that say nothing to a worker.
_OF_THE_CALLER = (
    "task_type",
    "result_cls",
    "add_to_parent",
    "route_name",
    "retries",
    "replaced_task_nesting",
)


class GatewayUnsupported(CelerityError, NotImplementedError):
    """It cannot be done over HTTP."""


def send_task(
    app: Celery,
    client: Client,
    name: str,
    args: Any = None,
    kwargs: Any = None,
    countdown: Optional[float] = None,
    eta: Optional[datetime] = None,
    task_id: Optional[str] = None,
    result_cls: Any = None,
    link: Any = None,
    link_error: Any = None,
    idempotency_key: Optional[str] = None,
    **options: Any,
) -> AsyncResult:
    """``app.send_task`` over HTTP; ``tags``, ``dedupe``, ``callback`` and ``idempotency_key`` are the gateway's own options.

    Raises GatewayUnsupported for other options, and ApiError when the gateway refuses the task.
    """
    if link or link_error or name.startswith("celery."):
        from .canvas import apply_canvas

        more = {
            "countdown": countdown,
            "eta": eta,
            "task_id": task_id,
            "link": link,
            "link_error": link_error,
        }
        signature = {"task": name, "args": list(args or ()), "kwargs": dict(kwargs or {}), "options": options}
        return apply_canvas(app, client, signature, options=more, idempotency_key=idempotency_key)
    options.update(countdown=countdown, eta=eta, task_id=task_id)
    task_type = options.get("task_type") or app.tasks.get(name)
    carried = carry(with_definition(options, task_type), task_type, _OF_THE_GATEWAY)
    place(app, carried, name, args, kwargs, task_type)
    if "countdown" in carried:
        carried["delay"] = carried.pop("countdown")
    body = flows.task_body(name, args or (), kwargs, carried)
    answer = client._run(flows.post("/v1/tasks", body, idempotency_key, client._policy))
    result = (result_cls or app.AsyncResult)(answer["id"])
    result.ignored = carried.get("ignore_result", False)
    return result


def with_definition(options: Mapping[str, Any], task_type: Any) -> Dict[str, Any]:
    """The options, and those that the definition of the task has, when it is here."""
    defined = {} if task_type is None else task_type._get_exec_options()
    return {**defined, **{name: value for name, value in options.items() if value is not None}}


def carry(options: Mapping[str, Any], task_type: Any, more: Any = ()) -> Dict[str, Any]:
    """The options as the gateway has them, without those that are not given. Raises GatewayUnsupported."""
    carried = {}
    for name, value in options.items():
        if value in (None, {}, [], ()) or name in _OF_THE_CALLER:
            continue
        if name in _OF_THE_TASK and (value is False or value == getattr(task_type, name, None)):
            continue
        if name not in _CARRIED and name not in more:
            allowed = ", ".join((*_CARRIED, *more))
            raise GatewayUnsupported(
                f"The option {name} cannot be sent through the gateway; it takes {allowed}"
            )
        if name == "queue":
            value = getattr(value, "name", value)
        elif isinstance(value, datetime):
            # As Celery has it: without a zone it is UTC.
            value = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        carried[name] = flows.to_time(name, value)
    if carried.get("ignore_result") is False:
        del carried["ignore_result"]
    return carried


def place(app: Celery, carried: Dict[str, Any], name: str, args: Any, kwargs: Any, task_type: Any) -> None:
    """Adds the queue, when the app's own settings name one; else the gateway's settings count."""
    if "queue" in carried:
        return
    router = app.amqp.router
    route: Any = None
    if router.routes:
        route = router.lookup_route(name, args or (), kwargs or {}, {}, task_type)
    if isinstance(route, str):
        route = {"queue": route}
    if route:
        for option, value in carry(route, None).items():
            carried.setdefault(option, value)
    if "queue" not in carried and app.conf.task_default_queue != "celery":
        carried["queue"] = app.conf.task_default_queue
