/** What one run of a task ended in, before anything is stored or acknowledged. */
import { SoftTimeLimitExceeded, TaskError } from "../app/index.ts";
import {
  CelerityError,
  DecodeError,
  type ExceptionDocument,
  type ResultTuple,
  type Signature,
  toError,
} from "../protocol/index.ts";

export type Outcome =
  | {
      readonly state: "SUCCESS";
      readonly result: unknown;
      /** What the task has sent. */
      readonly children?: readonly ResultTuple[];
    }
  | { readonly state: "FAILURE"; readonly exception: ExceptionDocument; readonly traceback: string | null }
  | {
      readonly state: "RETRY";
      readonly exception: ExceptionDocument;
      readonly traceback: string | null;
      readonly etaMs: number;
      readonly retries: number;
    }
  /** The process that ran it is gone, and nobody knows how far it came. */
  | { readonly state: "LOST"; readonly exception: ExceptionDocument }
  | {
      readonly state: "REVOKED";
      readonly exception: ExceptionDocument;
      /** The signal that ended it, for one that ran. */
      readonly signum?: number;
    }
  | { readonly state: "REJECTED"; readonly requeue: boolean; readonly exception: ExceptionDocument }
  | { readonly state: "IGNORED" }
  /** Another call goes on under the same id. */
  | { readonly state: "REPLACED"; readonly signature: Signature };

/** Errors that Python has under the same name, so that a Python caller gets the class it knows. */
const PYTHON_BUILTINS: ReadonlySet<string> = new Set(["TypeError", "SyntaxError"]);

/** Any thrown value as Celery keeps exceptions. A failure of another task keeps its own type, module and arguments. */
export function toExceptionDocument(thrown: unknown): ExceptionDocument {
  if (thrown instanceof TaskError)
    return { exc_type: thrown.type, exc_message: thrown.args, exc_module: thrown.module };
  const error = toError(thrown);
  if (error instanceof DecodeError)
    return exceptionDocument("kombu.exceptions", "DecodeError", error.message);
  if (error instanceof SoftTimeLimitExceeded) return exceptionDocument("billiard.exceptions", error.name);
  const module =
    error instanceof CelerityError ? "celerity" : PYTHON_BUILTINS.has(error.name) ? "builtins" : "javascript";
  return exceptionDocument(module, error.name, error.message);
}

/** An exception of a given Python class. */
export function exceptionDocument(
  module: string,
  type: string,
  ...args: readonly unknown[]
): ExceptionDocument {
  return { exc_type: type, exc_message: args, exc_module: module };
}

/** The outcome of a task that threw. */
export function failure(thrown: unknown): Outcome {
  return {
    state: "FAILURE",
    exception: toExceptionDocument(thrown),
    traceback: toError(thrown).stack ?? null,
  };
}

/** The hard time limit ended it. */
export function timedOut(seconds: number): Outcome {
  const exception = exceptionDocument("billiard.exceptions", "TimeLimitExceeded", seconds);
  return { state: "FAILURE", exception, traceback: null };
}

/** Its process ended before it did. */
export function lost(reason: string): Outcome {
  return { state: "LOST", exception: exceptionDocument("billiard.exceptions", "WorkerLostError", reason) };
}

/** The task was not run: `reason` is Celery's word, "expired", "revoked" or "terminated". */
export function revoked(
  reason: "expired" | "revoked" | "terminated",
): Extract<Outcome, { state: "REVOKED" }> {
  return { state: "REVOKED", exception: exceptionDocument("celery.exceptions", "TaskRevokedError", reason) };
}
