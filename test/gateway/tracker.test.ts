/** What counts as the newest state of a task. */
import { expect, it } from "vitest";
import { createMemoryTaskIndex } from "../../gateway/task-index.ts";
import { Tracker } from "../../gateway/tracker.ts";
import { testApp } from "../helpers/worker.ts";
import { taskEntry } from "./task-entries.ts";

const entry = taskEntry("a");

it("an event that a task has begun is past once the task tells of a state of its own", async () => {
  const states: string[] = [];
  const tracker = new Tracker({
    app: testApp(),
    index: createMemoryTaskIndex(),
    onState: (_task, state) => void states.push(state),
    onWarning: () => undefined,
  });
  const started = { id: "a", state: "STARTED" };
  await tracker.accept(entry);
  expect(tracker.isPast(started)).toBe(false);
  const document = { task_id: "a", result: {}, traceback: null, children: null, date_done: null };
  tracker.saw({ ...document, status: "PROGRESS" }, entry);
  expect(tracker.isPast(started)).toBe(true);
  expect(tracker.isPast({ id: "a", state: "SUCCESS" })).toBe(false);
  expect(tracker.isPast({ id: "b", state: "STARTED" })).toBe(false);
  tracker.heard({ ...entry, state: "RETRY" });
  expect(tracker.isPast(started)).toBe(false);
  expect(states).toEqual(["PENDING", "PROGRESS", "RETRY"]);
});
