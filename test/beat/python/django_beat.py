"""Django with django-celery-beat on the database of DJANGO_DATABASE (JSON), driven by a test.

{"code"} -> {"value": what the code has put into `value`, as JSON or as its str()}
"""

import json
import os
import sys

sys.path.append(os.environ["DJANGO_PACKAGES"])

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": json.loads(os.environ["DJANGO_DATABASE"])},
    INSTALLED_APPS=["django_celery_beat"],
    USE_TZ=True,
    TIME_ZONE="Europe/Berlin",
)
django.setup()

import datetime

from celery import Celery
from django.core.management import call_command
from django.utils import timezone
from django_celery_beat import models
from django_celery_beat.schedulers import DatabaseScheduler

NAMES = {
    "Celery": Celery,
    "DatabaseScheduler": DatabaseScheduler,
    "call_command": call_command,
    "datetime": datetime,
    "models": models,
    "timezone": timezone,
}

for line in sys.stdin:
    names = dict(NAMES)
    exec(json.loads(line)["code"], names)
    print(json.dumps({"value": names.get("value")}, default=str), flush=True)
