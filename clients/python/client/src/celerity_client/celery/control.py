"""Remote control, as far as the gateway offers it to senders of tasks."""

from __future__ import annotations

from typing import Any, Iterable, Optional, Union

from celery.app.control import Control

from ..errors import ApiError
from .sending import GatewayUnsupported


class GatewayControl(Control):
    """``app.control`` and ``result.revoke()``."""

    def revoke(
        self,
        task_id: Union[str, Iterable[str]],
        destination: Any = None,
        terminate: bool = False,
        signal: Optional[str] = None,
        **options: Any,
    ) -> None:
        """Tells the gateway, which tells the workers. Tasks that have ended are left alone, as Celery does."""
        for name, value in {"destination": destination, **options}.items():
            if value and name not in ("connection", "timeout"):
                raise GatewayUnsupported(f"The option {name} of revoke cannot be sent through the gateway")
        for one in [task_id] if isinstance(task_id, str) else task_id:
            try:
                self.app._celerity_client.task(one).cancel(
                    terminate, str(signal) if terminate and signal else None
                )
            except ApiError as error:
                if error.type != "task-terminal":
                    raise

    def broadcast(self, command: str, *args: Any, **options: Any) -> Any:
        raise GatewayUnsupported(
            f"The control command {command} cannot be sent; GET /v1/workers of the gateway tells of workers"
        )

    def purge(self, connection: Any = None) -> Any:
        raise GatewayUnsupported(
            "purge cannot be done through Celery's client; POST /v1/queues/{name}:purge of the gateway"
        )

    discard_all = purge
