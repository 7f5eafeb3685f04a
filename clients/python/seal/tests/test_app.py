"""An app and its worker over kombu's memory transport."""

import base64
import copy
import gzip
import logging
import os
import sqlite3
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from celery import Celery, chain
from celery.contrib.testing.worker import start_worker
from celery.exceptions import ImproperlyConfigured
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from kombu import Exchange, Queue
from kombu.transport import memory

from celerity_seal import HEADER, seal, worker
from celerity_seal.format import Message, read_header
from celerity_seal.nonces import MemoryNonces
from make_vectors import STRANGER, TRUSTED


def private_pem(key):
    return key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key):
    return key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


SEALED = {
    "mode": "require",
    "key": private_pem(TRUSTED),
    "trusted_keys": [public_pem(TRUSTED)],
    "audience": "prod",
    "nonce_store": "memory",
}


def plain_app(queue, **conf):
    app = Celery(queue, broker="memory://", backend="cache+memory://", set_as_current=False)
    app.conf.update(
        task_default_queue=queue,
        worker_hijack_root_logger=False,
        broker_transport_options={"polling_interval": 0.02},
        **conf,
    )
    return app


def sealed_app(queue, sealing=None, **conf):
    app = plain_app(queue, **conf)
    seal(app, **{**SEALED, **(sealing or {})})

    @app.task(name="add", shared=False)
    def add(x, y):
        return x + y

    @app.task(name="retry", bind=True, max_retries=None, shared=False)
    def retry(self, times, seals=()):
        seals = [*seals, getattr(self.request, HEADER)]
        if self.request.retries < times:
            raise self.retry((times, seals), countdown=0)
        return seals

    return app


def captured(send):
    """What `send` gives, and the one message that it sends, which no worker gets."""
    with mock.patch.object(memory.Channel, "_put") as put:
        result = send()
    (call,) = put.call_args_list
    return result, call[0][1]


def wait_for(condition):
    end = time.time() + 20
    while time.time() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen within 20 s")


class FlakyNonces(MemoryNonces):
    """Cannot be reached for its first call."""

    failures = 1

    def claim(self, name, token, expires_at):
        self.failures -= 1
        if self.failures >= 0:
            raise ConnectionError("away")
        return super().claim(name, token, expires_at)


def setUpModule():
    """One worker for all, which requires seals: Celery takes seconds to stop one, and can stop only all."""
    logging.getLogger("celery").setLevel(logging.CRITICAL)
    AppTest.app = sealed_app(AppTest.queue)
    AppTest.worker = start_worker(AppTest.app, pool="solo", perform_ping_check=False, shutdown_timeout=30)
    AppTest.worker.__enter__()


def tearDownModule():
    AppTest.worker.__exit__(None, None, None)


class AppTest(unittest.TestCase):
    queue = "tasks"

    def put(self, payload, queue=None):
        """Puts what may have been captured on the queue, as somebody with access to the broker can."""
        with self.app.connection_for_write() as connection:
            connection.default_channel._put(queue or self.queue, copy.deepcopy(payload))

    def dead_letter(self):
        """The next dead letter, as it lies on its queue."""

        def take():
            with self.app.connection_for_read() as connection:
                try:
                    return connection.default_channel._get(f"{self.queue}.dead")
                except Exception:
                    return None

        return wait_for(take)


