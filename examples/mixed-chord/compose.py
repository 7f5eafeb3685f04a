"""Sends the chord and waits for its result."""

from celery import chord

from tasks import app, deviation, median

times = [212, 187, 240, 1410, 205, 198]

extremes = app.signature("node.extremes", [times])
describe = app.signature("node.describe")

result = chord([median.s(times), deviation.s(times), extremes])(describe)
print(result.get(timeout=60))
