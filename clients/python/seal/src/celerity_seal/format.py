"""Sealed headers, version 1: the format of docs/sealed-headers.md as functions without side effects."""

from __future__ import annotations

import base64
import json
import math
import re
import secrets
import time
from datetime import datetime, timezone
from hashlib import sha256
from typing import Any, List, Mapping, NamedTuple, Optional, Tuple

from celery.utils.time import maybe_iso8601
from cryptography.exceptions import InvalidSignature

from .keys import SealKey, TrustedKeys

HEADER = "celerity-seal"
MAX_HEADER_BYTES = 2048
#: How far a signer's clock may be ahead, in seconds.
MAX_CLOCK_SKEW = 300
MAX_SAFE_INTEGER = 2**53 - 1
#: Longest time limit, in seconds.
MAX_TIME_LIMIT = 10**12

_FORM = re.compile(r"v1\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})")
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_TEXT_HEADERS = ("task", "id", "root_id", "parent_id", "group", "eta", "expires")
_COUNT_HEADERS = ("retries", "group_index")
_PROPERTIES = ("reply_to", "correlation_id", "content_type", "content_encoding")


class SealError(Exception):
    """A message without a good seal: `code` is one of the page's, `detail` says what is wrong."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class Message(NamedTuple):
    """What a seal covers: headers and properties, and the body's bytes as the broker has them."""

    headers: Mapping[str, Any]
    body: bytes
    reply_to: Any = None
    correlation_id: Any = None
    content_type: Any = None
    content_encoding: Any = None


class Claims(NamedTuple):
    """What a seal says of itself, in the order in which it is signed; `iat` is in milliseconds."""

    kid: str
    iat: int
    nonce: str
    aud: Optional[str] = None
    queue: Optional[str] = None


def seal_message(
    message: Message, key: SealKey, audience: Optional[str] = None, queue: Optional[str] = None
) -> str:
    """The header's value for a message. Raises ValueError for a message that cannot be sealed."""
    claims = Claims(key.kid, int(time.time() * 1000), secrets.token_urlsafe(16), audience, queue)
    _check_claims(claims)
    value = write_header(claims, key.sign(signing_input(claims, message)))
    if len(value) > MAX_HEADER_BYTES:
        raise ValueError(
            f"the seal is longer than {MAX_HEADER_BYTES} bytes: shorten the names of queue and audience"
        )
    return value


def verify_message(
    message: Message,
    keys: TrustedKeys,
    queue: str,
    audience: Optional[str] = None,
    max_age: float = 7 * 86400,
    now: Optional[float] = None,
) -> Claims:
    """All the page's checks but the nonce, in its order. Times are in seconds. Raises SealError."""
    claims, signature = read_header(message.headers.get(HEADER))
    key = keys.get(claims.kid)
    if key is None:
        raise SealError("key_unknown", f"the key {claims.kid!r} is not among the trusted ones")
    try:
        key.verify(signature, signing_input(claims, message))
    except ValueError as error:
        raise SealError("bad_signature", f"the message cannot have been sealed: {error}") from error
    except InvalidSignature as error:
        raise SealError(
            "bad_signature", "the seal does not belong to this message: something was changed"
        ) from error
    now = time.time() if now is None else now
    if claims.iat > (now + MAX_CLOCK_SKEW) * 1000:
        raise SealError("signature_expired", "it was sealed in the future; compare the clocks")
    if expires_at(claims, message, max_age) < now:
        raise SealError("signature_expired", f"it was sealed more than {max_age:g} s ago")
    if claims.aud != audience:
        raise SealError("wrong_audience", f"it is for the audience {claims.aud!r}; this is {audience!r}")
    if claims.queue not in (None, queue):
        raise SealError("wrong_audience", f"it is for the queue {claims.queue!r}; this is {queue!r}")
    return claims


def expires_at(claims: Claims, message: Message, max_age: float) -> float:
    """When the seal is too old, in seconds since 1970: its age counts from the ETA where that is later."""
    start = claims.iat / 1000
    try:
        eta = maybe_iso8601(message.headers.get("eta") or None)
        start = start if eta is None else max(start, _timestamp(eta))
    except (ValueError, TypeError, OverflowError):
        pass  # No time at all: the task is refused for it later, as without a seal.
    return start + max_age


