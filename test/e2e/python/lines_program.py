"""A program for `--pool exec:`, which knows nothing of Celery: a call in each line of its input, an answer in each of its output."""

import json
import os
import sys

for line in sys.stdin:
    call = json.loads(line)
    if "task" not in call:
        continue
    if call["task"] == "lines.divide":
        try:
            answer = {"result": call["args"][0] / call["args"][1]}
        except ZeroDivisionError as error:
            answer = {"error": {"type": "ZeroDivisionError", "module": "builtins", "message": str(error)}}
    elif call["task"] == "lines.again" and call["retries"] < 2:
        answer = {"retry": {"countdown": 0, "reason": "not yet"}}
    elif call["task"] == "lines.endless":
        with open(call["args"][0], "w") as note:
            note.write(str(os.getpid()))
        while True:
            pass
    else:
        answer = {"result": [call["task"], call["retries"], call["kwargs"]]}
    print(json.dumps({"id": call["id"], **answer}), flush=True)
