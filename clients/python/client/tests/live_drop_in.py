"""An app of Celery that cannot reach its broker, through a gateway: CELERITY_URL and CELERITY_API_KEY say where.

Behind it works test/helpers/python/tasks_app.py. Run by test/clients/drop-in.live.test.ts.
"""

import unittest
import warnings
from datetime import datetime, timedelta, timezone

import celery
from celery import Celery, chain, chord, group
from celery.exceptions import TaskRevokedError, TimeoutError

from celerity_client import InvalidArgumentsError
from celerity_client.celery import GatewayUnsupported, use_gateway

app = Celery("shop", broker="redis://127.0.0.1:1/0", backend="redis://127.0.0.1:1/0")
assert app.backend is not None  # As a program may have asked that was there before.
client = use_gateway(app)
TIMEOUT = 30


@app.task(name="examples.add", serializer="json", time_limit=60)
def add(x, y):
    raise AssertionError("It runs elsewhere.")


@app.task(name="examples.fail")
def fail(message):
    raise AssertionError("It runs elsewhere.")


@app.task(name="examples.slow")
def slow(seconds):
    raise AssertionError("It runs elsewhere.")


@app.task(name="py.echo")
def echo(*args, **kwargs):
    raise AssertionError("It runs elsewhere.")


class Calls(unittest.TestCase):
    def test_delay(self):
        result = add.delay(2, 3)
        self.assertIsInstance(result, celery.result.AsyncResult)
        self.assertEqual(result.get(timeout=TIMEOUT), 5)
        self.assertTrue(result.ready() and result.successful())
        self.assertEqual((result.state, result.result, result.name), ("SUCCESS", 5, "examples.add"))
        self.assertEqual(app.AsyncResult(result.id).get(timeout=TIMEOUT), 5)

    def test_a_name_of_a_task_that_is_not_here(self):
        result = app.send_task("py.types", [2**70], {"b": None})
        self.assertEqual(result.get(timeout=TIMEOUT), [["int"], {"b": "NoneType"}])

    def test_options(self):
        soon = datetime.now(timezone.utc) + timedelta(seconds=0.1)
        for options in (
            {"countdown": 0.1, "expires": 60, "priority": 3, "queue": "celery", "tags": ["drop-in"]},
            {"eta": soon, "expires": soon + timedelta(hours=1)},
            {"eta": soon.replace(tzinfo=None)},
        ):
            self.assertEqual(add.apply_async((1, 1), **options).get(timeout=TIMEOUT), 2)
        first = add.apply_async((1, 1), idempotency_key="drop-in")
        self.assertEqual(add.apply_async((1, 1), idempotency_key="drop-in").id, first.id)

    def test_results_that_nobody_wants(self):
        result = add.apply_async((1, 1), ignore_result=True)
        self.assertIsNone(result.get(timeout=TIMEOUT))

    def test_an_exception(self):
        with self.assertRaisesRegex(ValueError, "^no stock$"):
            fail.delay("no stock").get(timeout=TIMEOUT)
        result = fail.delay("no stock")
        self.assertIsInstance(result.get(timeout=TIMEOUT, propagate=False), ValueError)
        self.assertTrue(result.failed())

    def test_progress_and_revoke(self):
        result = slow.delay(600)
        with self.assertRaises(TimeoutError):
            result.get(timeout=0.5)
        while result.state != "PROGRESS":
            self.assertFalse(result.ready())
        self.assertEqual(result.info["total"], 600)
        result.revoke(terminate=True)
        with self.assertRaises(TaskRevokedError):
            result.get(timeout=TIMEOUT)
        result.revoke()  # It has ended; Celery does not mind.

    def test_revoke_before_it_runs(self):
        result = add.apply_async((1, 1), countdown=3600)
        self.assertFalse(result.ready())
        app.control.revoke([result.id])
        with self.assertRaises(TaskRevokedError):
            result.get(timeout=TIMEOUT)

    def test_an_id_that_nobody_knows(self):
        self.assertEqual(app.AsyncResult("00000000-0000-4000-8000-000000000000").state, "PENDING")

    def test_other_apps_go_on_as_before(self):
        eager = Celery("eager", broker="memory://")
        eager.conf.task_always_eager = True

        @eager.task(name="double")
        def double(x):
            return 2 * x

        self.assertEqual(chain(double.s(2), double.s())().get(), 8)


