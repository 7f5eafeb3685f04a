"""Celery's own dumper: the events of its input as lines."""

import io
import json
import sys

from celery.events.dumper import Dumper

out = io.StringIO()
dumper = Dumper(out=out)
for event in json.load(sys.stdin):
    dumper.on_event(event)
print(json.dumps(out.getvalue()))
