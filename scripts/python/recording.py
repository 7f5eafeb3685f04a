"""What the recorders share: looking at brokers, and writing files."""

import ast
import base64
import contextlib
import json
import pathlib
import re
import socket
import sys
import threading
from dataclasses import dataclass

import redis
from kombu import Connection, Queue

#: Ids that say where they come from and stay the same in every recording.
TASK_ID = "0f0f0f0f-0000-4000-8000-%012d"
QUEUE = "wire_q"
HOST = socket.gethostname()


def to_base64(data):
    return base64.b64encode(data).decode()


def to_text(data):
    """The text of bytes, None when they are none."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


@dataclass
class Recording:
    """The servers to record from, and the folder to write to. The Redis database is emptied."""

    redis_url: str
    amqp_url: str
    folder: pathlib.Path

    def __post_init__(self):
        self.redis = redis.Redis.from_url(self.redis_url)

    @property
    def brokers(self):
        return {"amqp": self.amqp_url, "redis": self.redis_url}

    def save(self, name, content):
        text = json.dumps(content, indent=1, ensure_ascii=False)
        (self.folder / f"{name}.json").write_text(without_machine(text) + "\n")
        print(f"{name}.json: {len(content)} entries")

    def take(self, transport):
        """The messages that wait in the queue, oldest first; it is empty afterwards."""
        return self.take_amqp(QUEUE) if transport == "amqp" else self.take_redis()

    def take_redis(self):
        # Priorities above 2 have a list of their own, whose name ends in the priority.
        lists = [QUEUE, *(f"{QUEUE}\x06\x16{step}" for step in (3, 6, 9))]
        taken = []
        for name in lists:
            for raw in reversed(self.redis.lrange(name, 0, -1)):
                taken.append({"transport": "redis", "list_key": name, "raw": raw.decode()})
            self.redis.delete(name)
        return taken

    def take_amqp(self, queue):
        with Connection(self.amqp_url) as connection:
            channel = connection.default_channel
            return [describe(message) for message in iter(lambda: channel.basic_get(queue, no_ack=True), None)]

    def declare(self, queue):
        with Connection(self.amqp_url) as connection:
            Queue(queue, durable=True)(connection.default_channel).declare()

    @contextlib.contextmanager
    def commands(self):
        """Yields a list that fills with every command that Redis runs meanwhile, as lists of bytes."""
        seen = []
        connection = self.redis.connection_pool.get_connection()
        connection.send_command("MONITOR")
        connection.read_response()

        def watch():
            with contextlib.suppress(redis.ConnectionError, OSError, ValueError, AttributeError):
                while True:
                    seen.append(parse_command(connection.read_response(timeout=None)))

        threading.Thread(target=watch, daemon=True).start()
        yield seen
        connection.disconnect()


def describe(message):
    """A message as RabbitMQ delivers it."""
    properties = dict(message.properties)
    headers = properties.pop("application_headers", None)
    body = message.body if isinstance(message.body, bytes) else message.body.encode()
    info = {name: message.delivery_info[name] for name in ("redelivered", "exchange", "routing_key")}
    return {
        "transport": "amqp",
        "properties": properties,
        "headers": headers,
        "delivery_info": info,
        "body_b64": to_base64(body),
        "body_text": to_text(body),
    }


def parse_command(line):
    """`1700000000.123456 [0 127.0.0.1:1] "SET" "key" "va\\x00lue"`: the quoted parts are Python's bytes literals."""
    text = line.decode("latin-1") if isinstance(line, bytes) else line
    return [ast.literal_eval(f"b{part}") for part in re.findall(r'"(?:[^"\\]|\\.)*"', text)]


def without_machine(text):
    """Tracebacks name files and origins name hosts; where and on what this ran is nobody's business."""
    here = pathlib.Path(__file__).parent
    return text.replace(sys.prefix, "/srv/venv").replace(str(here), "/srv/app").replace(f"@{HOST}", "@wirehost")
