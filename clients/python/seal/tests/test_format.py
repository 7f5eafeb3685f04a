"""The format against the vectors that implementations in other languages check too."""

import ast
import base64
import json
import unittest
from pathlib import Path

import make_vectors
from celerity_seal.format import (
    HEADER,
    Claims,
    Message,
    SealError,
    read_header,
    seal_message,
    signing_input,
    verify_message,
    write_header,
)
from celerity_seal.keys import load_seal_key, load_trusted_keys

VECTORS = Path(__file__).parents[4] / "conformance" / "vectors" / "seals.json"
PAGE = Path(__file__).parents[4] / "docs" / "sealed-headers.md"
SOURCES = Path(__file__).parents[1] / "src" / "celerity_seal"


def message_of(vector):
    headers = {**vector["headers"], **({} if vector["seal"] is None else {HEADER: vector["seal"]})}
    return Message(headers, base64.b64decode(vector["body_b64"]), **vector["properties"])


def verdict(vector, keys, max_age, now):
    """`ok` or the code of the error."""
    try:
        verify_message(message_of(vector), keys, vector["read_from"], vector["audience"], max_age, now)
        return "ok"
    except SealError as error:
        return error.code


class Vectors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.recorded = json.loads(VECTORS.read_text())
        cls.keys = load_trusted_keys([cls.recorded["keys"]["trusted"]["public_pem"]])

    def test_every_verdict(self):
        self.assertGreater(len(self.recorded["messages"]), 90)
        for vector in self.recorded["messages"]:
            with self.subTest(vector["name"]):
                now = self.recorded["now_ms"] / 1000
                found = verdict(vector, self.keys, self.recorded["max_age_seconds"], now)
                self.assertEqual(found, vector["verdict"])

    def test_sealing_gives_the_recorded_seal(self):
        key = load_seal_key(self.recorded["keys"]["trusted"]["private_pem"])
        for vector in self.recorded["messages"]:
            if vector["verdict"] == "ok":
                with self.subTest(vector["name"]):
                    claims, _ = read_header(vector["seal"])
                    self.assertEqual(claims, Claims(**vector["claims"]))
                    signed = signing_input(claims, message_of(vector))
                    self.assertEqual(signed.decode(), vector["signing_input"])
                    self.assertEqual(write_header(claims, key.sign(signed)), vector["seal"])

    def test_the_page_shows_one_of_them(self):
        (example,) = (
            vector for vector in self.recorded["messages"] if vector["name"] == "the example of the page"
        )
        self.assertIn(example["seal"], PAGE.read_text())

    def test_the_recorded_file_is_what_the_maker_makes(self):
        self.assertEqual(json.loads(json.dumps(make_vectors.document())), self.recorded)


class Sealing(unittest.TestCase):
    key = make_vectors.TRUSTED
    trusted = {key.kid: key.private.public_key()}

    def test_every_seal_has_a_nonce_of_its_own(self):
        seals = [seal_message(make_vectors.TASK, self.key, "prod", "celery") for _ in range(2)]
        claims = [
            verify_message(
                make_vectors.TASK._replace(headers={**make_vectors.HEADERS, HEADER: seal}),
                self.trusted,
                "celery",
                "prod",
            )
            for seal in seals
        ]
        self.assertEqual(len({claim.nonce for claim in claims}), 2)

    def test_what_cannot_be_sealed_is_not(self):
        for headers in (
            {"retries": "1"},
            {"task": 5},
            {"timelimit": [float("nan"), None]},
            {"timelimit": [float("inf"), None]},
        ):
            with self.subTest(headers), self.assertRaises(ValueError):
                seal_message(make_vectors.message(headers), self.key)
        for queue in ("", "q" * 256, "\ud800"):
            with self.subTest(queue), self.assertRaises(ValueError):
                seal_message(make_vectors.TASK, self.key, queue=queue)


class Sources(unittest.TestCase):
    def test_they_are_python_3_8(self):
        for file in SOURCES.glob("*.py"):
            ast.parse(file.read_text(), feature_version=(3, 8))


if __name__ == "__main__":
    unittest.main()
