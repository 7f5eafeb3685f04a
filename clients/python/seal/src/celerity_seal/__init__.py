"""Celery's messages with a signature over what decides how a task runs; the format is docs/sealed-headers.md.

>>> from celerity_seal import seal
>>> seal(app, mode="require", key="seal.pem", trusted_keys=["keys/*.pem"], nonce_store="redis://localhost/1")
"""

from __future__ import annotations

from typing import Optional, Sequence, Union

from celery import Celery
from celery.exceptions import ImproperlyConfigured
from kombu.utils.imports import symbol_by_name

from .format import HEADER, SealError
from .nonces import NonceStore
from .publish import SealedAMQP
from .sealing import Sealing
from .worker import SealedControl, VerifyTasks

__all__ = ("HEADER", "NonceStore", "SealError", "Sealing", "seal")
__version__ = "0.1.0"


def seal(
    app: Celery,
    *,
    mode: Optional[str] = None,
    key: Optional[str] = None,
    key_password: Optional[str] = None,
    trusted_keys: Union[str, Sequence[str], None] = None,
    audience: Optional[str] = None,
    max_age: Optional[float] = None,
    nonce_store: Union[str, NonceStore, None] = None,
    control: Optional[bool] = None,
) -> Sealing:
    """Makes the app seal what it sends, and its workers verify what they read.

    Call it right after the app is made. What is not given comes from the app's configuration
    (`message_sealing` for the mode, `message_seal_key` and so on), else from the environment
    (`CELERY_MESSAGE_SEALING`, ...).

    Arguments:
        mode: What workers ask of messages: "require" a good seal, "accept-legacy" (unsealed ones run, with a
            warning), or "off", which is the default.
        key: Ed25519 private key that seals: a PEM file, its text, or the folder of `celerity keys`.
        key_password: Opens an encrypted key.
        trusted_keys: Public keys of all who send, the workers included: PEM files, folders, patterns, texts.
        audience: Name of the fleet; messages of another are refused.
        max_age: Seconds for which a seal counts, after it was made or after the task's ETA. Default: 7 days.
        nonce_store: Where used seals are noted, one for all workers of a queue: redis://, sqlite:///file,
            memory. Default: where results are kept, else the broker, else memory.
        control: Whether workers ask the same of remote control commands. Default: yes.
    """
    if {"amqp", "control", "sealing"} & vars(app).keys():
        raise ImproperlyConfigured(
            "seal(app) belongs right after the app is made, once, before anything is sent"
        )
    given = {
        "message_sealing": mode,
        "message_seal_key": key,
        "message_seal_key_password": key_password,
        "message_seal_trusted_keys": trusted_keys,
        "message_seal_audience": audience,
        "message_seal_max_age": max_age,
        "message_seal_nonce_store": nonce_store,
        "message_seal_control": control,
    }
    app.sealing = Sealing(app, given)
    app.amqp_cls = type("SealedAMQP", (SealedAMQP, symbol_by_name(app.amqp_cls)), {})
    app.control_cls = type("SealedControl", (SealedControl, symbol_by_name(app.control_cls)), {})
    app.steps["consumer"].add(VerifyTasks)
    return app.sealing
