"""The app of test/helpers/python/tasks_app.py, sealed."""

from tasks_app import app

from celerity_seal import seal

seal(app)
