"""Makes conformance/vectors/seals.json: messages, their seals, what is signed of them, and verdicts.

    PYTHONPATH=clients/python/seal/src python clients/python/seal/tests/make_vectors.py > conformance/vectors/seals.json

The keys are fixed and Ed25519 signs without randomness, so that every run makes the same file.
"""

import base64
import gzip
import json
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from celerity_seal.format import Claims, Message, signing_input, write_header
from celerity_seal.keys import SealKey, key_id

#: 20 November 2026; this and the trusted key are those of the example in docs/sealed-headers.md.
NOW_MS = 1_795_219_045_977
MAX_AGE_SECONDS = 7 * 86400
MAX_AGE_MS = MAX_AGE_SECONDS * 1000
QUEUE = "celery"
AUDIENCE = "prod"
ID = "0f0f0f0f-0000-4000-8000-000000000001"
BODY = b'[[2, 3], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]'


def make_key(seed):
    private = Ed25519PrivateKey.from_private_bytes(bytes(seed))
    return SealKey(key_id(private.public_key()), private)


TRUSTED = make_key(range(32))
STRANGER = make_key(range(32, 64))
CLAIMS = Claims(TRUSTED.kid, NOW_MS, "AAECAwQFBgcICQoLDA0ODw", AUDIENCE, QUEUE)

#: A task as Celery sends it.
HEADERS = {
    "lang": "py",
    "task": "examples.add",
    "id": ID,
    "shadow": None,
    "eta": None,
    "expires": None,
    "group": None,
    "group_index": None,
    "retries": 0,
    "timelimit": [None, None],
    "root_id": ID,
    "parent_id": None,
    "argsrepr": "(2, 3)",
    "kwargsrepr": "{}",
    "origin": "gen1@host",
    "ignore_result": False,
}
PROPERTIES = {
    "reply_to": "0f0f0f0f-0000-3000-8000-000000000002",
    "correlation_id": ID,
    "content_type": "application/json",
    "content_encoding": "utf-8",
}
IN_A_GROUP = {
    "group": "0f0f0f0f-0000-4000-8000-000000000003",
    "group_index": 7,
    "parent_id": "0f0f0f0f-0000-4000-8000-000000000004",
    "root_id": "0f0f0f0f-0000-4000-8000-000000000005",
}


def message(headers=None, properties=None, body=BODY, without=()):
    """The task with other headers and properties."""
    merged = {**HEADERS, **(headers or {})}
    kept = {name: value for name, value in merged.items() if name not in without}
    return Message(kept, body, **{**PROPERTIES, **(properties or {})})


TASK = message()


def seal(sealed, key=TRUSTED, **claims):
    made = CLAIMS._replace(**claims)
    return write_header(made, key.sign(signing_input(made, sealed)))


def row(name, verdict, shown, header, read_from=QUEUE, audience=AUDIENCE):
    return {
        "name": name,
        "verdict": verdict,
        "read_from": read_from,
        "audience": audience,
        "headers": shown.headers,
        "properties": {key: getattr(shown, key) for key in PROPERTIES},
        "body_b64": base64.b64encode(shown.body).decode(),
        "seal": header,
    }


def good(name, sealed=TASK, read_from=QUEUE, audience=AUDIENCE, **claims):
    """A message that is accepted, with what is signed of it."""
    made = CLAIMS._replace(**claims)
    return {
        **row(name, "ok", sealed, seal(sealed, **claims), read_from, audience),
        "claims": {key: value for key, value in made._asdict().items() if value is not None},
        "signing_input": signing_input(made, sealed).decode(),
    }


