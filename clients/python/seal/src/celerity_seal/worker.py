"""Verifying: a worker sees no message, and reads nothing of a body, before its seal was checked."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import lru_cache, partial
from typing import Any, Callable, Dict, List, Optional, Tuple

from celery import bootsteps, signals
from celery.app.task import Context
from celery.utils.log import get_logger
from kombu import Producer, Queue
from kombu.compression import decompress
from kombu.message import Message as KombuMessage
from kombu.pidbox import Mailbox, Node
from kombu.utils.encoding import str_to_bytes

from .format import Message, SealError
from .sealing import Sealing, Taken

logger = get_logger(__name__)

#: Whether the message, read from the queue, may be handed on; it is settled when not.
Admits = Callable[["SealedMessage", str], bool]

#: Seconds until messages that could not be checked are tried again.
PAUSE = 5
#: Longest reason kept in a header, in characters, and longest id that a result is stored for.
MAX_REASON = 1000
MAX_ID = 255
KEPT_PROPERTIES = ("correlation_id", "reply_to", "priority", "delivery_mode", "message_id", "type", "app_id")
PUBLISH_RETRIES = {"max_retries": 2, "interval_start": 0, "interval_step": 0.2}


class SealedMessage(KombuMessage):
    """Mixed into a transport's message: `raw` is the body as the broker has it, unread until `open()`."""

    #: kombu decompresses a message as soon as it is made, unless there are errors.
    errors: Any = ("not opened",)
    taken: Optional[Taken] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.errors = []
        self.body = self.raw = str_to_bytes(self.body or b"")

    def open(self) -> None:
        """Decompresses the body, as kombu would have."""
        compression = self.headers.get("compression")
        if compression:
            self.body = decompress(self.raw, compression)

    def sealable(self) -> Message:
        reply_to, correlation_id = self.properties.get("reply_to"), self.properties.get("correlation_id")
        return Message(
            self.headers, self.raw, reply_to, correlation_id, self.content_type, self.content_encoding
        )

    @property
    def redelivered(self) -> bool:
        """As RabbitMQ and Redis mark it; kombu's other transports do it beside the properties."""
        return (self.delivery_info.get("redelivered") or getattr(self, "_raw", {}).get("redelivered")) is True

    def ack(self, multiple: bool = False) -> None:
        super().ack(multiple=multiple)
        if self.taken:
            self.taken.done()

    def reject(self, requeue: bool = False) -> None:
        super().reject(requeue=requeue)
        if self.taken and not requeue:
            self.taken.done()

    def serializable(self) -> Dict[str, Any]:
        """What kombu puts back on a queue: with the body that was sealed, not the decompressed one."""
        payload = super().serializable()  # type: ignore[misc]
        return {**payload, "body": self._raw["body"], "headers": self.headers}  # type: ignore[attr-defined]


@lru_cache(maxsize=None)
def _sealed_class(message_class: type) -> type:
    return type("SealedMessage", (SealedMessage, message_class), {})


def guard(consumer: Any, admits: Admits) -> None:
    """Makes a kombu consumer that does not consume yet hand on only what is admitted."""
    consumer.channel.Message = _sealed_class(type(consumer.channel).Message)
    consume = consumer._basic_consume

    def basic_consume(queue: Queue, *args: Any, **kwargs: Any) -> Any:
        # kombu hands this callback to the transport: so it knows the queue, which a message may lie about.
        consumer._receive_callback = partial(_receive, consumer, admits, queue.name)
        return consume(queue, *args, **kwargs)

    consumer._basic_consume = basic_consume


def _receive(consumer: Any, admits: Admits, queue: str, message: Any) -> None:
    message = consumer.channel.message_to_python(message)
    message.accept = consumer.accept
    if admits(message, queue):
        _hand_on(consumer, message)


def _hand_on(consumer: Any, message: SealedMessage) -> None:
    """Does what `Consumer._receive_callback` of kombu does."""
    try:
        message.open()
        decoded = None if consumer.on_message else message.decode()
    except Exception as error:
        consumer.on_decode_error(message, error)
    else:
        consumer.on_message(message) if consumer.on_message else consumer.receive(decoded, message)


