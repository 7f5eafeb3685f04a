import type { TaskEntry } from "../../gateway/task-index.ts";

/** A task that was accepted at the beginning of time, and waits. */
export function taskEntry(id: string, more: Partial<TaskEntry> = {}): TaskEntry {
  return {
    id,
    task: "examples.add",
    queue: "celery",
    state: "PENDING",
    submittedAtMs: 0,
    doneAtMs: null,
    etaMs: null,
    ignoreResult: false,
    tags: [],
    tenant: null,
    owner: null,
    replayedFrom: null,
    ...more,
  };
}
