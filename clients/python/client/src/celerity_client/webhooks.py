"""Callbacks of the gateway: Standard Webhooks with shared secrets (https://www.standardwebhooks.com/)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from typing import Any, Dict, Iterable, Mapping, Optional, Union

from .errors import WebhookError

_MAX_SIGNATURES = 16
_MAX_HEADER = 4096


def verify_webhook(
    body: bytes,
    headers: Mapping[str, str],
    secrets: Union[str, Iterable[str]],
    *,
    tolerance: float = 300,
    now: Optional[float] = None,
) -> Dict[str, Any]:
    """The event, such as ``{"type": "celery.task.succeeded", "data": {...}}``, when a secret (``whsec_...``) signed these bytes.

    ``body`` is the body as it came: what was parsed and written again has another signature. The member ``id`` of the event is
    the header ``webhook-id``: the same for every attempt to deliver it, so take each once. ``tolerance`` and ``now`` are in
    seconds. Raises WebhookError.
    """
    id = _header(headers, "webhook-id")
    timestamp = _header(headers, "webhook-timestamp")
    signatures = _header(headers, "webhook-signature").split(" ")[:_MAX_SIGNATURES]
    if re.fullmatch(r"[0-9]{1,15}", timestamp) is None:
        raise WebhookError("webhook-timestamp is no number of seconds")
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance:
        raise WebhookError("webhook-timestamp is too far from now")

    content = f"{id}.{timestamp}.".encode() + body
    fits = False
    for secret in [secrets] if isinstance(secrets, str) else secrets:
        mac = hmac.new(_key(secret), content, hashlib.sha256).digest()
        expected = b"v1," + base64.b64encode(mac)
        for signature in signatures:
            fits |= hmac.compare_digest(expected, signature.encode())
    if not fits:
        raise WebhookError("no signature fits")
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise WebhookError("the body is no JSON object")
    return {**event, "id": id}


def _header(headers: Mapping[str, str], wanted: str) -> str:
    values = [value for name, value in headers.items() if name.lower() == wanted]
    if len(values) != 1 or len(values[0]) > _MAX_HEADER:
        raise WebhookError(f"the header {wanted} is missing, or not good")
    return values[0]


def _key(secret: str) -> bytes:
    text = secret[len("whsec_") :] if secret.startswith("whsec_") else secret
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise WebhookError(
            "a secret is whsec_ and base64; the gateway, or who registered the endpoint, has it"
        )
    return key
