"""Records conformance/vectors from the Celery that runs this. `npm run vectors` starts the servers and calls it:

    python record_vectors.py --redis redis://127.0.0.1:6379/15 --amqp amqp://guest:guest@127.0.0.1:5672// --out folder

The Redis database is EMPTIED; on RabbitMQ the queues wire_q and wire_rpc_reply are made and left behind.
"""

import argparse
import pathlib
import platform

import celery
import kombu

from make_suite import make_suite
from record_messages import record_messages
from record_pickles import record_pickles
from record_results import record_results
from record_signed import record_signed
from recording import Recording

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for option in ("--redis", "--amqp", "--out"):
        parser.add_argument(option, required=True)
    options = parser.parse_args()
    recording = Recording(options.redis, options.amqp, pathlib.Path(options.out))
    recording.redis.flushdb()
    record_messages(recording)
    record_results(recording)
    record_signed(recording)
    record_pickles(recording)
    make_suite(recording.folder)
    versions = {"celery": celery.__version__, "kombu": kombu.__version__, "python": platform.python_version()}
    print("Recorded from", ", ".join(f"{name} {version}" for name, version in versions.items()))
