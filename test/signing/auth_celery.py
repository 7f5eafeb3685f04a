"""Celery's own auth serializer, for Celery 5.2 and newest alike. JSON on standard input:

    {"jobs": [{"key", "cert", "store", "digest", "serializer", "value", "body"}], "certificates": [PEM]}

Answers {"jobs": [{"signed": value as a signed body, "read": what body holds}], "ids": [signer ids]}; what raises an
exception is answered by its class and message.
"""

import json
import sys

from celery.security.certificate import Certificate, FSCertStore
from celery.security.key import PrivateKey
from celery.security.serialization import SecureSerializer


def attempt(action, *args):
    try:
        return action(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def read_file(path):
    with open(path) as file:
        return file.read()


def run(job):
    serializer = SecureSerializer(
        PrivateKey(read_file(job["key"])),
        Certificate(read_file(job["cert"])),
        FSCertStore(job["store"]),
        job["digest"],
        job["serializer"],
    )
    return {
        "signed": attempt(serializer.serialize, job["value"]),
        "read": attempt(serializer.deserialize, job["body"]),
    }


given = json.load(sys.stdin)
ids = [attempt(lambda: Certificate(pem).get_id()) for pem in given["certificates"]]
print(json.dumps({"jobs": [run(job) for job in given["jobs"]], "ids": ids}))
