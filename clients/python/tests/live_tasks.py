"""The app of test/helpers/python/tasks_app.py, sealed; CELERITY_TEST_CONF and the environment configure it."""

from celerity_seal import seal
from tasks_app import app

seal(app)
