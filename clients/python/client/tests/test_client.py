"""Both clients against small servers."""

import ast
import asyncio
import json
import threading
import time
import unittest
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from celerity_client import (
    ApiError,
    AsyncClient,
    CelerityError,
    Client,
    NetworkError,
    QuotaError,
    WaitTimeoutError,
    WebhookError,
    verify_webhook,
)


class Server:
    """Answers one request after the other; each answer is (status, headers, body), the last one for all that follow."""

    def __init__(self, *answers):
        self.asked = []
        answers = list(answers)
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                asked.append((self.headers, body))
                status, headers, text = answers.pop(0) if len(answers) > 1 else answers[0]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self._http.shutdown()
        self._http.server_close()


class Clients(unittest.TestCase):
    def serve(self, *answers):
        server = Server(*answers)
        self.addCleanup(server.close)
        return server

    def client(self, server, **options):
        client = Client(server.url, "key", **{"first_delay": 0.001, **options})
        self.addCleanup(client.close)
        return client

    def test_what_is_sent(self):
        server = self.serve((202, {}, b'{"id": "1", "task": "t", "state": "PENDING"}'))
        noon = datetime(2030, 1, 2, 12, tzinfo=timezone.utc)
        self.client(server).submit("t", [2**70], eta=noon, expires=timedelta(minutes=1), tags=("a",))
        headers, body = server.asked[0]
        self.assertEqual(
            json.loads(body),
            {
                "task": "t",
                "args": [2**70],
                "kwargs": {},
                "eta": "2030-01-02T12:00:00+00:00",
                "expires": 60.0,
                "tags": ["a"],
            },
        )
        self.assertEqual(headers["authorization"], "Bearer key")
        self.assertRegex(headers["user-agent"], "^celerity-python/")
        self.assertRegex(headers["idempotency-key"], "^[0-9a-f-]{36}$")

    def test_what_cannot_be_sent(self):
        client = self.client(self.serve((500, {}, b"")))
        for args in ([object()], [float("nan")], [noon()]):
            with self.assertRaisesRegex(CelerityError, "plain JSON"):
                client.submit("t", args)
        with self.assertRaisesRegex(ValueError, "eta needs a time zone"):
            client.submit("t", eta=noon())

    def test_an_answer_that_is_no_problem_document(self):
        with self.assertRaises(ApiError) as caught:
            self.client(self.serve((418, {}, b"<html>"))).task("1").get()
        self.assertEqual((caught.exception.type, caught.exception.status), ("unknown", 418))
        with self.assertRaisesRegex(CelerityError, "is this the URL of a gateway"):
            self.client(self.serve((200, {}, b"<html>"))).task("1").get()
        quota = b'{"type": "https://x/types#quota-exceeded"}'
        with self.assertRaises(QuotaError) as caught:
            self.client(self.serve((429, {"retry-after": "7"}, quota)), attempts=1).task("1").get()
        self.assertEqual((caught.exception.type, caught.exception.retry_after), ("quota-exceeded", 7))

    def test_a_retry_after_may_be_a_date(self):
        soon = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=2), usegmt=True)
        server = self.serve(
            (503, {"retry-after": soon}, b"{}"), (200, {}, b'{"id":"1","state":"S","terminal":true}')
        )
        begin = time.monotonic()
        self.client(server).task("1").get()
        self.assertGreater(time.monotonic() - begin, 0.5)
        self.assertEqual(len(server.asked), 2)

    def test_a_task_that_does_not_end_in_time(self):
        running = self.serve((200, {"retry-after": "0"}, b'{"terminal":false}'))
        with self.assertRaises(WaitTimeoutError):
            self.client(running).task("1").wait(0.2)

        async def wait():
            async with AsyncClient(running.url) as client:
                await client.task("1").wait(0.2)

        with self.assertRaises(TimeoutError):
            asyncio.run(wait())

    def test_nobody_listens(self):
        with self.assertRaises(NetworkError):
            Client("http://127.0.0.1:1", first_delay=0.001).task("1").get()

    def test_events_go_on_after_a_break(self):
        # Characters that are ends of lines elsewhere.
        data = '{"meta": "\u2028\\u0085"}'.encode()
        server = self.serve(
            (
                200,
                {},
                b"retry: 1\r\n\r\n: comment\n\nid: 1\nevent: progress\ndata: "
                + data
                + b'\n\nid: 2\ndata: {"half',
            ),
            (200, {}, b"id: 2\nevent: state\ndata: {\ndata: }\n\n"),
            (204, {}, b""),
        )
        seen = [(event.event, event.id, event.data) for event in self.client(server).task("1").events()]
        self.assertEqual(seen, [("progress", "1", {"meta": "\u2028\u0085"}), ("state", "2", {})])
        self.assertEqual([headers["last-event-id"] for headers, _ in server.asked], [None, "1", "2"])


def noon():
    return datetime(2030, 1, 2, 12)


class Webhooks(unittest.TestCase):
    """The example of Standard Webhooks."""

    headers = {
        "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1a,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    def verify(self, body=b'{"test": 2432232314}', now=1614265330, secret=secret, **headers):
        return verify_webhook(body, {**self.headers, **headers}, secret, now=now)

    def test_good_ones(self):
        expected = {"id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "test": 2432232314}
        self.assertEqual(self.verify(), expected)
        self.assertEqual(self.verify(now=1614265330 - 300, secret=["AAAA", self.secret]), expected)

    def test_bad_ones(self):
        for bad in (
            {"body": b'{"test": 2432232315}'},
            {"now": 1614265330 + 301},
            {"now": 1614265330 - 301},
            {"secret": "whsec_AAAA"},
            {"secret": "whsec_?"},
            {"WEBHOOK-ID": "twice"},
            {"webhook-signature": "v1,\u00e9"},
            {"webhook-timestamp": "soon"},
        ):
            with self.assertRaises(WebhookError, msg=bad):
                self.verify(**bad)


class Sources(unittest.TestCase):
    def test_they_are_python_3_8(self):
        for file in (Path(__file__).parents[1] / "src").rglob("*.py"):
            ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 8))


if __name__ == "__main__":
    unittest.main()
