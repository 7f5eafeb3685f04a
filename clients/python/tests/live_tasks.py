"""The app of test/helpers/python/tasks_app.py, sealed; CELERITY_TEST_CONF and the environment configure it."""

from tasks_app import app

from celerity_seal import seal

seal(app)
