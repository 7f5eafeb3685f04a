"""Every sample of pickle_samples.py in every protocol."""

import pickle
import pickletools

import vector_app
from pickle_samples import SAMPLES, celery_values
from recording import to_base64

#: A backend that asks no server; its URL is in pickles of results.
BACKEND = "cache+memory://"


def record_pickles(recording):
    samples = {**SAMPLES, **celery_values(vector_app.make_app(result_backend=BACKEND))}
    recording.save("pickles", [describe(name, value) for name, value in samples.items()])


def describe(name, value):
    bodies = {str(protocol): pickle.dumps(value, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)}
    return {
        "name": name,
        "repr": repr(value),
        "globals": globals_of(bodies["2"]),
        "protocols": {protocol: to_base64(body) for protocol, body in bodies.items()},
    }


def globals_of(body):
    """What the pickle names, in the order in which it does; protocol 2 names things by one opcode."""
    return [argument.replace(" ", ".", 1) for opcode, argument, _ in pickletools.genops(body) if opcode.name == "GLOBAL"]
