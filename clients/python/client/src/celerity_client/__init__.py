"""Client of the Celerity gateway: send Celery tasks over HTTP, follow them and read their results."""

from .canvas import chain, chord, group, task
from .client import AsyncClient, Client
from .errors import (
    ApiError,
    CelerityError,
    ForbiddenError,
    InvalidArgumentsError,
    NetworkError,
    QuotaError,
    TaskFailedError,
    TaskRevokedError,
    UnauthorizedError,
    UnavailableError,
    UnknownTaskError,
    WaitTimeoutError,
    WebhookError,
)
from .events import Event
from .handles import AsyncTask, AsyncWorkflow, BatchAnswer, Task, TaskInfo, Workflow, WorkflowInfo
from .webhooks import verify_webhook

__version__ = "0.1.0"

__all__ = [
    "ApiError",
    "AsyncClient",
    "AsyncTask",
    "AsyncWorkflow",
    "BatchAnswer",
    "CelerityError",
    "Client",
    "Event",
    "ForbiddenError",
    "InvalidArgumentsError",
    "NetworkError",
    "QuotaError",
    "Task",
    "TaskFailedError",
    "TaskInfo",
    "TaskRevokedError",
    "UnauthorizedError",
    "UnavailableError",
    "UnknownTaskError",
    "WaitTimeoutError",
    "WebhookError",
    "Workflow",
    "WorkflowInfo",
    "chain",
    "chord",
    "group",
    "task",
    "verify_webhook",
]
