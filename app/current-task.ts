/**
 * The task that is running here, as its own calls see it: what it sends becomes its children. Source: celery/app/base.py of
 * 5.7 `send_task`, celery/app/task.py `add_trail`.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ResultTuple } from "../protocol/index.ts";

export interface CurrentTask {
  readonly id: string;
  readonly rootId: string;
  /** Results of what it has sent so far, in that order. */
  readonly children: ResultTuple[];
}

/** Children that are remembered: a task that sends more than any graph can show must not fill the memory with them. */
const MAX_CHILDREN = 10_000;

const storage = new AsyncLocalStorage<CurrentTask>();

/** Runs a function, and all that it awaits, as a task. */
export function runAsTask<Result>(task: CurrentTask, run: () => Result): Result {
  return storage.run(task, run);
}

/** undefined outside of tasks. */
export function currentTask(): CurrentTask | undefined {
  return storage.getStore();
}

/** Notes what the current task has sent. */
export function addChild(child: () => ResultTuple): void {
  const children = storage.getStore()?.children;
  if (children !== undefined && children.length < MAX_CHILDREN) children.push(child());
}
