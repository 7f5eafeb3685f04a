"""Chains, groups and chords of Celery, sent whole: the gateway takes them apart."""

from __future__ import annotations

from functools import wraps
from typing import Any, Callable, Dict, List, Mapping, Optional

from celery import Celery, canvas

from .. import flows
from ..client import Client
from .sending import GatewayUnsupported, carry, place, with_definition

_FORMS = {
    "celery.chain": "chain",
    "celery.group": "group",
    "celery.chord": "chord",
    "celery.map": "map",
    "celery.starmap": "starmap",
    "celery.chunks": "chunks",
}


def send_canvases_over_gateways() -> None:
    """Canvases ask nobody but their class how they are sent, so it is told; other apps are not touched."""
    for cls in (canvas._chain, canvas.group, canvas._chord):
        if not hasattr(cls.apply_async, "_celerity_original"):
            cls.apply_async = _where_used(cls.apply_async)


def _where_used(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def apply_async(self: Any, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        app = self.app
        client: Optional[Client] = getattr(app, "_celerity_client", None)
        if client is None or app.conf.task_always_eager:
            return original(self, args, kwargs, **options)
        return apply_canvas(app, client, self, args, kwargs, options)

    apply_async._celerity_original = original  # type: ignore[attr-defined]
    return apply_async


def apply_canvas(
    app: Celery,
    client: Client,
    signature: Mapping[str, Any],
    args: Any = None,
    kwargs: Any = None,
    options: Optional[Mapping[str, Any]] = None,
    idempotency_key: Optional[str] = None,
) -> Any:
    """Sends it; ``args`` and ``kwargs`` are for its first tasks. The result has the parents and members that Celery gives it."""
    given = dict(kwargs or {})
    if _form(signature) == "chord" and "body" in given:
        signature = {**signature, "kwargs": {**signature["kwargs"], "body": given.pop("body")}}
    more = dict(options or {})
    key = more.pop("idempotency_key", idempotency_key)
    body = to_canvas(app, signature, more)
    _hand_over(body, list(args or ()), given)
    answer = client._run(flows.post("/v1/workflows", body, key, client._policy))
    return _result(app, answer["results"])


def to_canvas(
    app: Celery, signature: Mapping[str, Any], more: Optional[Mapping[str, Any]] = None
) -> Dict[str, Any]:
    """The gateway's own form of a signature. Raises GatewayUnsupported."""
    form = _form(signature)
    name, kwargs = signature["task"], signature.get("kwargs") or {}
    options = {**(signature.get("options") or {}), **(more or {})}
    links = {which: options.pop(which, None) for which in ("link", "link_error")}
    task_type = options.get("task_type") or (None if form else app.tasks.get(name))
    carried = carry(with_definition(options, task_type) if form is None else options, task_type)
    if form is None:
        if name.startswith("celery."):
            raise GatewayUnsupported(f"{name} is Celery's own task, and cannot be sent through the gateway")
        place(app, carried, name, signature.get("args"), kwargs, task_type)
        body: Dict[str, Any] = {
            "task": name,
            "args": list(signature.get("args") or ()),
            "kwargs": dict(kwargs),
        }
        if signature.get("immutable"):
            body["immutable"] = True
    elif form in ("chain", "group"):
        body = {form: [to_canvas(app, task) for task in kwargs["tasks"]]}
    elif form == "chord":
        header = kwargs["header"]
        tasks = header["kwargs"]["tasks"] if isinstance(header, Mapping) else header
        body = {
            "chord": {
                "header": [to_canvas(app, task) for task in tasks],
                "body": to_canvas(app, kwargs["body"]),
            }
        }
    else:
        called = kwargs["task"]
        items = [list(item) if form != "map" else item for item in kwargs["it"]]
        body = {form: {"task": called["task"] if isinstance(called, Mapping) else called, "it": items}}
        if form == "chunks":
            body[form]["n"] = kwargs["n"]
    if carried:
        body["options"] = carried
    for which, linked in links.items():
        if linked:
            several = [linked] if isinstance(linked, Mapping) else linked
            body[which] = [to_canvas(app, task) for task in several]
    if form in ("chain", "group", "chord"):
        _hand_over(body, list(signature.get("args") or ()), {})
    return body


def _form(signature: Mapping[str, Any]) -> Optional[str]:
    return _FORMS.get(signature["task"])


def _hand_over(body: Dict[str, Any], args: List[Any], kwargs: Dict[str, Any]) -> None:
    """Partial arguments, to the tasks that run first."""
    if not args and not kwargs:
        return
    if "task" in body:
        if not body.get("immutable"):
            body["args"] = args + body["args"]
            body["kwargs"] = {**body["kwargs"], **kwargs}
        return
    firsts = (
        body["chain"][:1] if "chain" in body else body.get("group") or body.get("chord", {}).get("header")
    )
    if firsts is None:
        raise GatewayUnsupported("Arguments cannot be added to map, starmap and chunks")
    for first in firsts:
        _hand_over(first, args, kwargs)


def _result(app: Celery, nodes: List[Mapping[str, Any]]) -> Any:
    results: Dict[str, Any] = {}
    # What a node names stands before it.
    for node in nodes:
        parent = results.get(node.get("after", ""))
        if node["kind"] == "group":
            members = [results[member] for member in node["members"]]
            results[node["id"]] = app.GroupResult(node["id"], members, parent=parent)
        else:
            results[node["id"]] = app.AsyncResult(node["id"], parent=parent, task_name=node.get("task"))
    return results[nodes[-1]["id"]]
