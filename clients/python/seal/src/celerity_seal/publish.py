"""Sealing: the last step before a message is handed to the transport, when nothing of it changes any more."""

from __future__ import annotations

from typing import Any, Dict

from celery.app.amqp import task_message
from kombu import Producer
from kombu.pools import ProducerPool
from kombu.utils.encoding import str_to_bytes

from .format import HEADER, Message
from .sealing import Sealing


class SealingProducer(Producer):
    """Seals task messages and remote control. Each attempt to publish has a seal of its own."""

    def __init__(self, sealing: Sealing, *args: Any, **kwargs: Any) -> None:
        self._sealing = sealing
        super().__init__(*args, **kwargs)

    def _publish(
        self,
        body: Any,
        priority: Any,
        content_type: Any,
        content_encoding: Any,
        headers: Dict[str, Any],
        properties: Dict[str, Any],
        routing_key: str,
        mandatory: Any,
        immediate: Any,
        exchange: str,
        *rest: Any,
        **options: Any,
    ) -> Any:
        sealing = self._sealing
        is_task = "task" in headers or HEADER in headers
        is_control = not is_task and exchange in _control_exchanges(sealing)
        if is_control:
            # kombu's number here is no text as in a task, and workers do not read it.
            headers = {name: value for name, value in headers.items() if name != "expires"}
        if is_task or is_control:
            body = str_to_bytes(body)
            message = Message(
                headers,
                body,
                properties.get("reply_to"),
                properties.get("correlation_id"),
                content_type,
                content_encoding,
            )
            # Without an exchange the routing key is the queue; else an exchange of the user's decides.
            queue = exchange if is_control else None if exchange else routing_key
            headers = sealing.sealed(headers, queue, message)
        return super()._publish(
            body,
            priority,
            content_type,
            content_encoding,
            headers,
            properties,
            routing_key,
            mandatory,
            immediate,
            exchange,
            *rest,
            **options,
        )


class SealedAMQP:
    """Mixed into the app's AMQP class."""

    app: Any
    _producer_pool: Any

    def Producer(self, *args: Any, **kwargs: Any) -> SealingProducer:
        return SealingProducer(self.app.sealing, *args, **kwargs)

    @property
    def producer_pool(self) -> Any:
        """A pool of the app's own; kombu's is shared by every app of the process with that broker."""
        if self._producer_pool is None:
            pool = self.app.pool
            self._producer_pool = ProducerPool(pool, limit=pool.limit, Producer=self.Producer)
        return self._producer_pool

    publisher_pool = producer_pool

    def as_task_v1(self, *args: Any, **kwargs: Any) -> task_message:
        """Messages of protocol 1 have no headers; an empty seal tells the producer what they are."""
        message = super().as_task_v1(*args, **kwargs)  # type: ignore[misc]
        return message._replace(headers={**message.headers, HEADER: None})


def _control_exchanges(sealing: Sealing) -> Any:
    mailbox = sealing.app.control.mailbox
    return mailbox.exchange.name, mailbox.reply_exchange.name
