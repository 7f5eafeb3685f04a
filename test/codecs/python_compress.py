"""Compresses or decompresses a list of bodies with kombu. Reads {"op", "name", "items": [base64...]}, writes [base64...].

"twice" answers with what becomes of each body followed by itself, and by rubbish: {"twice", "rubbish"}, as text, null where
that fails.
"""

import base64
import json
import sys

from kombu import compression


def attempt(body, name):
    try:
        return compression.decompress(body, name).decode()
    except Exception:
        return None


OPERATIONS = {
    "compress": lambda body, name: base64.b64encode(compression.compress(body, name)[0]).decode(),
    "decompress": lambda body, name: base64.b64encode(compression.decompress(body, name)).decode(),
    "twice": lambda body, name: {"twice": attempt(body + body, name), "rubbish": attempt(body + b"rubbish", name)},
}

command = json.load(sys.stdin)
run = OPERATIONS[command["op"]]
json.dump([run(base64.b64decode(item), command["name"]) for item in command["items"]], sys.stdout)
