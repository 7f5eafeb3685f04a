/** What a task is told about itself. Names and defaults are those of celery.app.task.Task. */
import type { RouteOptions } from "./routing.ts";

/** A class whose instances can be thrown; `autoretryFor` lists them. */
export type ErrorClass = abstract new (...args: never[]) => Error;

/** What a task takes and returns, as JSON Schema 2020-12: of the list of positional arguments, and of the object of keyword arguments. */
export interface TaskSchema {
  readonly args?: Readonly<Record<string, unknown>>;
  readonly kwargs?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
}

export interface TaskOptions extends RouteOptions {
  /** The function's first parameter is its {@link TaskContext}. */
  readonly bind?: boolean;
  /** Names of the function's parameters, for callers that pass keyword arguments. Default: read from the function's source. */
  readonly params?: readonly string[];
  /** Takes keyword arguments of any name; a bound task has them in `self.request.kwargs`. */
  readonly anyKeywords?: boolean;
  readonly serializer?: string;
  readonly compression?: string;
  readonly ignoreResult?: boolean;
  readonly storeErrorsEvenIfIgnored?: boolean;
  /** Acknowledge after the result is stored; default: the setting taskAcksLate. */
  readonly acksLate?: boolean;
  /** What acksOnFailure and acksOnTimeout are without a setting; default: the setting taskAcksOnFailureOrTimeout. */
  readonly acksOnFailureOrTimeout?: boolean;
  /** With late acknowledgement, acknowledge it though it failed; default: the setting taskAcksOnFailure. */
  readonly acksOnFailure?: boolean;
  /** The same when its time limit ended it; default: the setting taskAcksOnTimeout. */
  readonly acksOnTimeout?: boolean;
  /** Retry when the process dies; default: the setting taskRetryOnWorkerLost. */
  readonly retryOnWorkerLost?: boolean;
  /** Run again when the process dies; default: the setting taskRejectOnWorkerLost. */
  readonly rejectOnWorkerLost?: boolean;
  readonly trackStarted?: boolean;
  /** Retries before the task fails; null means no end. Default 3. */
  readonly maxRetries?: number | null;
  /** Seconds before a retry. Default 180. */
  readonly defaultRetryDelay?: number;
  /** Errors that retry the task by themselves. */
  readonly autoretryFor?: readonly ErrorClass[];
  /** Errors that do not, though autoretryFor has a base class of them. */
  readonly dontAutoretryFor?: readonly ErrorClass[];
  /** Wait 1, 2, 4, ... seconds, or that times a factor, instead of defaultRetryDelay. */
  readonly retryBackoff?: boolean | number;
  /** Longest wait of the back-off, in seconds. Default 600. */
  readonly retryBackoffMax?: number;
  /** Wait a random time between 0 and the back-off. Default true. */
  readonly retryJitter?: boolean;
  /** Starts in each worker: `10/s`, `100/m`, `5/h`, or a number a second. Default: the setting taskDefaultRateLimit. */
  readonly rateLimit?: string | number;
  /** Seconds. */
  readonly timeLimit?: number;
  /** Seconds. */
  readonly softTimeLimit?: number;
  /** Send task events for this task; default true. */
  readonly sendEvents?: boolean;
  /** What it takes: a gateway of this app refuses calls that do not fit. */
  readonly schema?: TaskSchema;
}

/** Celery's defaults for options that have one of their own. */
export const TASK_DEFAULTS = {
  maxRetries: 3,
  defaultRetryDelay: 180,
  retryBackoffMax: 600,
} as const;
