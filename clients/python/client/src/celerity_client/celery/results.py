"""Results as the gateway tells them, so that AsyncResult and GroupResult of Celery work unchanged."""

from __future__ import annotations

import json
import time
from typing import Any, Dict, Mapping, Optional

from celery import states
from celery.backends.base import BaseBackend
from celery.exceptions import TaskRevokedError, TimeoutError
from kombu.utils.json import loads

from ..client import Client
from ..errors import ApiError, WaitTimeoutError
from .sending import GatewayUnsupported

#: Longest time that one request waits, in seconds; of a task with others before it, of which one may have failed.
_SLICE = 20.0
_SLICE_WITH_PARENTS = 2.0


class GatewayBackend(BaseBackend):
    """A result store of Celery that asks a gateway. It is read only."""

    thread_safe = True
    supports_native_join = False
    persistent = False

    @property
    def _client(self) -> Client:
        return self.app._celerity_client

    def _get_task_meta_for(self, task_id: str) -> Dict[str, Any]:
        try:
            return self._to_meta(self._client.task(task_id).get().raw)
        except ApiError as error:
            # What nobody knows of is PENDING in Celery.
            if error.type != "unknown-task":
                raise
            return {"status": states.PENDING, "result": None, "task_id": task_id}

    def wait_for_pending(
        self,
        result: Any,
        timeout: Optional[float] = None,
        interval: float = 0.5,
        no_ack: bool = True,
        on_message: Any = None,
        on_interval: Any = None,
        callback: Any = None,
        propagate: bool = True,
    ) -> Any:
        """Waits at the gateway. Raises celery.exceptions.TimeoutError, and what the task raised."""
        if on_message is not None:
            raise GatewayUnsupported("on_message cannot be used with the gateway: it is told no messages")
        until = None if timeout is None else time.monotonic() + timeout
        longest = _SLICE if result.parent is None else _SLICE_WITH_PARENTS
        while True:
            left = longest if until is None else max(0.0, min(longest, until - time.monotonic()))
            try:
                meta = self._to_meta(self._client.task(result.id).wait(left).raw)
                break
            except WaitTimeoutError:
                if until is not None and time.monotonic() >= until:
                    raise TimeoutError("The operation timed out.") from None
            if on_interval is not None:
                on_interval()
        result._maybe_set_cache(meta)
        return result.maybe_throw(propagate=propagate, callback=callback)

    def _to_meta(self, view: Mapping[str, Any]) -> Dict[str, Any]:
        """What Celery's stores hold of a task, made of what the gateway says."""
        state, error = view["state"], view.get("error")
        meta = {
            "status": state,
            "task_id": view["id"],
            "traceback": (error or {}).get("traceback"),
            "children": [],
            "name": view.get("task"),
            "date_done": view.get("done_at"),
        }
        for name in ("worker", "queue", "retries"):
            meta[name] = view.get(name)
        if state in states.EXCEPTION_STATES:
            meta["result"] = self._to_exception(state, error)
        else:
            # With the types that Celery writes into JSON.
            meta["result"] = loads(json.dumps(view.get("result", view.get("meta"))))
        return meta

    def _to_exception(self, state: str, error: Optional[Mapping[str, Any]]) -> BaseException:
        if error is None:
            return TaskRevokedError("revoked") if state == states.REVOKED else Exception(state)
        told = {"exc_type": error["type"], "exc_module": error["module"], "exc_message": error["args"]}
        return self.exception_to_python(told)

    def forget(self, task_id: str) -> None:
        raise GatewayUnsupported("forget: results cannot be removed through the gateway; they expire")

    def store_result(self, task_id: str, *args: Any, **options: Any) -> Any:
        raise GatewayUnsupported("store_result: results cannot be written through the gateway")

    def save_group(self, group_id: str, result: Any) -> Any:
        raise GatewayUnsupported(
            "save: groups cannot be written through the gateway; keep the ids of their tasks"
        )

    def restore_group(self, group_id: str, cache: bool = True) -> Any:
        raise GatewayUnsupported(
            "restore: groups cannot be read through the gateway; keep the ids of their tasks"
        )

    def delete_group(self, group_id: str) -> Any:
        raise GatewayUnsupported("delete: groups cannot be removed through the gateway")
