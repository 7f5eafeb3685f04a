"""Tasks and workflows that were sent, for both clients."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import (
    TYPE_CHECKING,
    Any,
    AsyncIterator,
    Dict,
    Generic,
    Iterator,
    List,
    Mapping,
    Optional,
    TypeVar,
)
from urllib.parse import quote

from . import flows
from .errors import ApiError, api_error
from .events import Event

if TYPE_CHECKING:
    from .client import AsyncClient, Client

T = TypeVar("T")


@dataclass(frozen=True)
class TaskInfo(Generic[T]):
    """What is known of a task. States are Celery's, and SCHEDULED and LOST."""

    id: str
    state: str
    #: It will not change any more.
    terminal: bool
    task: Optional[str] = None
    #: Only in SUCCESS.
    result: Optional[T] = None
    #: What the task says of itself while it runs, such as its progress.
    meta: Any = None
    #: How it failed: type, module, message and args.
    error: Optional[Mapping[str, Any]] = None
    #: All members that the gateway shows.
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class WorkflowInfo(Generic[T]):
    """What is known of a workflow."""

    id: str
    state: str
    terminal: bool
    #: Tasks by state.
    counts: Mapping[str, int]
    result: Optional[T] = None
    error: Optional[Mapping[str, Any]] = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


def task_info(raw: Dict[str, Any]) -> TaskInfo[Any]:
    names = ("id", "state", "terminal", "task", "result", "meta", "error")
    return TaskInfo(raw=raw, **{name: raw[name] for name in names if name in raw})


def workflow_info(raw: Dict[str, Any]) -> WorkflowInfo[Any]:
    names = ("id", "state", "terminal", "counts", "result", "error")
    return WorkflowInfo(raw=raw, **{name: raw[name] for name in names if name in raw})


class _Sent:
    def __init__(self, id: str, state: str, folder: str, raw: Optional[Mapping[str, Any]] = None) -> None:
        self.id = id
        #: The state when it was sent.
        self.state = state
        #: What the gateway answered when it took it.
        self.raw: Mapping[str, Any] = raw or {}
        self._path = f"/v1/{folder}/{quote(id, safe='')}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"


class _SentTask(_Sent):
    def __init__(self, accepted: Mapping[str, Any]) -> None:
        super().__init__(accepted["id"], accepted.get("state", "PENDING"), "tasks", accepted)
        #: The name of the task; None when only the id is known.
        self.task: Optional[str] = accepted.get("task")
        #: None was sent: this one, with the same ``dedupe`` key, was there.
        self.deduplicated: bool = accepted.get("deduplicated", False)

    def _get(self, policy: flows.Policy) -> flows.Flow[TaskInfo[Any]]:
        return task_info((yield from flows.get(self._path, policy)))

    def _wait(self, timeout: Optional[float], policy: flows.Policy) -> flows.Flow[TaskInfo[Any]]:
        poll = flows.poll(self.id, self._path, timeout, policy, lambda _, body: body["terminal"])
        return task_info((yield from poll))

    def _result(self, timeout: Optional[float], policy: flows.Policy) -> flows.Flow[Any]:
        path = f"{self._path}/result"
        return (yield from flows.poll(self.id, path, timeout, policy, lambda status, _: status != 202))

    def _cancel(self, terminate: bool, signal: Optional[str], policy: flows.Policy) -> flows.Flow[None]:
        body: Dict[str, Any] = {"terminate": terminate}
        if signal is not None:
            body["signal"] = signal
        yield from flows.send(flows.Request("POST", f"{self._path}:revoke", body), policy)


class _SentWorkflow(_Sent):
    def __init__(self, accepted: Mapping[str, Any]) -> None:
        super().__init__(accepted["id"], accepted.get("state", "PENDING"), "workflows", accepted)

    def _get(self, policy: flows.Policy) -> flows.Flow[WorkflowInfo[Any]]:
        return workflow_info((yield from flows.get(self._path, policy)))

    def _wait(self, timeout: Optional[float], policy: flows.Policy) -> flows.Flow[WorkflowInfo[Any]]:
        poll = flows.poll(self.id, self._path, timeout, policy, lambda _, body: body["terminal"])
        return workflow_info((yield from poll))

    def _cancel(self, terminate: bool, policy: flows.Policy) -> flows.Flow[None]:
        path = f"{self._path}?terminate={str(terminate).lower()}"
        yield from flows.send(flows.Request("DELETE", path), policy)