def accepted_messages():
    packed = gzip.compress(BODY, mtime=0)
    # The byte that names the system differs between Pythons.
    packed = packed[:9] + b"\xff" + packed[10:]
    yield (
        "every field",
        message(
            {
                **IN_A_GROUP,
                "eta": "2026-12-01T00:00:00+00:00",
                "expires": "2026-12-02T00:00:00.500000+00:00",
                "retries": 3,
                "timelimit": [300, 240],
                "ignore_result": True,
                "compression": "application/x-gzip",
            },
            body=packed,
        ),
    )
    yield "a member of a group", message(IN_A_GROUP)
    yield "headers left out", message(without=HEADERS)
    yield "headers that are null", message({name: None for name in HEADERS})
    yield "empty texts, which have no value", message({"eta": "", "parent_id": ""}, {"reply_to": ""})
    yield "no properties", message(properties={name: None for name in PROPERTIES})
    yield "Unicode", message({"task": "aufgaben.größe", "id": "задача-1", "group": "群組 🧮"})
    yield "line breaks and equals signs", message({"task": "a\nid=1:x\n", "id": "=-\n"})
    yield "characters that JSON escapes", message({"task": 'a"b\\c\u2028\u0000d'})
    yield "a long name", message({"task": "t" * 5000})
    yield "time limits with fractions", message({"timelimit": [1.5, 0.0004]})
    yield "time limits that are rounded half up", message({"timelimit": [0.0005, 1.0005]})
    yield "time limits that binary fractions cannot hold", message({"timelimit": [2.675, 0.1]})
    yield "the shortest and the longest time limit", message({"timelimit": [0, 10**12]})
    yield "only a soft time limit", message({"timelimit": [None, 60]})
    yield "integers written as floats", message({"retries": 1.0, "group_index": 0.0})
    yield "the largest integer", message({"retries": 2**53 - 1})
    yield "protocol 1", Message({}, b'{"task": "examples.add", "args": [2, 3], "kwargs": {}}', **PROPERTIES)
    yield (
        "a binary body",
        message(
            properties={"content_type": "application/data", "content_encoding": "binary"},
            body=bytes(range(256)),
        ),
    )
    yield "an empty body", message(body=b"")
    yield "headers that a seal does not cover", message({"stamps": {"x": [1]}, "custom": {"deep": [None]}})
    yield "an ETA that is no time", message({"eta": "tomorrow"})


def example():
    """The message of docs/sealed-headers.md, whose seal stands there too."""
    task_id = "9f0b8a52-6f0a-4b6e-8f6c-2f1f0f5d3c11"
    headers = {
        "lang": "py",
        "task": "examples.add",
        "id": task_id,
        "root_id": task_id,
        "parent_id": None,
        "group": "",
        "eta": "2026-11-20T23:59:38+00:00",
        "retries": 2,
        "timelimit": [30, 0.0005],
        "ignore_result": False,
    }
    return Message(headers, BODY, "", task_id, "application/json", "utf-8")


def accepted_claims():
    yield good("a task")
    names = {"queue": "café", "aud": "billing"}
    yield good("the example of the page", example(), read_from="café", audience="billing", **names)
    yield good("no queue in the seal", read_from="any", queue=None)
    yield good("no audience at all", audience=None, aud=None)
    yield good("Unicode in queue and audience", read_from="größe", queue="größe", audience="флот", aud="флот")
    yield good("the longest queue", read_from="q" * 255, queue="q" * 255)
    yield good("the longest nonce", nonce="-_" * 32)
    yield good("a clock that is 300 s ahead", iat=NOW_MS + 300_000)
    yield good("as old as may be", iat=NOW_MS - MAX_AGE_MS)
    yield good(
        "sealed long before its ETA",
        message({"eta": "2026-11-20T00:00:00+00:00"}),
        iat=NOW_MS - 2 * MAX_AGE_MS,
    )


def changed_messages():
    """The task's seal on messages that are not the task."""
    headers = {
        "task": "examples.delete",
        "id": "other",
        "root_id": "other",
        "parent_id": "other",
        "group": "other",
        "group_index": 1,
        "eta": "2030-01-01T00:00:00+00:00",
        "expires": "2030-01-01T00:00:00+00:00",
        "retries": 1,
        "ignore_result": True,
        "compression": "zlib",
    }
    properties = {
        "reply_to": "other",
        "correlation_id": "other",
        "content_type": "application/x-yaml",
        "content_encoding": "binary",
    }
    for name, value in headers.items():
        yield f"another {name}", message({name: value})
    for name, value in properties.items():
        yield f"another {name}", message(properties={name: value})
    yield "a hard time limit added", message({"timelimit": [1, None]})
    yield "a soft time limit added", message({"timelimit": [None, 1]})
    yield "no id", message(without=("id",))
    yield "retries left out", message(without=("retries",))
    yield "another body", message(body=BODY.replace(b"2", b"9"))
    yield "a byte more", message(body=BODY + b" ")
    yield "a flag for a text", message({"parent_id": False})
    yield "a number for a text", message({"expires": 1})
    yield "a text for an integer", message({"retries": "0"})
    yield "a flag for an integer", message({"retries": False})
    yield "an integer with a fraction", message({"retries": 0.5})
    yield "a negative integer", message({"retries": -1})
    yield "an integer too large", message({"retries": 2**53})
    yield "an integer for a flag", message({"ignore_result": 0})
    yield "one time limit", message({"timelimit": [None]})
    yield "three time limits", message({"timelimit": [None, None, None]})
    yield "a text for a list", message({"timelimit": ""})
    yield "a negative time limit", message({"timelimit": [-1, None]})
    yield "a time limit too long", message({"timelimit": [None, 10**12 + 1]})
    yield "a flag for a time limit", message({"timelimit": [True, None]})
    yield "half of a surrogate pair", message({"group": "\ud800"})


