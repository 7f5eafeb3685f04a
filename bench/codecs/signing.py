"""Celery's auth serializer, and Python's Ed25519 and HMAC on the bytes that the others sign."""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode

from measure import documents, folder, leave_out, measure, report

value = next(iter(documents.values()))
body = json.dumps(value, separators=(",", ":")).encode()


def read(name):
    with open(f"{folder}/{name}", "rb") as file:
        return file.read()


def measure_auth():
    from celery.security.certificate import Certificate, FSCertStore
    from celery.security.key import PrivateKey
    from celery.security.serialization import SecureSerializer

    auth = SecureSerializer(
        key=PrivateKey(read("rsa-key.pem")),
        cert=Certificate(read("trusted/certificate.pem")),
        cert_store=FSCertStore(f"{folder}/trusted"),
    )
    signed = auth.serialize(value)
    measure("auth RSA-2048 sign", lambda: auth.serialize(value))
    measure("auth RSA-2048 verify", lambda: auth.deserialize(signed))


def measure_seal():
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    sealed = read("sealed.bin")
    key = load_pem_private_key(read("ed25519-key.pem"), password=None)
    public_key = key.public_key()
    seal = key.sign(sealed)
    measure("seal Ed25519 sign", lambda: key.sign(sealed))
    measure("seal Ed25519 verify", lambda: public_key.verify(seal, sealed))


def measure_webhook():
    secret = b"\x01" * 32

    def sign():
        return hmac.new(secret, b"msg_2KWPBgLlAfxdpx2AI54pPJ85f4W.1700000000." + body, hashlib.sha256).digest()

    expected = b64encode(sign())
    measure("webhook HMAC-SHA256 sign", lambda: b64encode(sign()))
    measure("webhook HMAC-SHA256 verify", lambda: hmac.compare_digest(sign(), b64decode(expected)))


try:
    measure_auth()
    measure_seal()
except ImportError as error:
    leave_out("auth and seal", error)
measure_webhook()
report()
