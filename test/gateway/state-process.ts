/** Keeps something and ends as if it was killed, once it was told that it is kept. */
import { createTaskIndex } from "../../gateway/open-task-index.ts";
import { createStateStore } from "../../gateway/state/open-state.ts";

const url = process.argv[2] ?? "";
const onWarning = (message: string, error?: unknown): void => console.error(message, error);
const state = createStateStore({ url, onWarning });
const index = createTaskIndex({ url, onWarning });
await Promise.all([
  state.records.put("kind", "key", '"kept"'),
  state.agenda.put("topic", { id: "a", dueAtMs: 1, value: "{}" }),
  index.record([
    {
      id: "a",
      task: "examples.add",
      queue: "celery",
      state: "PENDING",
      submittedAtMs: Date.now(),
      doneAtMs: null,
      etaMs: null,
      ignoreResult: false,
      tags: ["t"],
      tenant: null,
      owner: null,
      replayedFrom: null,
    },
  ]),
]);
process.kill(process.pid, "SIGKILL");
