"""Sends tasks to a gateway, from ordinary and from asynchronous programs."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from typing import Any, AsyncIterator, Dict, Iterator, List, Mapping, Optional, Sequence, Type, TypeVar, Union

import anyio
import httpx

from . import flows
from .canvas import Canvas
from .errors import CelerityError, NetworkError
from .events import SILENCE, Event, Reader
from .handles import AsyncTask, AsyncWorkflow, BatchAnswer, Task, Workflow, batch_answers

T = TypeVar("T")
C = TypeVar("C", bound="_Base")
Duration = Union[float, str, timedelta]


class _Base:
    def __init__(
        self,
        url: Optional[str] = None,
        key: Optional[str] = None,
        *,
        timeout: float = 30.0,
        attempts: int = 4,
        first_delay: float = 0.25,
        headers: Optional[Mapping[str, str]] = None,
    ) -> None:
        """``key``: an API key or token; none where the gateway asks for none.

        ``timeout`` of one request and ``first_delay`` before its first repeat are in seconds; ``attempts`` is how often it is
        sent at most.
        """
        self._url = (url or flows.DEFAULT_URL).rstrip("/")
        self._policy = flows.Policy(timeout, attempts, first_delay)
        self._headers = {"user-agent": f"celerity-python/{flows.VERSION}", **(headers or {})}
        if key is not None:
            self._headers["authorization"] = f"Bearer {key}"

    @classmethod
    def from_env(cls: Type[C], **options: Any) -> C:
        """As the variables CELERITY_URL and CELERITY_API_KEY say."""
        return cls(os.environ.get("CELERITY_URL"), os.environ.get("CELERITY_API_KEY") or None, **options)

    def _parts(self, request: flows.Request) -> Dict[str, Any]:
        headers = dict(request.headers)
        content = None
        if request.body is not None:
            content = flows.to_json(request.body)
            headers["content-type"] = "application/json"
        timeout = self._policy.timeout
        return {
            "method": request.method,
            "url": self._url + request.path,
            "headers": headers,
            "content": content,
            "timeout": httpx.Timeout(timeout, read=SILENCE if request.is_stream else timeout),
        }

    def _submit(
        self,
        task: str,
        args: Sequence[Any],
        kwargs: Optional[Mapping[str, Any]],
        idempotency_key: Optional[str],
        **options: Any,
    ) -> flows.Flow[Dict[str, Any]]:
        body = flows.task_body(task, args, kwargs, options)
        return flows.post("/v1/tasks", body, idempotency_key, self._policy)

    def _batch(
        self, items: Sequence[Mapping[str, Any]], key: Optional[str], strict: bool
    ) -> flows.Flow[Dict[str, Any]]:
        prefer = "handling=strict" if strict else ""
        return flows.post("/v1/tasks:batch", flows.batch_body(items), key, self._policy, prefer)


class _Body:
    """A body as it comes in, within its limits."""

    def __init__(self, timeout: float) -> None:
        self.bytes = bytearray()
        self._until = time.monotonic() + timeout

    def add(self, piece: bytes) -> None:
        self.bytes += piece
        if len(self.bytes) > flows.MAX_ANSWER:
            raise CelerityError(f"The answer has more than {flows.MAX_ANSWER} bytes")
        if time.monotonic() > self._until:
            raise httpx.ReadTimeout("The answer did not end in time")


def _network_error(cause: Exception) -> NetworkError:
    error = NetworkError(f"No answer from the gateway: {cause or type(cause).__name__}")
    error.__cause__ = cause
    return error


class Client(_Base):
    """Sends tasks to a gateway. Threads may share one. Close it, or use it in a ``with``."""

    def __init__(self, url: Optional[str] = None, key: Optional[str] = None, **options: Any) -> None:
        super().__init__(url, key, **options)
        self._connect()

    def _connect(self) -> None:
        self._http = httpx.Client(headers=self._headers)
        self._process = os.getpid()

    def submit(
        self,
        task: str,
        args: Sequence[Any] = (),
        kwargs: Optional[Mapping[str, Any]] = None,
        *,
        queue: Optional[str] = None,
        delay: Optional[Duration] = None,
        eta: Union[datetime, str, None] = None,
        expires: Union[Duration, datetime, None] = None,
        priority: Optional[int] = None,
        ignore_result: Optional[bool] = None,
        tags: Optional[Sequence[str]] = None,
        dedupe: Optional[Mapping[str, Any]] = None,
        callback: Optional[Mapping[str, Any]] = None,
        idempotency_key: Optional[str] = None,
    ) -> Task[Any]:
        """Returns once the broker has the task.

        ``delay`` and ``expires`` are seconds, ISO 8601 durations or timedeltas; times need a time zone. The ``idempotency_key``
        stands for this request, so that it is done once however often it is sent; default: a random one for each call.
        """
        flow = self._submit(
            task,
            args,
            kwargs,
            idempotency_key,
            queue=queue,
            delay=delay,
            eta=eta,
            expires=expires,
            priority=priority,
            ignore_result=ignore_result,
            tags=tags,
            dedupe=dedupe,
            callback=callback,
        )
        return Task(self, self._run(flow))

    def call(
        self,
        task: str,
        args: Sequence[Any] = (),
        kwargs: Optional[Mapping[str, Any]] = None,
        *,
        timeout: Optional[float] = None,
        **options: Any,
    ) -> Any:
        """Sends a task and waits for what it returns. Raises TaskFailedError, TaskRevokedError, WaitTimeoutError."""
        return self.submit(task, args, kwargs, **options).result(timeout)

    def task(self, id: str) -> Task[Any]:
        """A task that was sent before."""
        return Task(self, {"id": id})

    def batch(
        self,
        items: Sequence[Mapping[str, Any]],
        *,
        idempotency_key: Optional[str] = None,
        strict: bool = False,
    ) -> List[BatchAnswer[Task[Any]]]:
        """Up to 1000 tasks in one request: ``{"task": ..., "args": [...], "queue": ...}`` each. The answers are in their order.

        ``strict``: one that is not good refuses them all.
        """
        answer = self._run(self._batch(items, idempotency_key, strict))
        return batch_answers(answer, lambda item: Task(self, item))

    def workflow(self, canvas: Canvas, *, idempotency_key: Optional[str] = None) -> Workflow[Any]:
        """Sends a whole workflow; returns once the broker has all that starts it."""
        return Workflow(self, self._run(flows.post("/v1/workflows", canvas, idempotency_key, self._policy)))

    def workflow_of(self, id: str) -> Workflow[Any]:
        """A workflow that was sent before, by the id of its last or its first result."""
        return Workflow(self, {"id": id})

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _run(self, flow: flows.Flow[T]) -> T:
        try:
            step = next(flow)
            while True:
                if isinstance(step, flows.Pause):
                    time.sleep(step.seconds)
                    step = next(flow)
                    continue
                try:
                    answer = self._ask(step)
                except httpx.HTTPError as error:
                    step = flow.throw(_network_error(error))
                else:
                    step = flow.send(answer)
        except StopIteration as end:
            return end.value

    def _ask(self, request: flows.Request) -> flows.Answer:
        if self._process != os.getpid():  # A child process has connections of its own.
            self._connect()
        response = self._http.send(self._http.build_request(**self._parts(request)), stream=True)
        status, headers = response.status_code, response.headers
        if request.is_stream and status < 400:
            return flows.Answer(status, headers, stream=response)
        try:
            body = _Body(self._policy.timeout)
            for piece in response.iter_bytes():
                body.add(piece)
            return flows.Answer(status, headers, bytes(body.bytes))
        finally:
            response.close()

    def _events(self, path: str, last_event_id: Optional[str]) -> Iterator[Event]:
        reader = Reader(last_event_id)
        while True:
            request = flows.Request("GET", path, headers=reader.headers, is_stream=True)
            answer = self._run(flows.send(request, self._policy))
            broken: Optional[Exception] = None
            try:
                for piece in answer.stream.iter_bytes():
                    yield from reader.feed(piece)
                    if reader.is_over:
                        return
            except httpx.HTTPError as error:
                broken = error
            finally:
                answer.stream.close()
            if answer.status == 204:
                return
            time.sleep(reader.broken(broken))


class AsyncClient(_Base):
    """Sends tasks to a gateway from asynchronous programs. Close it, or use it in an ``async with``."""

    def __init__(self, url: Optional[str] = None, key: Optional[str] = None, **options: Any) -> None:
        super().__init__(url, key, **options)
        self._http = httpx.AsyncClient(headers=self._headers)

    async def submit(
        self,
        task: str,
        args: Sequence[Any] = (),
        kwargs: Optional[Mapping[str, Any]] = None,
        *,
        queue: Optional[str] = None,
        delay: Optional[Duration] = None,
        eta: Union[datetime, str, None] = None,
        expires: Union[Duration, datetime, None] = None,
        priority: Optional[int] = None,
        ignore_result: Optional[bool] = None,
        tags: Optional[Sequence[str]] = None,
        dedupe: Optional[Mapping[str, Any]] = None,
        callback: Optional[Mapping[str, Any]] = None,
        idempotency_key: Optional[str] = None,
    ) -> AsyncTask[Any]:
        """Returns once the broker has the task.

        ``delay`` and ``expires`` are seconds, ISO 8601 durations or timedeltas; times need a time zone. The ``idempotency_key``
        stands for this request, so that it is done once however often it is sent; default: a random one for each call.
        """
        flow = self._submit(
            task,
            args,
            kwargs,
            idempotency_key,
            queue=queue,
            delay=delay,
            eta=eta,
            expires=expires,
            priority=priority,
            ignore_result=ignore_result,
            tags=tags,
            dedupe=dedupe,
            callback=callback,
        )
        return AsyncTask(self, await self._run(flow))

    async def call(
        self,
        task: str,
        args: Sequence[Any] = (),
        kwargs: Optional[Mapping[str, Any]] = None,
        *,
        timeout: Optional[float] = None,
        **options: Any,
    ) -> Any:
        """Sends a task and waits for what it returns. Raises TaskFailedError, TaskRevokedError, WaitTimeoutError."""
        sent = await self.submit(task, args, kwargs, **options)
        return await sent.result(timeout)

    def task(self, id: str) -> AsyncTask[Any]:
        """A task that was sent before."""
        return AsyncTask(self, {"id": id})

    async def batch(
        self,
        items: Sequence[Mapping[str, Any]],
        *,
        idempotency_key: Optional[str] = None,
        strict: bool = False,
    ) -> List[BatchAnswer[AsyncTask[Any]]]:
        """Up to 1000 tasks in one request: ``{"task": ..., "args": [...], "queue": ...}`` each. The answers are in their order.

        ``strict``: one that is not good refuses them all.
        """
        answer = await self._run(self._batch(items, idempotency_key, strict))
        return batch_answers(answer, lambda item: AsyncTask(self, item))

    async def workflow(self, canvas: Canvas, *, idempotency_key: Optional[str] = None) -> AsyncWorkflow[Any]:
        """Sends a whole workflow; returns once the broker has all that starts it."""
        return AsyncWorkflow(
            self, await self._run(flows.post("/v1/workflows", canvas, idempotency_key, self._policy))
        )

    def workflow_of(self, id: str) -> AsyncWorkflow[Any]:
        """A workflow that was sent before, by the id of its last or its first result."""
        return AsyncWorkflow(self, {"id": id})

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()

    async def _run(self, flow: flows.Flow[T]) -> T:
        try:
            step = next(flow)
            while True:
                if isinstance(step, flows.Pause):
                    await anyio.sleep(step.seconds)
                    step = next(flow)
                    continue
                try:
                    answer = await self._ask(step)
                except httpx.HTTPError as error:
                    step = flow.throw(_network_error(error))
                else:
                    step = flow.send(answer)
        except StopIteration as end:
            return end.value

    async def _ask(self, request: flows.Request) -> flows.Answer:
        response = await self._http.send(self._http.build_request(**self._parts(request)), stream=True)
        status, headers = response.status_code, response.headers
        if request.is_stream and status < 400:
            return flows.Answer(status, headers, stream=response)
        try:
            body = _Body(self._policy.timeout)
            async for piece in response.aiter_bytes():
                body.add(piece)
            return flows.Answer(status, headers, bytes(body.bytes))
        finally:
            await response.aclose()

    async def _events(self, path: str, last_event_id: Optional[str]) -> AsyncIterator[Event]:
        reader = Reader(last_event_id)
        while True:
            request = flows.Request("GET", path, headers=reader.headers, is_stream=True)
            answer = await self._run(flows.send(request, self._policy))
            broken: Optional[Exception] = None
            try:
                async for piece in answer.stream.aiter_bytes():
                    for event in reader.feed(piece):
                        yield event
                    if reader.is_over:
                        return
            except httpx.HTTPError as error:
                broken = error
            finally:
                await answer.stream.aclose()
            if answer.status == 204:
                return
            await anyio.sleep(reader.broken(broken))