class VerifyTasks(bootsteps.StartStopStep):
    """The worker's step that guards its task consumer."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, c: Any, **kwargs: Any) -> None:
        super().__init__(c, **kwargs)
        self.sealing: Sealing = c.app.sealing
        self.enabled = self.sealing.mode != "off"
        if self.enabled:
            self.sealing.check()
            for signal in (signals.task_unknown, signals.task_rejected):
                signal.connect(_release, sender=c, weak=False)

    def start(self, c: Any) -> None:
        guard(c.task_consumer, TaskGate(self.sealing, c).admits)


def _release(message: Any = None, **_: Any) -> None:
    """The worker refused the message before it ran; it may be put back once the cause is gone."""
    if getattr(message, "taken", None):
        message.taken.release()


class TaskGate:
    """Admits task messages with a good seal; the others become dead letters, as in the TypeScript worker."""

    def __init__(self, sealing: Sealing, consumer: Any) -> None:
        self.sealing = sealing
        self.app = sealing.app
        self.consumer = consumer
        self.task_consumer = consumer.task_consumer
        #: What could not be checked yet, in its order; unacknowledged, so that the prefetch limit bounds it.
        self._waiting: List[Tuple[SealedMessage, str]] = []

    def admits(self, message: SealedMessage, queue: str) -> bool:
        if self._waiting:
            self._wait(message, queue)
            return False
        try:
            taken = self.sealing.take(message.sealable(), queue, message.redelivered)
        except SealError as error:
            if error.code == "unsigned" and self.sealing.mode == "accept-legacy":
                self.sealing.warn_of_unsealed(message.headers.get("task"))
                return True
            self._refuse(message, queue, error)
            return False
        except Exception as error:
            logger.error("Seals cannot be checked, messages wait: %r", error)
            self._wait(message, queue)
            return False
        if taken.is_done:
            message.ack_log_error(logger, self.consumer.connection_errors)
            return False
        message.taken = taken
        return True

    def _wait(self, message: SealedMessage, queue: str) -> None:
        if not self._waiting:
            self.consumer.timer.call_after(PAUSE, self.consumer.call_soon, (self._try_again,))
        self._waiting.append((message, queue))

    def _try_again(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self.consumer.task_consumer is not self.task_consumer:
            return  # The connection was lost meanwhile: the broker hands them out again.
        for message, queue in waiting:
            if self.admits(message, queue):
                _hand_on(self.task_consumer, message)

    def _refuse(self, message: SealedMessage, queue: str, error: SealError) -> None:
        task, task_id = message.headers.get("task"), message.headers.get("id")
        what = (queue, error, task, task_id)
        logger.error("Refused a message of queue %r, now a dead letter: %s (task %.200r, id %.200r)", *what)
        try:
            self._keep(message, queue, error)
            # The id of a replay is that of the first delivery, whose result must stay.
            if error.code != "replay" and isinstance(task_id, str) and 0 < len(task_id) <= MAX_ID:
                self._store_failure(message, task_id, error)
        except Exception as failure:
            logger.error("The dead letter or its failure could not be stored, messages wait: %r", failure)
            self._wait(message, queue)
        else:
            message.ack_log_error(logger, self.consumer.connection_errors)
            signals.task_rejected.send(sender=self.consumer, message=message, exc=error)

    def _keep(self, message: SealedMessage, queue: str, error: SealError) -> None:
        """Publishes the original bytes and headers, with a producer that does not seal them."""
        dead = Queue(f"{queue}.dead")
        explanation = {
            "x-celerity-reason": error.code,
            "x-celerity-detail": error.detail[:MAX_REASON],
            "x-celerity-queue": queue,
            "x-celerity-worker": self.consumer.hostname,
            "x-celerity-at": datetime.now(timezone.utc).isoformat(),
        }
        present = ((name, message.properties.get(name)) for name in KEPT_PROPERTIES)
        with self.app.pool.acquire(block=True) as connection:
            Producer(connection, auto_declare=False).publish(
                message.raw,
                exchange="",
                routing_key=dead.name,
                declare=[dead],
                headers={**message.headers, **explanation},
                content_type=message.content_type,
                content_encoding=message.content_encoding,
                retry=True,
                retry_policy=PUBLISH_RETRIES,
                **{name: value for name, value in present if value is not None},
            )

    def _store_failure(self, message: SealedMessage, task_id: str, error: SealError) -> None:
        sealable = message.sealable()
        request = Context(
            id=task_id,
            task=message.headers.get("task"),
            correlation_id=sealable.correlation_id,
            reply_to=sealable.reply_to,
        )
        self.app.backend.mark_as_failure(task_id, error, request=request)


class SealedNode(Node):
    """The worker's end of remote control."""

    state: Any
    mailbox: Any

    def Consumer(self, *args: Any, **kwargs: Any) -> Any:
        consumer = super().Consumer(*args, **kwargs)
        if self.state.app.sealing.mode != "off":
            guard(consumer, self._admits)
        return consumer

    def _admits(self, message: SealedMessage, queue: str) -> bool:
        sealing: Sealing = self.state.app.sealing
        try:
            sealing.take_command(message.sealable(), self.mailbox.exchange.name, queue)
        except SealError as error:
            if error.code == "unsigned" and not sealing.control:
                return True
            if error.code == "unsigned" and sealing.mode == "accept-legacy":
                sealing.warn_of_unsealed("remote control")
                return True
            logger.warning("Refused a remote control command: %s", error)
            return False
        except Exception as error:
            logger.error("Seals cannot be checked, a remote control command is refused: %r", error)
            return False
        return True


class SealedMailbox(Mailbox):
    node_cls = SealedNode


class SealedControl:
    """Mixed into the app's control class."""

    Mailbox = SealedMailbox
