"""An app of Celery whose tasks go through a gateway: for hosts that cannot reach the broker.

After ``use_gateway(app, url, key)`` these work as before: ``task.delay()``, ``task.apply_async()``, ``app.send_task()``, chains,
groups and chords, the results of all of them, and ``revoke``. What HTTP cannot carry raises GatewayUnsupported, which names it.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Optional

from celery import Celery

from ..client import Client
from .canvas import send_canvases_over_gateways
from .control import GatewayControl
from .results import GatewayBackend
from .sending import GatewayUnsupported, send_task

__all__ = ["GatewayBackend", "GatewayControl", "GatewayUnsupported", "use_gateway"]


def use_gateway(app: Celery, url: Optional[str] = None, key: Optional[str] = None, **options: Any) -> Client:
    """Sends what the app sends through the gateway from now on, and reads results there.

    Without ``url`` and ``key`` the variables CELERITY_URL and CELERITY_API_KEY count; ``options`` are those of Client, which is
    returned. The app's broker and result store are not used any more. Call it right after ``app = Celery(...)``, in processes
    that send tasks, and not in workers.
    """
    client = Client.from_env(**options) if url is None and key is None else Client(url, key, **options)
    app._celerity_client = client
    app.send_task = partial(send_task, app, client)
    app.control = GatewayControl(app)
    app.backend_cls = f"{GatewayBackend.__module__}:{GatewayBackend.__name__}"
    # One that was made before.
    app._backend_cache = None
    app._local.__dict__.pop("backend", None)
    send_canvases_over_gateways()
    return client
