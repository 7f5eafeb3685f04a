/** One task on its way through the worker: the delivery, what it asks for, and the task that does it. */
import type { Task } from "../app/index.ts";
import type { TaskRequest } from "../protocol/index.ts";
import type { Delivery } from "../transports/index.ts";

/** What running a task takes, in this process or another. */
export interface Run {
  readonly request: TaskRequest;
  readonly task: Task;
  /** Aborts the run; made when first asked for. */
  abort: AbortController | undefined;
}

export interface Job extends Run {
  readonly delivery: Delivery;
  /** Told why the run is asked to stop; set by pools whose tasks cannot see {@link abort}. */
  onAbort: ((reason: Error) => void) | undefined;
  /** Acknowledge after the result is stored. */
  readonly acksLate: boolean;
  /** Nobody wants the result. */
  readonly ignoreResult: boolean;
  /** Milliseconds since 1970; set when the run begins. */
  startedAtMs: number | undefined;
  /** Process that runs it; this one, but for pools of processes. */
  pid: number;
}
