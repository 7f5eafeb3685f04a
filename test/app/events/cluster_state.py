"""Celery's own State: each line of input is a case with its events, each line of output what the state is after them."""

import gc
import json
import sys

from celery.events.state import State

TASK_FIELDS = (
    "state name args kwargs eta expires retries result exception traceback runtime exchange routing_key "
    "root_id parent_id clock timestamp client sent received started succeeded failed retried revoked rejected note"
).split()
WORKER_FIELDS = "pid freq clock active processed loadavg sw_ident sw_ver sw_sys heartbeats id".split()


def describe_task(task, shows_children):
    fields = {name: getattr(task, name, None) for name in TASK_FIELDS}
    children = sorted(child.uuid for child in task.children) if shows_children else []
    return {**fields, "worker": task.worker and task.worker.hostname, "children": children}


def describe_worker(worker, now):
    fields = {name: getattr(worker, name) for name in WORKER_FIELDS}
    return {**fields, "alive": bool(worker.heartbeats and now < worker.heartbeat_expires)}


def run(case):
    state = State(max_workers_in_memory=case["maxWorkers"], max_tasks_in_memory=case["maxTasks"])
    for event in case["events"]:
        try:
            state.event(event)
        except KeyError:
            pass  # It lacks a field.
    # A task that was forgotten is in a cycle, and found until it is collected.
    gc.collect()
    latest = [task for _, task in state.tasks_by_time()]
    return {
        "tasks": [[uuid, describe_task(task, case["maxTasks"] >= 100)] for uuid, task in state.itertasks()],
        "workers": [[name, describe_worker(worker, case["now"])] for name, worker in state.workers.items()],
        "latest": [task.uuid for task in latest],
        "earliest": [uuid for uuid, _ in state.tasks_by_time(reverse=False)],
        "ofType": [uuid for uuid, _ in state.tasks_by_type("add")],
        "ofWorker": [task.uuid for task in latest if task.worker and task.worker.hostname == "w1"],
        "types": state.task_types(),
        "counts": [state.event_count, state.task_count],
    }


gc.freeze()
for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
