"""Workflows: what the gateway takes at ``POST /v1/workflows``."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Sequence

Canvas = Mapping[str, Any]


def task(
    name: str,
    args: Sequence[Any] = (),
    kwargs: Optional[Mapping[str, Any]] = None,
    *,
    immutable: bool = False,
    link: Optional[Canvas] = None,
    link_error: Optional[Canvas] = None,
    **options: Any,
) -> Dict[str, Any]:
    """A task of a workflow. ``immutable``: it does not get the result before it.

    Options: queue, delay, eta, expires, priority, ignore_result.
    """
    canvas: Dict[str, Any] = {"task": name, "args": list(args), "kwargs": dict(kwargs or {})}
    if immutable:
        canvas["immutable"] = True
    for key, value in (("link", link), ("link_error", link_error), ("options", options or None)):
        if value is not None:
            canvas[key] = value
    return canvas


def chain(*steps: Canvas) -> Dict[str, Any]:
    """One after the other; each gets the result before it as its first argument."""
    return {"chain": list(steps)}


def group(*members: Canvas) -> Dict[str, Any]:
    """All at once; the result is the list of theirs."""
    return {"group": list(members)}


def chord(header: Sequence[Canvas], body: Canvas) -> Dict[str, Any]:
    """The header at once, then the body with the list of its results."""
    return {"chord": {"header": list(header), "body": body}}
