/** What is asked of every task that a caller names, wherever in a request it stands. */
import { type App, isReservedName } from "../app/index.ts";
import { ConfigurationError } from "../protocol/index.ts";
import type { Exchange } from "./exchange.ts";
import { Problem } from "./problems.ts";
import { TASK_NAME_PATTERN } from "./schema-parts.ts";

/** A task that shall be sent, now, later or by another one. */
export interface RequestedTask {
  readonly name: string;
  /** undefined: where the app's routes say. */
  readonly queue: string | undefined;
  /** JSON Pointers to its name and to its queue. */
  readonly pointer: string;
  readonly queuePointer: string;
}

/** Throws a Problem for a task that this caller may not send. The one gate: tasks, canvases and schedules all pass it. */
export type TaskCheck = (exchange: Exchange, task: RequestedTask) => void;

const TASK_NAME = new RegExp(TASK_NAME_PATTERN);
const MAX_NAME = 255;
export function createTaskCheck(app: App): TaskCheck {
  return (_exchange, { name, queue, pointer, queuePointer }) => {
    if (name.length > MAX_NAME || !TASK_NAME.test(name)) throw refusal("bad-task-name", pointer);
    // Celery's own tasks: celery.map and its kin run a task that their arguments name, others work on results. Canvases have
    // forms of their own for what callers need of them.
    if (isReservedName(name)) throw refusal("reserved-task", pointer);
    if (queue !== undefined) requireQueue(app, queue, queuePointer);
  };
}

function requireQueue(app: App, queue: string, pointer: string): void {
  try {
    app.router.queue(queue);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const detail = `The app sends no tasks to the queue "${queue}".`;
    throw new Problem("unroutable-queue", { detail, members: { errors: [{ pointer, detail }] } });
  }
}

function refusal(type: "bad-task-name" | "reserved-task", pointer: string): Problem {
  const problem = new Problem(type);
  return new Problem(type, { members: { errors: [{ pointer, detail: problem.message }] } });
}
