"""Records what Celery's auth serializer signs: bodies, and whole task messages."""

import base64
import contextlib
import datetime
import pathlib
import tempfile

from celery.security.certificate import Certificate
from celery.security.key import PrivateKey
from celery.security.serialization import SecureSerializer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from recording import TASK_ID, to_base64
from vector_app import add, make_app

BODY = [[1, "two"], {"k": "zażółć"}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
KINDS = [("sha256", name) for name in ("json", "yaml", "msgpack", "pickle")] + [("sha512", "json"), ("sha1", "json")]
#: By name: size of the key in bits, serial number, issuer.
SIGNERS = {
    "rsa2048": (
        2048,
        1234567890123456789,
        [
            (NameOID.COUNTRY_NAME, "PL"),
            (NameOID.ORGANIZATION_NAME, "Wire Test"),
            (NameOID.COMMON_NAME, "wire.example"),
        ],
    ),
    "rsa4096": (4096, 42, [(NameOID.COMMON_NAME, "pw.example")]),
}


def record_signed(recording):
    """To be called last: kombu forgets its other serializers for the rest of the process."""
    signers = {name: make_signer(*facts) for name, facts in SIGNERS.items()}
    recording.save("signed_bodies", list(bodies(signers)))
    recording.save("signed_tasks", list(tasks(recording, *signers["rsa2048"])))


def make_signer(bits, serial, issuer):
    """The PEM texts of a new key and of its certificate, which lasts."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in issuer])
    builder = x509.CertificateBuilder(name, name, key.public_key(), serial)
    builder = builder.not_valid_before(datetime.datetime(2020, 1, 1)).not_valid_after(datetime.datetime(2120, 1, 1))
    certificate = builder.sign(key, hashes.SHA256())
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    private = key.private_bytes(pem, pkcs8, serialization.NoEncryption())
    return private.decode(), certificate.public_bytes(pem).decode()


def bodies(signers):
    for signer, (key, certificate) in signers.items():
        for digest, name in KINDS:
            serializer = SecureSerializer(PrivateKey(key), Certificate(certificate), None, digest, name)
            body = serializer.serialize(BODY)
            written, signature, content_type, encoding, inner = base64.b64decode(body).split(b"\x00\x01", 4)
            yield {
                "name": f"{signer}-{digest}-{name}",
                "certificate": certificate,
                "digest": digest,
                "inner_serializer": name,
                "wire_body": body,
                "fields": {
                    "signer": base64.b64decode(written).decode(),
                    "signature_b64": signature.decode(),
                    "content_type": content_type.decode(),
                    "content_encoding": encoding.decode(),
                    "body_b64": to_base64(inner),
                },
            }


def tasks(recording, key, certificate):
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "key.pem").write_text(key)
        (folder / "certificate.pem").write_text(certificate)
        for transport, broker in recording.brokers.items():
            app = make_app(
                broker_url=broker,
                task_serializer="auth",
                accept_content=["auth"],
                security_key=str(folder / "key.pem"),
                security_certificate=str(folder / "certificate.pem"),
                security_cert_store=str(folder / "certificate.pem"),
            )
            app.setup_security()
            for compression in (None, "zlib"):
                add.apply_async((2, 2), task_id=TASK_ID % 77, compression=compression, reply_to="wire-reply")
                name = f"signed-task-{compression or 'plain'}"
                yield {"name": name, **recording.take(transport)[0], "certificate": certificate}
            app.close()