class Accepted(AppTest):
    def test_tasks_of_every_kind(self):
        add = self.app.tasks["add"]
        self.assertEqual(add.delay(1, 2).get(timeout=20, interval=0.02), 3)
        options = {"countdown": 0.1, "expires": 60, "compression": "gzip", "time_limit": 30.5, "priority": 3}
        self.assertEqual(add.apply_async((1, 3), **options).get(timeout=20, interval=0.02), 4)
        self.assertEqual(chain(add.s(1, 4), add.s(5))().get(timeout=20, interval=0.02), 10)

    def test_protocol_1(self):
        result = sealed_app(self.queue, task_protocol=1).send_task("add", (1, 2))
        self.assertEqual(self.app.AsyncResult(result.id).get(timeout=20, interval=0.02), 3)

    def test_a_retry_with_a_seal_of_its_own(self):
        seals = (
            self.app.tasks["retry"]
            .apply_async((2,), headers={HEADER: "stale"})
            .get(timeout=20, interval=0.02)
        )
        self.assertEqual(len(seals), 3)
        self.assertEqual(len({*seals, "stale"}), 4)

    def test_unsealed_ones_with_a_warning_in_mode_accept_legacy(self):
        legacy = mock.patch.dict(vars(self.app.sealing), mode="accept-legacy")
        with legacy, self.assertLogs("celerity_seal.sealing", "WARNING") as logs:
            for n in range(3):
                result = plain_app(self.queue).send_task("add", (1, n))
                self.assertEqual(self.app.AsyncResult(result.id).get(timeout=20, interval=0.02), 1 + n)
        self.assertEqual(len(logs.output), 1)

    def test_later_while_seals_cannot_be_checked(self):
        flaky = mock.patch.dict(vars(self.app.sealing), nonces=FlakyNonces())
        with flaky, mock.patch.object(worker, "PAUSE", 0.1), self.assertLogs("celerity_seal.worker", "ERROR"):
            result = self.app.tasks["add"].apply_async((1, 2), compression="gzip")
            self.assertEqual(result.get(timeout=20, interval=0.02), 3)

    def test_redelivered_ones_until_they_are_done(self):
        _, payload = captured(lambda: self.app.tasks["add"].delay(1, 2))
        message = Message(
            payload["headers"],
            base64.b64decode(payload["body"]),
            payload["properties"]["reply_to"],
            payload["properties"]["correlation_id"],
            payload["content-type"],
            payload["content-encoding"],
        )

        def take(redelivered):
            return self.app.sealing.take(message, self.queue, redelivered)

        first = take(False)
        self.assertFalse(take(True).is_done)
        first.done()
        self.assertTrue(take(True).is_done)
        first.release()
        self.assertFalse(take(False).is_done)

    def test_sealed_commands_only(self):
        (answer,) = self.app.control.ping(timeout=5, limit=1)
        self.assertEqual([*answer.values()], [{"ok": "pong"}])
        with self.assertLogs("celerity_seal.worker", "WARNING") as logs:
            self.assertEqual(plain_app("plain").control.ping(timeout=1), [])
        self.assertIn("unsigned", logs.output[0])


