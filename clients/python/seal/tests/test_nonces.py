"""What every nonce store does. CELERITY_TEST_REDIS is the URL of a Redis to test with; without it none is."""

import os
import sqlite3
import tempfile
import time
import unittest

from celerity_seal.nonces import open_nonce_store


class Contract:
    def setUp(self):
        self.store = self.open()
        self.expires_at = time.time() + 60

    def claim(self, name, token):
        return self.store.claim(name, token, self.expires_at)

    def test_the_first_one_has_it(self):
        self.assertEqual(self.claim("a", "1"), "started:1")
        self.assertEqual(self.claim("a", "2"), "started:1")
        self.assertEqual(self.claim("a", "1"), "started:1")
        self.assertEqual(self.claim("b", "2"), "started:2")

    def test_done_stays_done(self):
        self.claim("a", "1")
        self.store.done("a", self.expires_at)
        self.assertEqual(self.claim("a", "2"), "done")

    def test_what_is_released_is_free(self):
        self.claim("a", "1")
        self.store.release("a")
        self.store.release("none")
        self.assertEqual(self.claim("a", "2"), "started:2")


class Memory(Contract, unittest.TestCase):
    def open(self):
        return open_nonce_store("memory")

    def test_what_has_expired_goes(self):
        self.store.claim("old", "1", time.time() - 1)
        self.store._cleaned_at = 0
        self.claim("new", "1")
        self.assertEqual([*self.store._noted], ["new"])


class Sqlite(Contract, unittest.TestCase):
    def open(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = os.path.join(folder.name, "nonces.sqlite")
        return open_nonce_store(f"sqlite:///{self.file}")

    def test_the_table_is_the_one_of_the_page(self):
        self.claim("a", "1")
        self.store.done("b", self.expires_at)
        rows = (
            sqlite3.connect(self.file)
            .execute("SELECT name, state, expires_at FROM celerity_nonce")
            .fetchall()
        )
        until = int(self.expires_at * 1000)
        self.assertEqual(sorted(rows), [("a", "started:1", until), ("b", "done", until)])

    def test_what_has_expired_goes(self):
        self.store.claim("old", "1", time.time() - 1)
        self.store._cleaned_at = 0
        self.claim("new", "1")
        self.assertEqual(self.store._run("SELECT group_concat(name) FROM celerity_nonce"), ("new",))


@unittest.skipUnless(os.environ.get("CELERITY_TEST_REDIS"), "needs a Redis")
class Redis(Contract, unittest.TestCase):
    def open(self):
        store = open_nonce_store(os.environ["CELERITY_TEST_REDIS"])
        store._redis.flushdb()
        return store

    def test_the_keys_are_those_of_the_page(self):
        self.claim("a", "1")
        self.store.done("b", self.expires_at)
        self.assertEqual(self.store._redis.get("celerity-nonce-a"), "started:1")
        self.assertEqual(self.store._redis.get("celerity-nonce-b"), "done")
        for key in ("celerity-nonce-a", "celerity-nonce-b"):
            self.assertTrue(0 < self.store._redis.pttl(key) <= 60_000)


if __name__ == "__main__":
    unittest.main()