class Canvases(unittest.TestCase):
    def test_chain(self):
        result = chain(add.s(1, 2), add.s(10), add.si(5, 5))()
        self.assertEqual(result.get(timeout=TIMEOUT), 10)
        self.assertEqual([result.parent.get(), result.parent.parent.get()], [13, 3])
        self.assertEqual((add.s(2) | add.s(3)).apply_async((1,)).get(timeout=TIMEOUT), 6)

    def test_a_chain_that_fails(self):
        result = chain(fail.si("no stock"), add.s(10))()
        with self.assertRaisesRegex(ValueError, "no stock"):
            result.get(timeout=TIMEOUT)

    def test_group(self):
        result = group(add.s(1), add.s(2))(10)
        self.assertIsInstance(result, celery.result.GroupResult)
        self.assertEqual(result.get(timeout=TIMEOUT), [11, 12])
        self.assertTrue(result.successful())
        self.assertEqual(result.completed_count(), 2)

    def test_chord(self):
        result = chord([add.s(1, 1), chain(add.s(1, 2), add.s(3))])(echo.s(kind="body"))
        self.assertEqual(result.get(timeout=TIMEOUT), [[[2, 6]], {"kind": "body"}])
        self.assertEqual(result.parent.get(timeout=TIMEOUT), [2, 6])
        joined = (group(add.s(1, 1), add.s(2, 2)) | echo.s()).delay()
        self.assertEqual(joined.get(timeout=TIMEOUT), [[[2, 4]], {}])

    def test_many(self):
        self.assertEqual(add.starmap([(1, 1), (2, 2)]).delay().get(timeout=TIMEOUT), [2, 4])
        self.assertEqual(echo.map([1, 2]).delay().get(timeout=TIMEOUT), [[[1], {}], [[2], {}]])
        self.assertEqual(add.chunks([(1, 1), (2, 2), (3, 3)], 2)().get(timeout=TIMEOUT), [[2, 4], [6]])

    def test_links(self):
        linked = add.apply_async((1, 1), link=echo.s("linked"))
        self.assertEqual(linked.get(timeout=TIMEOUT), 2)
        options = {"countdown": 0.1, "queue": "celery", "priority": 1}
        self.assertEqual(chain(add.s(1, 1).set(**options), add.s(1)).apply_async().get(timeout=TIMEOUT), 3)


class Refusals(unittest.TestCase):
    def test_options_that_http_does_not_carry(self):
        for name, value in {
            "task_id": "mine",
            "serializer": "pickle",
            "headers": {"a": "b"},
            "time_limit": 5,
            "producer": object(),
            "retry_policy": {"max_retries": 1},
            "routing_key": "elsewhere",
        }.items():
            with self.assertRaisesRegex(GatewayUnsupported, f"^The option {name} "):
                add.apply_async((1, 1), **{name: value})
            with self.assertRaisesRegex(GatewayUnsupported, f"^The option {name} "):
                chain(add.s(1, 1).set(**{name: value}), add.s(1))()

    def test_what_only_a_broker_or_a_store_can(self):
        result = add.delay(1, 1)
        result.get(timeout=TIMEOUT)
        for refused in (
            result.forget,
            lambda: result.revoke(wait=True),
            lambda: app.control.inspect().ping(),
            lambda: app.control.purge(),
            lambda: app.control.rate_limit("examples.add", "1/s"),
            lambda: group(add.s(1, 1))().save(),
        ):
            with self.assertRaises(GatewayUnsupported):
                refused()

    def test_arguments(self):
        with self.assertRaisesRegex(Exception, "datetime has no form in JSON"):
            add.delay(datetime.now(), 1)
        with self.assertRaises(InvalidArgumentsError):
            app.send_task("examples.add", [1, 1], queue="no queue!")

    def test_the_arguments_are_checked_here_as_before(self):
        with self.assertRaises(TypeError):
            add.delay(1)


class Places(unittest.TestCase):
    def test_the_routes_of_the_app(self):
        routed = Celery("routed", broker="redis://127.0.0.1:1/0")
        routed.conf.task_routes = {"examples.*": {"queue": "nobody"}}
        use_gateway(routed)
        self.assertEqual(queue_of(routed.send_task("examples.add", (1, 1))), "nobody")
        self.assertEqual(queue_of(routed.send_task("examples.add", (1, 1), queue="celery")), "celery")
        self.assertEqual(queue_of(chain(routed.signature("examples.add", (1, 1)))()), "nobody")

    def test_the_queue_of_the_app(self):
        other = Celery("other", broker="redis://127.0.0.1:1/0")
        other.conf.task_default_queue = "nobody"
        use_gateway(other)
        self.assertEqual(queue_of(other.send_task("examples.add", (1, 1))), "nobody")


def queue_of(result):
    return client.task(result.id).get().raw["queue"]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    unittest.main(verbosity=2)
