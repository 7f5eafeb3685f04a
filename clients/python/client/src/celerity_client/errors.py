"""What can go wrong. Everything that this package raises on purpose is a CelerityError."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Type


class CelerityError(Exception):
    """The base of all others."""


class NetworkError(CelerityError):
    """No answer came, though the request was repeated; ``__cause__`` says why."""


class WaitTimeoutError(CelerityError, TimeoutError):
    """The task or the workflow has not ended within the time that you gave it. It goes on."""

    def __init__(self, id: str, seconds: float) -> None:
        super().__init__(f"{id} has not ended within {seconds:g} s")
        self.id = id


class WebhookError(CelerityError):
    """A webhook that the gateway did not sign, or did not sign now."""


class ApiError(CelerityError):
    """The gateway said no (RFC 9457).

    ``type`` is the short name of the problem, such as ``invalid-arguments``, and ``unknown`` for an answer that is no problem
    document. ``errors`` says where the request is wrong: ``{"pointer": ..., "detail": ...}`` each. ``retry_after`` is in seconds,
    ``raw`` has all members.
    """

    def __init__(self, status: int, raw: Mapping[str, Any], retry_after: Optional[float] = None) -> None:
        self.status = status
        self.type = short_name(raw)
        self.title = str(raw.get("title") or f"HTTP status {status}")
        self.detail = str(raw.get("detail") or "")
        self.errors: List[Dict[str, str]] = raw["errors"] if isinstance(raw.get("errors"), list) else []
        self.retry_after = retry_after
        self.raw = raw
        super().__init__(f"{self.title}: {self.detail}" if self.detail else self.title)


class UnauthorizedError(ApiError):
    """401"""


class ForbiddenError(ApiError):
    """403"""


class UnknownTaskError(ApiError):
    """404: the gateway knows no task of this id."""


class InvalidArgumentsError(ApiError):
    """422: ``errors`` says what is wrong, and where."""


class QuotaError(ApiError):
    """429"""


class UnavailableError(ApiError):
    """503"""


class TaskFailedError(ApiError):
    """The task ran and failed. ``error`` has ``type``, ``module``, ``message`` and ``args`` of what it raised."""

    @property
    def task_id(self) -> str:
        return str(self.raw.get("id", ""))

    @property
    def error(self) -> Dict[str, Any]:
        return self.raw.get("error") or {}


class TaskRevokedError(ApiError):
    """The task was called off, or expired, before it ran."""

    @property
    def task_id(self) -> str:
        return str(self.raw.get("id", ""))


_BY_TYPE: Dict[str, Type[ApiError]] = {
    "task-failed": TaskFailedError,
    "task-revoked": TaskRevokedError,
    "unknown-task": UnknownTaskError,
    "invalid-arguments": InvalidArgumentsError,
}
_BY_STATUS: Dict[int, Type[ApiError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    429: QuotaError,
    503: UnavailableError,
}


def api_error(status: int, raw: Mapping[str, Any], retry_after: Optional[float] = None) -> ApiError:
    """The error for an answer of 4xx or 5xx, whose body is ``raw``."""
    cls = _BY_TYPE.get(short_name(raw)) or _BY_STATUS.get(status) or ApiError
    return cls(status, raw, retry_after)


def short_name(raw: Mapping[str, Any]) -> str:
    """``/problems/unknown-task`` is unknown-task; types of other registries may have their name behind a ``#``."""
    uri = raw.get("type")
    return (re.split("[/#]", uri)[-1] if isinstance(uri, str) else "") or "unknown"
