/** What is asked of every task that a caller names, wherever in a request it stands. */
import { type App, isReservedName } from "../app/index.ts";
import { ConfigurationError } from "../protocol/index.ts";
import { toQueue } from "./access/caller.ts";
import type { Exchange } from "./exchange.ts";
import { Problem } from "./problems.ts";
import { TASK_NAME_PATTERN } from "./schema-parts.ts";

/** A task that shall be sent, now, later or by another one. */
export interface RequestedTask {
  readonly name: string;
  /** undefined: where the app's routes say. */
  readonly queue: string | undefined;
  /** What the request says beside the task, its arguments and its queue: members by name. */
  readonly options?: object | undefined;
  /** JSON Pointers to its name and to its queue. */
  readonly pointer: string;
  readonly queuePointer: string;
}

/** Throws a Problem for a task that this caller may not send. The one gate: tasks, canvases and schedules all pass it. */
export type TaskCheck = (exchange: Exchange, task: RequestedTask) => void;

const TASK_NAME = new RegExp(TASK_NAME_PATTERN);
const MAX_NAME = 255;

export function isTaskName(text: string): boolean {
  return text.length <= MAX_NAME && TASK_NAME.test(text);
}

export function createTaskCheck(app: App): TaskCheck {
  return ({ caller }, { name, queue, options, pointer, queuePointer }) => {
    if (!isTaskName(name)) throw refusal("bad-task-name", pointer);
    // Celery's own tasks: celery.map and its kin run a task that their arguments name, others work on results. Canvases have
    // forms of their own for what callers need of them.
    if (isReservedName(name)) throw refusal("reserved-task", pointer);
    // Before anything is asked about the task or the queue: what is forbidden and what does not exist look the same.
    if (!caller.maySubmit(name)) throw refusal("task-forbidden", pointer);
    if (caller.options !== undefined) requireOptions(caller.options, { ...options, queue }, pointer);
    if (queue === undefined) return;
    if (!caller.mayUseQueue(queue)) throw refusal("queue-forbidden", queuePointer);
    requireQueue(app, toQueue(caller, queue), queuePointer);
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

/** What every credential may send. */
const ALWAYS = ["task", "args", "kwargs", "idempotency_key"];

/** Throws Problem `reserved-option`. */
function requireOptions(allowed: ReadonlySet<string>, options: object, pointer: string): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || ALWAYS.includes(name) || allowed.has(name)) continue;
    const at = pointer.slice(0, pointer.lastIndexOf("/"));
    const detail = `"${name}" is not open to this credential; it may use: ${[...allowed].join(", ") || "none"}`;
    throw new Problem("reserved-option", {
      detail,
      members: { errors: [{ pointer: `${at}/${name}`, detail }] },
    });
  }
}

function refusal(
  type: "bad-task-name" | "reserved-task" | "task-forbidden" | "queue-forbidden",
  pointer: string,
): Problem {
  const problem = new Problem(type);
  return new Problem(type, { members: { errors: [{ pointer, detail: problem.message }] } });
}
