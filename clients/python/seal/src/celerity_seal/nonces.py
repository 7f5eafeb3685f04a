"""Where used nonces are kept, in the form that docs/sealed-headers.md gives for workers of every language."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from typing import Any, Dict, Protocol, Tuple

from celery.exceptions import ImproperlyConfigured

DONE = "done"
#: Seconds that a store may take to answer; the worker does nothing else meanwhile.
TIMEOUT = 2
#: Seconds between removals of what has expired.
CLEAN_EVERY = 60


class NonceStore(Protocol):
    """The seam: any exception says that the store cannot be reached. Calls come from several threads."""

    def claim(self, name: str, token: str, expires_at: float) -> str:
        """Notes `started:token` if nothing is noted; returns what is noted now. Times: seconds since 1970."""

    def done(self, name: str, expires_at: float) -> None:
        """Notes `done`."""

    def release(self, name: str) -> None:
        """Forgets."""


def is_shared(url: str) -> bool:
    """Whether a result store or broker can keep nonces for every worker, of any language."""
    return (
        re.match(r"(\w+\+)?(redis|rediss|socket|sentinel|sqlite|postgres\w*)(\+\w+)?:", url) is not None
        and ";" not in url
    )


def open_nonce_store(url: str) -> NonceStore:
    """A store for redis://, rediss://, unix://, sqlite:/// or memory. Raises ImproperlyConfigured."""
    scheme, _, rest = url.partition(":")
    if scheme in ("redis", "rediss", "unix"):
        return RedisNonces(url)
    if scheme.split("+")[-1] == "sqlite":
        return SqliteNonces(rest[3:])
    if scheme == "memory":
        return MemoryNonces()
    raise ImproperlyConfigured("message_seal_nonce_store must be redis://..., sqlite:///file or memory")


class RedisNonces:
    """A key for each nonce, which expires by itself."""

    def __init__(self, url: str) -> None:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        # The worker tries again by itself, later; waiting here would hold up everything else.
        self._redis: Any = Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
            retry=Retry(NoBackoff(), 0),
        )

    def claim(self, name: str, token: str, expires_at: float) -> str:
        with self._redis.pipeline() as pipe:
            pipe.set(_key(name), f"started:{token}", nx=True, px=_lifetime(expires_at))
            pipe.get(_key(name))
            return str(pipe.execute()[1])

    def done(self, name: str, expires_at: float) -> None:
        self._redis.set(_key(name), DONE, px=_lifetime(expires_at))

    def release(self, name: str) -> None:
        self._redis.delete(_key(name))


class SqliteNonces:
    """A row for each nonce. One connection, since SQLite writes one after another anyway."""

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._cleaned_at = time.time()
        self._db = sqlite3.connect(path, timeout=TIMEOUT, isolation_level=None, check_same_thread=False)
        self._run(
            "CREATE TABLE IF NOT EXISTS celerity_nonce "
            "(name VARCHAR(330) NOT NULL PRIMARY KEY, state VARCHAR(40) NOT NULL, expires_at BIGINT NOT NULL)"
        )
        self._run("CREATE INDEX IF NOT EXISTS ix_celerity_nonce_expires_at ON celerity_nonce (expires_at)")

    def claim(self, name: str, token: str, expires_at: float) -> str:
        self._clean()
        self._run(
            "INSERT OR IGNORE INTO celerity_nonce VALUES (?, ?, ?)",
            name,
            f"started:{token}",
            int(expires_at * 1000),
        )
        return str(self._run("SELECT state FROM celerity_nonce WHERE name = ?", name)[0])

    def done(self, name: str, expires_at: float) -> None:
        self._run(
            "INSERT OR REPLACE INTO celerity_nonce VALUES (?, ?, ?)", name, DONE, int(expires_at * 1000)
        )

    def release(self, name: str) -> None:
        self._run("DELETE FROM celerity_nonce WHERE name = ?", name)

    def _clean(self) -> None:
        now = time.time()
        if now - self._cleaned_at > CLEAN_EVERY:
            self._cleaned_at = now
            self._run("DELETE FROM celerity_nonce WHERE expires_at < ?", int(now * 1000))

    def _run(self, statement: str, *values: Any) -> Any:
        with self._lock:
            return self._db.execute(statement, values).fetchone()


class MemoryNonces:
    """In this process: enough for one worker, until it restarts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cleaned_at = time.time()
        self._noted: Dict[str, Tuple[str, float]] = {}

    def claim(self, name: str, token: str, expires_at: float) -> str:
        with self._lock:
            self._clean()
            return self._noted.setdefault(name, (f"started:{token}", expires_at))[0]

    def done(self, name: str, expires_at: float) -> None:
        with self._lock:
            self._noted[name] = (DONE, expires_at)

    def release(self, name: str) -> None:
        with self._lock:
            self._noted.pop(name, None)

    def _clean(self) -> None:
        now = time.time()
        if now - self._cleaned_at > CLEAN_EVERY:
            self._cleaned_at = now
            self._noted = {name: entry for name, entry in self._noted.items() if entry[1] >= now}


def _key(name: str) -> str:
    return f"celerity-nonce-{name}"


def _lifetime(expires_at: float) -> int:
    """In milliseconds; Redis takes none below 1."""
    return max(1, int((expires_at - time.time()) * 1000))
