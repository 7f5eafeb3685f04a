"""Celery's own schedules: answers each line of JSON, a question, with a line of JSON. Times are milliseconds since 1970."""
import json
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from celery import Celery
from celery.schedules import crontab, crontab_parser, schedule

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MILLISECOND = timedelta(milliseconds=1)
DOMAINS = {"minute": (60, 0), "hour": (24, 0), "dayOfWeek": (7, 0), "dayOfMonth": (31, 1), "monthOfYear": (12, 1)}


def app_in(zone):
    app = Celery(set_as_current=False)
    app.conf.timezone = zone
    return app


class Clock:
    """What a schedule takes for now."""

    def __init__(self):
        self.time = EPOCH

    def __call__(self):
        return self.time


def at(ms, zone):
    return (EPOCH + ms * MILLISECOND).astimezone(ZoneInfo(zone))


def next_after(entry, clock, last):
    clock.time = EPOCH
    return EPOCH + entry.remaining_estimate(last)


def make(question, clock):
    zone = question["timezone"]
    if "fields" in question:
        minute, hour, day, month, weekday = question["fields"]
        return crontab(minute, hour, weekday, day, month, nowfun=clock, app=app_in(zone))
    return schedule(question["seconds"], relative=True, nowfun=clock, app=app_in(zone))


def runs(question):
    """For each start, the next runs one after another: so many, and none after `until`."""
    clock, zone = Clock(), question["timezone"]
    entry = make(question, clock)
    answers = []
    for start in question["starts"]:
        answer, last = [], at(start, zone)
        while len(answer) < question["count"]:
            last = next_after(entry, clock, last).astimezone(ZoneInfo(zone))
            time = (last - EPOCH) / MILLISECOND
            if time > question["until"]:
                break
            answer.append(time)
        answers.append(answer)
    return answers


def is_due(question):
    """For each pair of a last run and now."""
    clock, zone = Clock(), question["timezone"]
    entry = make(question, clock)
    answers = []
    for last, now in question["pairs"]:
        clock.time = at(now, zone)
        due, seconds = entry.is_due(at(last, zone))
        answers.append([due, seconds])
    return answers


def fields(question):
    """For each field and text its numbers, None when it is refused."""
    answers = []
    for name, text in question["texts"]:
        try:
            answers.append(sorted(crontab_parser(*DOMAINS[name]).parse(text)))
        except (crontab_parser.ParseException, ValueError):
            answers.append(None)
    return answers


def texts(question):
    return [repr(schedule(seconds)) for seconds in question["seconds"]]


OPERATIONS = {"runs": runs, "is_due": is_due, "fields": fields, "texts": texts}

for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps(OPERATIONS[question["op"]](question)), flush=True)
