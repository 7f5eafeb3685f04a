"""Verifies what another language sealed: a document like seals.json in, a verdict for each message out."""

import json
import sys

from celerity_seal.keys import load_trusted_keys
from test_format import verdict

given = json.load(sys.stdin)
keys = load_trusted_keys([given["keys"]["trusted"]["public_pem"]])
verdicts = [
    verdict(vector, keys, given["max_age_seconds"], given["now_ms"] / 1000) for vector in given["messages"]
]
print(json.dumps(verdicts))
