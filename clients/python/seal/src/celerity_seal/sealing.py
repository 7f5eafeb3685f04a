"""What an app seals and verifies with: its settings, keys and nonces."""

from __future__ import annotations

import os
import secrets
import time
from functools import cached_property
from typing import Any, Dict, List, NamedTuple, Optional

from celery import Celery
from celery.exceptions import ImproperlyConfigured
from celery.utils.log import get_logger

from .format import (
    HEADER,
    MAX_CLOCK_SKEW,
    Claims,
    Message,
    SealError,
    expires_at,
    seal_message,
    verify_message,
)
from .keys import SealKey, TrustedKeys, load_seal_key, load_trusted_keys
from .nonces import DONE, NonceStore, is_shared, open_nonce_store

logger = get_logger(__name__)

MODES = ("off", "accept-legacy", "require")
DEFAULT_MAX_AGE = 7 * 86400
#: Seconds for which a remote control command counts at most.
CONTROL_MAX_AGE = 300
#: A warning about a task's unsealed messages comes once in so many seconds; for so many tasks.
WARN_EVERY = 60
MAX_WARNED = 1000


class Taken(NamedTuple):
    """A message whose nonce is noted."""

    nonces: NonceStore
    name: str
    expires_at: float
    #: Whether it was done before, and only its acknowledgement got lost.
    is_done: bool

    def done(self) -> None:
        """The message has left its queue. Where this fails, a nonce that is started refuses replays too."""
        try:
            self.nonces.done(self.name, self.expires_at)
        except Exception as error:
            logger.warning("A used seal could not be noted as done: %r", error)

    def release(self) -> None:
        """The message was refused before it ran, and may come again."""
        try:
            self.nonces.release(self.name)
        except Exception as error:
            logger.warning("An unused seal could not be released: %r", error)


class Sealing:
    """Read on first use, so that the app may be configured after `seal(app)`; by a worker at its start."""

    def __init__(self, app: Celery, given: Dict[str, Any]) -> None:
        self.app = app
        self._given = given
        self._warned_at: Dict[str, float] = {}

    def sealed(self, headers: Dict[str, Any], queue: Optional[str], message: Message) -> Dict[str, Any]:
        """The headers with a new seal in place of one that a copy brought along; without a key, with none."""
        headers = {name: value for name, value in headers.items() if name != HEADER}
        if self.key is None:
            return headers
        seal = seal_message(message._replace(headers=headers), self.key, self.audience, queue)
        return {**headers, HEADER: seal}

    def take(self, message: Message, queue: str, redelivered: bool) -> Taken:
        """Verifies a task and notes its nonce. Raises SealError, and whatever the store raises."""
        claims = self._verify(message, queue, self.max_age)
        return self._note(claims, message, queue, self.max_age, redelivered)

    def take_command(self, message: Message, exchange: str, queue: str) -> Taken:
        """The same for a remote control command, which is sealed for the exchange."""
        max_age = min(self.max_age, CONTROL_MAX_AGE)
        claims = self._verify(message, exchange, max_age)
        if claims.queue is None:
            raise SealError("wrong_audience", "it is not sealed for remote control")
        return self._note(claims, message, queue, max_age, redelivered=False)

    def _verify(self, message: Message, queue: str, max_age: float) -> Claims:
        return verify_message(message, self.trusted_keys, queue, self.audience, max_age)

    def _note(
        self, claims: Claims, message: Message, read_from: str, max_age: float, redelivered: bool
    ) -> Taken:
        # An exchange may put copies of one message on several queues, and each of them is to run.
        name = claims.nonce if claims.queue == read_from else f"{claims.nonce}:{read_from}"
        until = expires_at(claims, message, max_age) + MAX_CLOCK_SKEW
        token = secrets.token_urlsafe(12)
        noted = self.nonces.claim(name, token, until)
        if noted != f"started:{token}" and not redelivered:
            raise SealError("replay", "a message with this seal was taken before")
        return Taken(self.nonces, name, until, is_done=noted == DONE)

    def warn_of_unsealed(self, task: Any) -> None:
        """At most once a minute for a task."""
        now = time.time()
        name = repr(task)[:200]
        if now - self._warned_at.get(name, 0) < WARN_EVERY:
            return
        if len(self._warned_at) >= MAX_WARNED:
            self._warned_at.clear()
        self._warned_at[name] = now
        logger.warning("Accepted an unsealed message of %s: message_sealing is accept-legacy", name)

    def check(self) -> None:
        """Reads everything, so that wrong settings and missing keys end a worker at its start."""
        for name in ("mode", "trusted_keys", "audience", "max_age", "control", "nonces"):
            getattr(self, name)
        if self.key is None:
            logger.warning(
                "This worker has no message_seal_key: the retries and chains that it sends are not sealed"
            )

    @cached_property
    def mode(self) -> str:
        mode = self._setting("message_sealing", "off")
        if mode not in MODES:
            raise ImproperlyConfigured(f"message_sealing must be one of {', '.join(MODES)}")
        return str(mode)

    @cached_property
    def key(self) -> Optional[SealKey]:
        source = self._setting("message_seal_key")
        return load_seal_key(source, self._setting("message_seal_key_password")) if source else None

    @cached_property
    def trusted_keys(self) -> TrustedKeys:
        return load_trusted_keys(_list(self._setting("message_seal_trusted_keys", [])))

    @cached_property
    def audience(self) -> Optional[str]:
        audience = self._setting("message_seal_audience")
        if audience is not None and not (isinstance(audience, str) and len(audience.encode("utf-8")) <= 255):
            raise ImproperlyConfigured("message_seal_audience must be a text of 1 to 255 bytes")
        return audience

    @cached_property
    def max_age(self) -> float:
        try:
            max_age = float(self._setting("message_seal_max_age", DEFAULT_MAX_AGE))
        except (TypeError, ValueError):
            max_age = 0
        if not 1 <= max_age < float("inf"):
            raise ImproperlyConfigured("message_seal_max_age must be a number of seconds, 1 or more")
        return max_age

    @cached_property
    def control(self) -> bool:
        return str(self._setting("message_seal_control", True)).lower() not in ("0", "false", "no", "off")

    @cached_property
    def nonces(self) -> NonceStore:
        """The configured store, else where results are kept, else the broker, else memory: as everywhere."""
        store = self._setting("message_seal_nonce_store")
        if store is not None:
            return open_nonce_store(store) if isinstance(store, str) else store
        for url in (self.app.conf.result_backend, self.app.conf.broker_url):
            if isinstance(url, str) and is_shared(url):
                return open_nonce_store(url)
        logger.warning(
            "Used seals are noted in this process only: set message_seal_nonce_store to one for all workers"
        )
        return open_nonce_store("memory")

    def _setting(self, name: str, default: Any = None) -> Any:
        """What `seal()` was given, else the app's configuration, else the environment."""
        for value in (
            self._given.get(name),
            self.app.conf.get(name),
            os.environ.get(f"CELERY_{name.upper()}"),
        ):
            if value not in (None, ""):
                return value
        return default


def _list(value: Any) -> List[str]:
    """The environment has lists as text with commas."""
    parts = value.split(",") if isinstance(value, str) else value
    return [part.strip() for part in parts if part.strip()]
