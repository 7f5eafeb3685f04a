/** One task on its way through the worker: the delivery, what it asks for, and the task that does it. */
import type { Task } from "../app/index.ts";
import type { TaskRequest } from "../protocol/index.ts";
import type { Delivery } from "../transports/index.ts";

export interface Job {
  readonly delivery: Delivery;
  readonly request: TaskRequest;
  readonly task: Task;
  /** Acknowledge after the result is stored. */
  readonly acksLate: boolean;
  /** Nobody wants the result. */
  readonly ignoreResult: boolean;
  /** Milliseconds since 1970; set when the run begins. */
  startedAtMs: number | undefined;
  /** Aborts the run; made when first asked for. */
  abort: AbortController | undefined;
}
