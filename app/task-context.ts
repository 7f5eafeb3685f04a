/** What a bound task knows and can do while it runs: Celery's `self` and `self.request` in one. */
import { type PlainObject, type Signature, toError } from "../protocol/index.ts";
import { MaxRetriesExceededError, type Replace, Retry } from "./task-control.ts";
import { TASK_DEFAULTS, type TaskOptions } from "./task-options.ts";

/** Facts about the running call, by Celery's names (celery.app.task.Context). */
export interface TaskRequestInfo {
  readonly id: string;
  readonly task: string;
  readonly args: readonly unknown[];
  readonly kwargs: PlainObject;
  /** Retries so far, 0 on the first run. */
  readonly retries: number;
  readonly rootId: string;
  readonly parentId: string | undefined;
  readonly groupId: string | undefined;
  readonly groupIndex: number | undefined;
  /** Milliseconds since 1970. */
  readonly etaMs: number | undefined;
  /** Milliseconds since 1970. */
  readonly expiresMs: number | undefined;
  readonly priority: number;
  /** Seconds. */
  readonly timeLimit: number | undefined;
  /** Seconds. */
  readonly softTimeLimit: number | undefined;
  /** The caller's own message headers. */
  readonly headers: PlainObject;
  /** Names of the headers that the call was stamped with, and their values. */
  readonly stampedHeaders: readonly string[];
  readonly stamps: PlainObject;
  readonly replyTo: string | undefined;
  readonly correlationId: string;
  /** Node name of the worker. */
  readonly hostname: string;
  readonly deliveryInfo: {
    readonly queue: string;
    readonly exchange: string;
    readonly routingKey: string;
    readonly redelivered: boolean;
  };
}

export interface RetryOptions {
  /** Seconds from now; default: the task's defaultRetryDelay. */
  readonly countdown?: number;
  /** When to run again, instead of countdown. */
  readonly eta?: Date;
  /** Why; it becomes the failure when no retry is left. */
  readonly error?: unknown;
  /** Instead of the task's maxRetries; null means no end. */
  readonly maxRetries?: number | null;
}

/** The first parameter of a bound task. */
export interface TaskContext {
  readonly request: TaskRequestInfo;
  /** Aborted when the task should stop: its soft time limit, a revoke, or a cold shutdown. */
  readonly signal: AbortSignal;
  /** Stores a state of your own with its data (progress, for one); callers see it at once. */
  updateState(state: string, meta?: unknown): Promise<void>;
  /** `throw self.retry({ countdown: 10 })` runs the task again later. Throws the reason itself when no retry is left. */
  retry(options?: RetryOptions): Retry;
  /** `throw self.replace(other.s(1))` runs another task or canvas in this one's place: its id, links and chain go on there. */
  replace(signature: Signature): Replace;
  /** Adds a task or a chain to the header of the chord that this task is in; resolves to its id. */
  addToChord(member: Signature): Promise<string>;
}

/** Decides a retry: the error to throw. `nowMs` is milliseconds since 1970. Source: celery/app/task.py Task.retry. */
export function planRetry(
  request: TaskRequestInfo,
  task: TaskOptions,
  options: RetryOptions,
  nowMs: number,
): Retry {
  const allowed =
    options.maxRetries === undefined
      ? task.maxRetries === undefined
        ? TASK_DEFAULTS.maxRetries
        : task.maxRetries
      : options.maxRetries;
  const reason = options.error === undefined ? undefined : toError(options.error);
  const retries = request.retries + 1;
  if (allowed !== null && retries > allowed) {
    throw (
      reason ??
      new MaxRetriesExceededError(
        `Can't retry ${request.task}[${request.id}]: all ${allowed} retries are used up`,
      )
    );
  }
  const countdown = options.countdown ?? task.defaultRetryDelay ?? TASK_DEFAULTS.defaultRetryDelay;
  const etaMs = options.eta?.getTime() ?? nowMs + countdown * 1000;
  return new Retry(`Retry in ${countdown}s${reason === undefined ? "" : `: ${reason.message}`}`, {
    reason,
    etaMs,
    retries,
  });
}

/** Seconds before an automatic retry. `random` gives 0 to 1. Source: celery/app/autoretry.py, celery/utils/time.py. */
export function autoretryCountdown(retries: number, task: TaskOptions, random: () => number): number {
  const { retryBackoff } = task;
  if (retryBackoff === undefined || retryBackoff === false)
    return task.defaultRetryDelay ?? TASK_DEFAULTS.defaultRetryDelay;
  const factor = retryBackoff === true ? 1 : retryBackoff;
  const seconds = Math.min(task.retryBackoffMax ?? TASK_DEFAULTS.retryBackoffMax, factor * 2 ** retries);
  return task.retryJitter === false ? seconds : Math.floor(random() * (seconds + 1));
}

/** Should this error retry the task by itself? */
export function isAutoretried(error: unknown, task: TaskOptions): boolean {
  const isOneOf = (classes: TaskOptions["autoretryFor"]): boolean =>
    (classes ?? []).some((type) => error instanceof type);
  return isOneOf(task.autoretryFor) && !isOneOf(task.dontAutoretryFor);
}