class Refused(AppTest):
    def assert_dead(self, code, payload):
        """The message is kept as it was, and says why."""
        letter = self.dead_letter()
        added = {name: value for name, value in letter["headers"].items() if name.startswith("x-celerity-")}
        self.assertEqual((added["x-celerity-reason"], added["x-celerity-queue"]), (code, self.queue))
        self.assertEqual(len(added), 5)
        self.assertEqual({**payload["headers"], **added}, letter["headers"])
        self.assertEqual(letter["body"], payload["body"])

    def assert_refused(self, code, result, payload):
        with self.assertLogs("celerity_seal.worker", "ERROR") as logs:
            self.put(payload)
            with self.assertRaises(Exception) as caught:
                self.app.AsyncResult(result.id).get(timeout=20, interval=0.02)
            self.assertEqual(type(caught.exception).__name__, "SealError")
            self.assertEqual(caught.exception.args[0], code)
            self.assert_dead(code, payload)
        self.assertIn(code, logs.output[0])

    def test_without_a_seal(self):
        self.assert_refused("unsigned", *captured(lambda: plain_app(self.queue).send_task("add", (1, 2))))

    def test_of_another_key_or_fleet(self):
        stranger = sealed_app(self.queue, {"key": private_pem(STRANGER)})
        self.assert_refused("key_unknown", *captured(lambda: stranger.send_task("add", (1, 2))))
        elsewhere = sealed_app(self.queue, {"audience": "test"})
        self.assert_refused("wrong_audience", *captured(lambda: elsewhere.send_task("add", (1, 2))))

    def test_changed(self):
        for change in (
            lambda payload: payload["headers"].update(task="retry"),
            lambda payload: payload["headers"].update(compression="zlib"),
            lambda payload: payload["properties"].update(correlation_id="other"),
            lambda payload: payload.update({"content-type": "application/x-yaml"}),
            lambda payload: payload.update(body=base64.b64encode(b"[[8, 8], {}, {}]").decode()),
        ):
            result, payload = captured(lambda: self.app.send_task("add", (1, 2)))
            change(payload)
            self.assert_refused("bad_signature", result, payload)

    def test_on_another_queue(self):
        self.assert_refused(
            "wrong_audience", *captured(lambda: self.app.send_task("add", (1, 2), queue="other"))
        )

    def test_before_anything_of_the_body_is_read(self):
        body = base64.b64encode(gzip.compress(b"never read")[:-6]).decode()
        result, payload = captured(lambda: plain_app(self.queue).send_task("add", (1, 2)))
        payload.update({"body": body, "content-type": "application/x-python-serialize"})
        payload["headers"]["compression"] = "application/x-gzip"
        self.assert_refused("unsigned", result, payload)

    def test_twice_and_its_result_stays(self):
        result, payload = captured(lambda: self.app.tasks["add"].delay(1, 2))
        self.put(payload)
        self.assertEqual(result.get(timeout=20, interval=0.02), 3)
        with self.assertLogs("celerity_seal.worker", "ERROR"):
            self.put(payload)
            self.assert_dead("replay", payload)
        self.assertEqual(self.app.AsyncResult(result.id).state, "SUCCESS")

    def test_its_dead_letter_of_the_broker_may_come_again(self):
        result, payload = captured(lambda: self.app.send_task("not registered"))
        for _ in range(2):
            self.put(payload)
            with self.assertRaises(Exception) as caught:
                self.app.AsyncResult(result.id).get(timeout=20, interval=0.02)
            self.assertEqual(type(caught.exception).__name__, "NotRegistered")
            result.forget()