def signing_input(claims: Claims, message: Message) -> bytes:
    """The bytes that are signed. Raises ValueError for a field whose type the format does not have."""
    headers = message.headers
    fields: List[Tuple[str, Optional[str]]] = [
        ("kid", claims.kid),
        ("iat", str(claims.iat)),
        ("nonce", claims.nonce),
        ("aud", claims.aud),
        ("queue", claims.queue),
        *((name, _text(name, headers.get(name))) for name in _TEXT_HEADERS),
        *((name, _count(name, headers.get(name))) for name in _COUNT_HEADERS),
        *zip(("timelimit_hard", "timelimit_soft"), _time_limits(headers.get("timelimit"))),
        ("ignore_result", _flag("ignore_result", headers.get("ignore_result"))),
        *((name, _text(name, getattr(message, name))) for name in _PROPERTIES),
        ("compression", _text("compression", headers.get("compression"))),
        ("body_sha256", sha256(message.body).hexdigest()),
    ]
    return b"celerity-seal-v1\n" + b"".join(_line(name, text) for name, text in fields)


def write_header(claims: Claims, signature: bytes) -> str:
    """The header's value."""
    present = {name: value for name, value in claims._asdict().items() if value is not None}
    claims_json = json.dumps(present, separators=(",", ":"), ensure_ascii=False)
    return f"v1.{_encode(claims_json.encode('utf-8'))}.{_encode(signature)}"


def read_header(value: Any) -> Tuple[Claims, bytes]:
    """The claims and the signature, both still unverified. Raises SealError."""
    if value is None:
        raise SealError("unsigned", f"it has no header {HEADER!r}")
    if not isinstance(value, str) or len(value) > MAX_HEADER_BYTES:
        raise SealError(
            "bad_signature", f"the header {HEADER!r} must be a text of at most {MAX_HEADER_BYTES} bytes"
        )
    parts = _FORM.fullmatch(value)
    if parts is None:
        raise SealError("bad_signature", f"the header {HEADER!r} must be v1.<claims>.<signature>")
    try:
        claims = _read_claims(json.loads(_decode(parts[1]).decode("utf-8")))
        return claims, _decode(parts[2])
    except (ValueError, TypeError, RecursionError) as error:
        raise SealError("bad_signature", f"the header {HEADER!r} cannot be read: {error}") from error


def _read_claims(found: Any) -> Claims:
    if not isinstance(found, dict) or None in found.values():
        raise ValueError("the claims must be an object without null")
    claims = Claims(**found)  # Raises TypeError for a claim too many or too few.
    return _check_claims(claims._replace(iat=_integer("iat", claims.iat)))


def _check_claims(claims: Claims) -> Claims:
    for name, limit in (("kid", 128), ("aud", 255), ("queue", 255)):
        text = getattr(claims, name)
        if text is not None and not (isinstance(text, str) and 1 <= len(text.encode("utf-8")) <= limit):
            raise ValueError(f"{name} must be a text of 1 to {limit} bytes")
    if not isinstance(claims.nonce, str) or _NONCE.fullmatch(claims.nonce) is None:
        raise ValueError("nonce must be 16 to 64 characters of base64url")
    return claims


def _line(name: str, text: Optional[str]) -> bytes:
    if text is None:
        return f"{name}=-\n".encode()
    value = text.encode("utf-8")
    return b"%s=%d:%s\n" % (name.encode(), len(value), value)


def _text(name: str, value: Any) -> Optional[str]:
    if value is None or isinstance(value, str):
        return value or None
    raise ValueError(f"{name} must be a text")


def _count(name: str, value: Any) -> Optional[str]:
    return None if value is None else str(_integer(name, value))


def _integer(name: str, value: Any) -> int:
    """1.0 is an integer as in JavaScript, where it cannot be told from 1; True is none."""
    if not _is_number(value) or not 0 <= value <= MAX_SAFE_INTEGER or value != int(value):
        raise ValueError(f"{name} must be an integer from 0 to 2^53 - 1")
    return int(value)


def _time_limits(value: Any) -> Tuple[Optional[str], Optional[str]]:
    if value is None:
        return None, None
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ValueError("timelimit must be a list of two")
    return _milliseconds(value[0]), _milliseconds(value[1])


def _milliseconds(seconds: Any) -> Optional[str]:
    if seconds is None:
        return None
    if not _is_number(seconds) or not 0 <= seconds <= MAX_TIME_LIMIT:
        raise ValueError(f"timelimit must hold null or seconds from 0 to {MAX_TIME_LIMIT}")
    return str(math.floor(float(seconds) * 1000 + 0.5))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _flag(name: str, value: Any) -> Optional[str]:
    if value is None or isinstance(value, bool):
        return None if value is None else str(value).lower()
    raise ValueError(f"{name} must be true or false")


def _timestamp(moment: datetime) -> float:
    """A time without a zone is in UTC, as in a message's headers."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """Only what `_encode` writes is taken, so that one signature has one spelling."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encode(data) != text:
        raise ValueError("its parts must be base64url without padding")
    return data
