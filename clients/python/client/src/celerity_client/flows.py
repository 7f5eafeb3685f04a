"""What is asked of a gateway, and when again; nothing here waits or sends. The clients do that, each in its way.

A flow is a generator: it yields a Request and is sent the Answer (or a NetworkError is thrown in), or it yields a Pause.
"""

from __future__ import annotations

import json
import math
import random
import time
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Callable, Dict, Generator, List, Mapping, Optional, Sequence, TypeVar, Union

from .errors import ApiError, CelerityError, NetworkError, WaitTimeoutError, api_error

VERSION = "0.1.0"
DEFAULT_URL = "http://127.0.0.1:8420"
#: Largest answer, in bytes.
MAX_ANSWER = 64 * 1024 * 1024
#: Longest time that one request waits, in seconds.
_SLICE = 20.0
_MAX_DELAY = 10.0
_MAX_RETRY_AFTER = 60.0

T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    method: str
    #: Begins with a slash.
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    #: The answer is read as it comes.
    is_stream: bool = False


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    #: The open response, of a stream.
    stream: Any = None

    def json(self) -> Any:
        try:
            return json.loads(self.body) if self.body else None
        except (ValueError, RecursionError) as error:
            raise CelerityError("The answer is not JSON: is this the URL of a gateway?") from error


@dataclass(frozen=True)
class Pause:
    seconds: float


Flow = Generator[Union[Request, Pause], Any, T]


@dataclass(frozen=True)
class Policy:
    """How long a request may take, and how it is repeated. Times are in seconds."""

    timeout: float = 30.0
    #: The first time included.
    attempts: int = 4
    #: Doubled for each further one; a random part of it is waited.
    first_delay: float = 0.25


def send(request: Request, policy: Policy) -> Flow[Answer]:
    """The answer, when it is no error. Raises ApiError and NetworkError once repeats do not help."""
    for attempt in range(policy.attempts):
        is_last = attempt == policy.attempts - 1
        asked = 0.0
        try:
            answer: Answer = yield request
            if answer.status < 400:
                return answer
            error = to_error(answer)
            if is_last or not _may_help(error):
                raise error
            asked = error.retry_after or 0.0
        except NetworkError:
            if is_last:
                raise
        delay = random.uniform(0, min(policy.first_delay * 2**attempt, _MAX_DELAY))
        yield Pause(max(delay, min(asked, _MAX_RETRY_AFTER)))
    raise ValueError("attempts must be at least 1")


def post(path: str, body: Any, key: Optional[str], policy: Policy, prefer: str = "") -> Flow[Any]:
    headers = {"idempotency-key": key or str(uuid.uuid4())}
    if prefer:
        headers["prefer"] = prefer
    answer = yield from send(Request("POST", path, body, headers), policy)
    return answer.json()


def get(path: str, policy: Policy) -> Flow[Any]:
    return (yield from send(Request("GET", path), policy)).json()


def poll(
    id: str, path: str, timeout: Optional[float], policy: Policy, is_over: Callable[[int, Any], bool]
) -> Flow[Any]:
    """Asks until the answer is over, one long request after the other. Raises WaitTimeoutError."""
    until = None if timeout is None else time.monotonic() + timeout
    longest = min(_SLICE, policy.timeout * 2 / 3)
    while True:
        begin = time.monotonic()
        left = longest if until is None else max(0.0, until - begin)
        wait = math.ceil(min(longest, left))
        answer = yield from send(Request("GET", path, headers={"prefer": f"wait={wait}"}), policy)
        body = answer.json()
        if is_over(answer.status, body):
            return body
        now = time.monotonic()
        if until is not None and now >= until:
            raise WaitTimeoutError(id, timeout or 0)
        # A gateway that did not wait says when to ask again; one that did has let that time pass.
        asked = retry_after(answer.headers)
        pause = (1.0 if asked is None else asked) - (now - begin)
        if pause > 0:
            yield Pause(pause if until is None else min(pause, until - now))


def to_error(answer: Answer) -> ApiError:
    try:
        raw = json.loads(answer.body)
    except (ValueError, RecursionError):
        raw = None
    if not isinstance(raw, dict):  # Of a proxy between.
        raw = {"detail": answer.body[:500].decode("utf-8", "replace")}
    return api_error(answer.status, raw, retry_after(answer.headers))


def retry_after(headers: Mapping[str, str]) -> Optional[float]:
    """Seconds until then; None when the header is not there, or is neither a number nor a date."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        then = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    return max(0.0, then.replace(tzinfo=then.tzinfo or timezone.utc).timestamp() - time.time())


def _may_help(error: ApiError) -> bool:
    return error.status in (429, 502, 503, 504) or (error.status, error.type) == (
        409,
        "idempotency-in-progress",
    )


def to_json(value: Any) -> bytes:
    """Raises CelerityError for what JSON does not have."""
    try:
        return json.dumps(value, allow_nan=False, default=_no_json).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise CelerityError(f"Arguments over HTTP are plain JSON: {error}") from error


def _no_json(value: Any) -> Any:
    hint = "; write it as text, such as .isoformat()" if isinstance(value, date) else ""
    raise TypeError(f"{type(value).__name__} has no form in JSON{hint}")


def task_body(
    task: str, args: Sequence[Any], kwargs: Optional[Mapping[str, Any]], options: Mapping[str, Any]
) -> Dict[str, Any]:
    """A task as the gateway takes it. Options that are None are left out."""
    body: Dict[str, Any] = {"task": task, "args": list(args), "kwargs": dict(kwargs or {})}
    for name, value in options.items():
        if value is not None:
            body[name] = list(value) if name == "tags" else to_time(name, value)
    return body


def to_time(name: str, value: Any) -> Any:
    """Times and durations of Python as the gateway has them, and everything else as it is."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError(f"{name} needs a time zone, such as datetime.now(timezone.utc)")
    return value.isoformat()


def batch_body(items: Sequence[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    bodies = []
    for item in items:
        options = {name: value for name, value in item.items() if name not in ("task", "args", "kwargs")}
        bodies.append(task_body(item["task"], item.get("args", ()), item.get("kwargs"), options))
    return bodies
