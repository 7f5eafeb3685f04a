"""The web side: it queues reports, shows how far they are, and hands them out."""

import re

from celery import chord
from celery.result import AsyncResult
from flask import Flask, Response, abort, redirect, request, url_for

from tasks import celery_app, costs

app = Flask(__name__)

FORM = """<!doctype html>
<title>Reports</title>
<form method="post" action="/reports">
  <input type="month" name="month" value="2026-10" required> <button>Make the report</button>
</form>
"""


@app.get("/")
def form():
    return FORM


@app.post("/reports")
def request_report():
    month = request.form.get("month", "")
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}", month):
        abort(400, "The month is written as 2026-10.")
    header = [
        celery_app.signature("shop.orders", [month]),
        celery_app.signature("shop.visits", [month]),
        costs.s(month),
    ]
    report = chord(header)(celery_app.signature("shop.render", [month]))
    return redirect(url_for("show_report", report_id=report.id), 303)


@app.get("/reports/<uuid:report_id>")
def show_report(report_id):
    """A page that browsers ask for again every second, until it is the report."""
    report = AsyncResult(str(report_id), app=celery_app)
    if report.successful():
        return page(report.result)
    if report.ready():
        return page(f"There is no report: {report.result}\n", 500)
    told = report.info  # a dictionary, once shop.render has told what it is at
    doing = f"writing {told['row']}" if isinstance(told, dict) else "gathering figures"
    return page(f"{doing}...\n", 202, {"Refresh": "1"})


def page(text, status=200, headers=None):
    return Response(text, status, headers, mimetype="text/plain")