def spoilt_seals():
    """Seals that do not read as the format says."""
    value = seal(TASK)
    version, claims, signature = value.split(".")
    yield "an empty text", ""
    yield "a number", 1
    yield "a list", [value]
    yield "another version", f"v2.{claims}.{signature}"
    yield "no signature", f"{version}.{claims}"
    yield "four parts", f"{value}.{signature}"
    yield "a space around it", f" {value}"
    yield "padding", f"{version}.{claims}.{signature}=="
    yield "a signature of 63 bytes", f"{version}.{claims}.{signature[:-2]}"
    # The last character has four bits to spare.
    yield "another spelling of the signature", value[:-1] + chr(ord(value[-1]) + 1)
    yield "claims that are no base64url", f"{version}.{claims[:-1]}+.{signature}"
    yield "more than 2048 bytes", f"{version}.{'A' * 2000}.{signature}"

    def around(text):
        return f"v1.{base64.urlsafe_b64encode(text).rstrip(b'=').decode()}.{signature}"

    plain = {key: value for key, value in CLAIMS._asdict().items()}
    for name, changes in {
        "a claim that is not known": {"exp": NOW_MS},
        "a claim that is null": {"aud": None},
        "an empty claim": {"queue": ""},
        "a claim that is no text": {"aud": ["prod"]},
        "a claim too long": {"queue": "é" * 128},
        "a time that is a text": {"iat": str(NOW_MS)},
        "a time with a fraction": {"iat": NOW_MS + 0.5},
        "a time too large": {"iat": 2**53},
        "a time that is a flag": {"iat": True},
        "a nonce too short": {"nonce": "A" * 15},
        "a nonce too long": {"nonce": "A" * 65},
        "a nonce of other characters": {"nonce": "A" * 15 + "/"},
        "a nonce and a line break": {"nonce": CLAIMS.nonce + "\n"},
    }.items():
        yield name, around(json.dumps({**plain, **changes}).encode())
    yield "a claim missing", around(json.dumps({**plain, "nonce": 0}).replace('"nonce": 0, ', "").encode())
    yield "claims that are a list", around(b"[]")
    yield "claims that are no JSON", around(b"{")
    yield "claims that are no UTF-8", around(b'{"kid": "\xff"}')
    yield "claims with a byte order mark", around(b"\xef\xbb\xbf" + json.dumps(plain).encode())
    yield "claims that nest deep", around(b"[" * 1000)


def refused():
    for name, shown in changed_messages():
        yield row(name, "bad_signature", shown, seal(TASK))
    for name, header in spoilt_seals():
        yield row(f"seal: {name}", "bad_signature", TASK, header)
    yield row("no seal", "unsigned", TASK, None)
    yield row("a key that is not trusted", "key_unknown", TASK, seal(TASK, STRANGER, kid=STRANGER.kid))
    yield row("the id of a trusted key, and another key", "bad_signature", TASK, seal(TASK, STRANGER))
    yield row("too far in the future", "signature_expired", TASK, seal(TASK, iat=NOW_MS + 300_001))
    yield row("too old", "signature_expired", TASK, seal(TASK, iat=NOW_MS - MAX_AGE_MS - 1))
    old = message({"eta": "2026-11-01T00:00:00+00:00"})
    yield row("too long after its ETA", "signature_expired", old, seal(old, iat=NOW_MS - 2 * MAX_AGE_MS))
    yield row("for another fleet", "wrong_audience", TASK, seal(TASK, aud="test"))
    yield row("for no fleet", "wrong_audience", TASK, seal(TASK, aud=None))
    yield row("for a fleet, read by none", "wrong_audience", TASK, seal(TASK), audience=None)
    yield row("on another queue", "wrong_audience", TASK, seal(TASK), read_from="other")


def keys():
    for name, key in (("trusted", TRUSTED), ("stranger", STRANGER)):
        public = key.private.public_key()
        yield (
            name,
            {
                "kid": key.kid,
                "private_pem": key.private.private_bytes(
                    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
                ).decode(),
                "public_pem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
            },
        )


def document():
    accepted = [*accepted_claims(), *(good(*named) for named in accepted_messages())]
    return {
        "now_ms": NOW_MS,
        "max_age_seconds": MAX_AGE_SECONDS,
        "keys": dict(keys()),
        "messages": [*accepted, *refused()],
    }


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=1)
    print()
