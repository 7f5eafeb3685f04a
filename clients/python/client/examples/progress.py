"""Starts a task that tells how far it is, and shows it."""

from celerity_client import Client, TaskFailedError

with Client.from_env() as client:
    task = client.submit("examples.slow", [5])
    for event in task.events():
        if event.event == "progress" and event.data["state"] == "PROGRESS":
            print("{done} of {total}".format(**event.data["meta"]))
    try:
        print(task.result())
    except TaskFailedError as error:
        print("It failed:", error.error["message"])