class Settings(unittest.TestCase):
    def headers_sent(self, app):
        return captured(lambda: app.send_task("add", (1, 2)))[1]["headers"]

    def test_from_the_configuration_made_later(self):
        app = plain_app("later")
        seal(app)
        app.conf.update(message_seal_key=private_pem(TRUSTED))
        self.assertIn(HEADER, self.headers_sent(app))

    def test_from_the_environment(self):
        with tempfile.TemporaryDirectory() as folder:
            key, public = Path(folder, "seal.pem"), Path(folder, "public")
            key.write_text(private_pem(TRUSTED))
            public.mkdir()
            for name, trusted in (("a", TRUSTED), ("b", STRANGER)):
                (public / f"{name}.pem").write_text(public_pem(trusted))
            environment = {
                "CELERY_MESSAGE_SEALING": "require",
                "CELERY_MESSAGE_SEAL_KEY": str(key),
                "CELERY_MESSAGE_SEAL_TRUSTED_KEYS": f"{public}/a*.pem, {folder}",
                "CELERY_MESSAGE_SEAL_CONTROL": "false",
                "CELERY_MESSAGE_SEAL_MAX_AGE": "60",
            }
            with mock.patch.dict(os.environ, environment):
                sealing = seal(plain_app("environment"))
                self.assertEqual((sealing.mode, sealing.key.kid), ("require", TRUSTED.kid))
                self.assertEqual(sealing.trusted_keys.keys(), {TRUSTED.kid, STRANGER.kid})
                self.assertEqual((sealing.control, sealing.max_age, sealing.audience), (False, 60, None))

    def test_in_the_style_of_django(self):
        app = Celery("django", set_as_current=False)
        sealing = seal(app)
        settings = {
            "CELERY_MESSAGE_SEALING": "accept-legacy",
            "CELERY_MESSAGE_SEAL_KEY": private_pem(TRUSTED),
        }
        app.config_from_object(settings, namespace="CELERY")
        self.assertEqual((sealing.mode, sealing.key.kid), ("accept-legacy", TRUSTED.kid))

    def test_the_key_that_signs_now_of_a_key_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "private").mkdir()
            Path(folder, "private", f"{TRUSTED.kid}.pem").write_text(private_pem(TRUSTED))
            keys = (
                '{"kid": "next", "validFrom": "2999-01-01T00:00:00.000Z"}',
                f'{{"kid": "{TRUSTED.kid}", "validFrom": "2026-01-01T00:00:00.000Z"}}',
            )
            Path(folder, "keys.json").write_text(f'{{"keys": [{", ".join(keys)}]}}')
            self.assertEqual(seal(plain_app("folder"), key=folder).key.kid, TRUSTED.kid)

    def test_an_encrypted_key(self):
        pem = TRUSTED.private.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open")
        ).decode()
        self.assertEqual(seal(plain_app("encrypted"), key=pem, key_password="open").key.kid, TRUSTED.kid)
        for password in (None, "shut"):
            with self.assertRaisesRegex(ImproperlyConfigured, "message_seal_key"):
                seal(plain_app("encrypted"), key=pem, key_password=password).key.sign(b"")

    def test_a_key_is_what_seals(self):
        self.assertIn(HEADER, self.headers_sent(sealed_app("key")))
        self.assertIn(HEADER, self.headers_sent(sealed_app("key", {"mode": "off"})))
        self.assertNotIn(HEADER, self.headers_sent(plain_app("key")))
        self.assertNotIn(HEADER, self.headers_sent(sealed_app("key", {"key": ""})))
        self.assertNotIn(HEADER, self.headers_sent(sealed_app("key", {"key": ""}, task_protocol=1)))

    def test_the_queue_is_sealed_unless_an_exchange_decides(self):
        app = sealed_app("routes")
        app.conf.task_queues = [Queue("a", Exchange("x", "topic"), routing_key="k")]
        for queue, expected in (("a", None), ("b", "b")):
            _, payload = captured(lambda queue=queue: app.send_task("add", (1, 2), queue=queue))
            claims, _ = read_header(payload["headers"][HEADER])
            self.assertEqual(claims.queue, expected)

    def test_nonces_are_kept_where_workers_of_every_language_look(self):
        redis = "redis://127.0.0.1:1/2"
        for backend, broker, expected in (
            (redis, "amqp://", "RedisNonces"),
            ("rpc://", redis, "RedisNonces"),
            ("rpc://", "amqp://", "MemoryNonces"),
            (None, f"{redis};{redis}", "MemoryNonces"),
        ):
            with self.subTest(backend=backend, broker=broker):
                sealing = seal(Celery("nonces", broker=broker, backend=backend, set_as_current=False))
                self.assertEqual(type(sealing.nonces).__name__, expected)
        for backend, error in (
            ("db+postgresql://h/d", ImproperlyConfigured),
            ("db+sqlite:////none/x", sqlite3.Error),
        ):
            sealing = seal(Celery("nonces", broker=redis, backend=backend, set_as_current=False))
            self.assertRaises(error, lambda sealing=sealing: sealing.nonces)

    def test_wrong_ones_are_named(self):
        for wrong, name in (
            ({"mode": "on"}, "message_sealing"),
            ({"key": "/nowhere.pem"}, "/nowhere.pem"),
            ({"key": "-----BEGIN nothing"}, "message_seal_key"),
            ({"trusted_keys": []}, "message_seal_trusted_keys"),
            ({"trusted_keys": ["/nowhere/*.pem"]}, "/nowhere"),
            ({"trusted_keys": [private_pem(TRUSTED)]}, "private key"),
            ({"nonce_store": "ftp://x"}, "message_seal_nonce_store"),
            ({"audience": "a" * 256}, "message_seal_audience"),
            ({"max_age": "soon"}, "message_seal_max_age"),
            ({"max_age": "nan"}, "message_seal_max_age"),
        ):
            with self.subTest(name), self.assertRaisesRegex(ImproperlyConfigured, name):
                sealing = sealed_app("wrong", wrong).sealing
                sealing.check()

    def test_it_comes_first_and_once(self):
        app = sealed_app("twice")
        self.assertRaises(ImproperlyConfigured, seal, app)
        used = plain_app("used")
        captured(lambda: used.send_task("add", (1, 2)))
        self.assertRaises(ImproperlyConfigured, seal, used)


if __name__ == "__main__":
    unittest.main()
