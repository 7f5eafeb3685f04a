"""The app of matrix_tasks.py for Flower, which waits longer for answers: on a busy machine one second is short."""

from celery.app.control import Control

from matrix_tasks import app


class PatientControl(Control):
    def broadcast(self, *args, **kwargs):
        return super().broadcast(*args, **{"timeout": 30, **kwargs})


app.control_cls = PatientControl


def elsewhere():
    """Stands for a task of ../matrix-app.ts: Flower changes the limits only of tasks that its own app has."""


for name in ["m.patient", "m.deaf"]:
    app.task(elsewhere, name=name)
