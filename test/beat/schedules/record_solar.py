"""
Records solar-vectors.json: when Celery's solar schedules run. Needs celery and ephem (pip install "celery[solar]"):

    python record_solar.py > solar-vectors.json
"""
import json
from datetime import datetime, timedelta, timezone

from celery import Celery
from celery.schedules import solar

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
PLACES = [(0, 0), (52.52, 13.405), (-37.81, 144.96), (40.71, -74.01), (64.15, -21.94), (-54.8, -68.3), (19.4, 179.9),
          (69.65, 18.96), (78.22, 15.65), (-77.85, 166.67)]
app = Celery(set_as_current=False)

vectors = []
for latitude, longitude in PLACES:
    for event in sorted(solar._all_events):
        entry = solar(event, latitude, longitude, nowfun=lambda: EPOCH, app=app)
        for index in range(12):
            start = datetime(2015 + index, index + 1, 1 + 2 * index, 5 * index % 24, 5 * index, tzinfo=timezone.utc)
            run = EPOCH + entry.remaining_estimate(start)
            vectors.append([event, latitude, longitude, (start - EPOCH) // timedelta(milliseconds=1),
                            round((run - EPOCH) / timedelta(milliseconds=1))])
print("[\n" + ",\n".join(json.dumps(vector) for vector in vectors) + "\n]")