class Task(_SentTask, Generic[T]):
    """A task."""

    def __init__(self, client: Client, accepted: Mapping[str, Any]) -> None:
        super().__init__(accepted)
        self._client = client

    def get(self) -> TaskInfo[T]:
        return self._client._run(self._get(self._client._policy))

    def wait(self, timeout: Optional[float] = None) -> TaskInfo[T]:
        """The task once it has ended, however it did. Raises WaitTimeoutError after ``timeout`` seconds."""
        return self._client._run(self._wait(timeout, self._client._policy))

    def result(self, timeout: Optional[float] = None) -> T:
        """Waits for what the task returns. Raises TaskFailedError, TaskRevokedError, WaitTimeoutError."""
        return self._client._run(self._result(timeout, self._client._policy))

    def events(self, last_event_id: Optional[str] = None) -> Iterator[Event]:
        """Everything that happens to it, until it has ended."""
        return self._client._events(f"{self._path}/events", last_event_id)

    def cancel(self, terminate: bool = False, signal: Optional[str] = None) -> None:
        """Calls it off, with ``terminate`` also when it runs. Raises ApiError ``task-terminal`` when it has ended."""
        self._client._run(self._cancel(terminate, signal, self._client._policy))


class AsyncTask(_SentTask, Generic[T]):
    """A task."""

    def __init__(self, client: AsyncClient, accepted: Mapping[str, Any]) -> None:
        super().__init__(accepted)
        self._client = client

    async def get(self) -> TaskInfo[T]:
        return await self._client._run(self._get(self._client._policy))

    async def wait(self, timeout: Optional[float] = None) -> TaskInfo[T]:
        """The task once it has ended, however it did. Raises WaitTimeoutError after ``timeout`` seconds."""
        return await self._client._run(self._wait(timeout, self._client._policy))

    async def result(self, timeout: Optional[float] = None) -> T:
        """Waits for what the task returns. Raises TaskFailedError, TaskRevokedError, WaitTimeoutError."""
        return await self._client._run(self._result(timeout, self._client._policy))

    def events(self, last_event_id: Optional[str] = None) -> AsyncIterator[Event]:
        """Everything that happens to it, until it has ended."""
        return self._client._events(f"{self._path}/events", last_event_id)

    async def cancel(self, terminate: bool = False, signal: Optional[str] = None) -> None:
        """Calls it off, with ``terminate`` also when it runs. Raises ApiError ``task-terminal`` when it has ended."""
        await self._client._run(self._cancel(terminate, signal, self._client._policy))


class Workflow(_SentWorkflow, Generic[T]):
    """A workflow. Its id is that of its last result."""

    def __init__(self, client: Client, accepted: Mapping[str, Any]) -> None:
        super().__init__(accepted)
        self._client = client

    def get(self) -> WorkflowInfo[T]:
        return self._client._run(self._get(self._client._policy))

    def wait(self, timeout: Optional[float] = None) -> WorkflowInfo[T]:
        """The workflow once it has ended, however it did. Raises WaitTimeoutError after ``timeout`` seconds."""
        return self._client._run(self._wait(timeout, self._client._policy))

    def events(self, last_event_id: Optional[str] = None) -> Iterator[Event]:
        """What happens to its tasks, until all have ended."""
        return self._client._events(f"{self._path}/events", last_event_id)

    def cancel(self, terminate: bool = False) -> None:
        """Calls off what has not ended."""
        self._client._run(self._cancel(terminate, self._client._policy))


class AsyncWorkflow(_SentWorkflow, Generic[T]):
    """A workflow. Its id is that of its last result."""

    def __init__(self, client: AsyncClient, accepted: Mapping[str, Any]) -> None:
        super().__init__(accepted)
        self._client = client

    async def get(self) -> WorkflowInfo[T]:
        return await self._client._run(self._get(self._client._policy))

    async def wait(self, timeout: Optional[float] = None) -> WorkflowInfo[T]:
        """The workflow once it has ended, however it did. Raises WaitTimeoutError after ``timeout`` seconds."""
        return await self._client._run(self._wait(timeout, self._client._policy))

    def events(self, last_event_id: Optional[str] = None) -> AsyncIterator[Event]:
        """What happens to its tasks, until all have ended."""
        return self._client._events(f"{self._path}/events", last_event_id)

    async def cancel(self, terminate: bool = False) -> None:
        """Calls off what has not ended."""
        await self._client._run(self._cancel(terminate, self._client._policy))


TaskType = TypeVar("TaskType", bound=_SentTask)


@dataclass(frozen=True)
class BatchAnswer(Generic[TaskType]):
    """What became of a task of a batch: ``task`` or ``problem``."""

    status: int
    task: Optional[TaskType] = None
    problem: Optional[ApiError] = None


def batch_answers(answer: Mapping[str, Any], to_task: Any) -> List[BatchAnswer[Any]]:
    answers: List[BatchAnswer[Any]] = []
    for item in answer["items"]:
        status, problem = item["status"], item.get("problem")
        if problem is None:
            answers.append(BatchAnswer(status, task=to_task(item)))
        else:
            answers.append(BatchAnswer(status, problem=api_error(status, problem)))
    return answers
