"""Ed25519 keys: the one that seals, and those that are trusted."""

from __future__ import annotations

import base64
import glob
import hashlib
import json
import os
import time
from typing import Dict, Iterable, Iterator, Mapping, NamedTuple, Optional

from celery.exceptions import ImproperlyConfigured
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

TrustedKeys = Mapping[str, Ed25519PublicKey]


class SealKey(NamedTuple):
    """A private key and its id."""

    kid: str
    private: Ed25519PrivateKey

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data)


def key_id(key: Ed25519PublicKey) -> str:
    """The RFC 7638 thumbprint of the key as a JWK (RFC 8037)."""
    jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{_base64url(_raw(key))}"}}'
    return _base64url(hashlib.sha256(jwk.encode()).digest())


def load_seal_key(source: str, password: Optional[str] = None) -> SealKey:
    """A private key from PEM text, a PEM file, or the folder of `celerity keys`: the one that signs now.

    Raises ImproperlyConfigured, which tells nothing of the key.
    """
    file = _current_key(source) if os.path.isdir(source) else source
    shown, pem = ("message_seal_key", source.encode()) if _is_pem(source) else (file, _read(file))
    try:
        key = serialization.load_pem_private_key(pem, password.encode() if password else None)
    except (ValueError, TypeError) as error:
        raise ImproperlyConfigured(
            f"{shown} holds no private key in PEM, or one of another password"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ImproperlyConfigured(f"{shown} must hold an Ed25519 key")
    return SealKey(key_id(key.public_key()), key)


def load_trusted_keys(sources: Iterable[str]) -> TrustedKeys:
    """Public keys by id, from PEM texts, files, folders and patterns such as `keys/*.pem`.

    Keys of other types serve other purposes and are passed over. Raises ImproperlyConfigured, also for a
    private key, which has no place among those that are given away, and when no key is left.
    """
    keys: Dict[str, Ed25519PublicKey] = {}
    for source in sources:
        texts = (
            {"message_seal_trusted_keys": source.encode()}
            if _is_pem(source)
            else {f: _read(f) for f in _files(source)}
        )
        for shown, pem in texts.items():
            if b"PRIVATE KEY-----" in pem:
                raise ImproperlyConfigured(f"{shown} is a private key; give the public one")
            try:
                key = serialization.load_pem_public_key(pem)
            except ValueError as error:
                raise ImproperlyConfigured(f"{shown} holds no public key in PEM") from error
            if isinstance(key, Ed25519PublicKey):
                keys[key_id(key)] = key
    if not keys:
        raise ImproperlyConfigured("message_seal_trusted_keys names no Ed25519 public key")
    return keys


def _files(source: str) -> Iterator[str]:
    """A file, the files of a folder (of its `public`, where `celerity keys` has them), or of a pattern."""
    if os.path.isdir(source):
        public = os.path.join(source, "public")
        source = os.path.join(public if os.path.isdir(public) else source, "*.pem")
    found = sorted(glob.glob(source)) if "*" in source else [source]
    if not found:
        raise ImproperlyConfigured(f"there is no key file at {source}")
    return iter(found)


def _current_key(folder: str) -> str:
    try:
        known = json.loads(_read(os.path.join(folder, "keys.json")))["keys"]
        now = time.strftime("%Y-%m-%dT%H:%M:%S.999Z", time.gmtime())
        current = max((key for key in known if key["validFrom"] <= now), key=lambda key: key["validFrom"])
        return os.path.join(folder, "private", f"{current['kid']}.pem")
    except (ValueError, LookupError, TypeError) as error:
        raise ImproperlyConfigured(f"{folder} is no key folder with a key that is valid now") from error


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise ImproperlyConfigured(f"the key file {path} cannot be read: {error.strerror}") from error


def _is_pem(text: str) -> bool:
    return "-----BEGIN " in text


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
