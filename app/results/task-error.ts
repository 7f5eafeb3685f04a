/** Failures of tasks, in whatever language they were raised. */
import {
  CelerityError,
  ConfigurationError,
  describeException,
  type ExceptionDocument,
  exceptionOf,
  isPropagated,
  type ResultDocument,
} from "../../protocol/index.ts";

/** The task ended in FAILURE or REVOKED; the exception is data, of whatever language raised it. */
export class TaskError extends CelerityError {
  readonly taskId: string;
  /** Class name of the exception: `ValueError`. */
  readonly type: string;
  readonly module: string;
  /** The exception's arguments. */
  readonly args: readonly unknown[];
  /** The traceback as text, in the language that raised it. */
  readonly remoteTraceback: string | null;

  constructor(document: ResultDocument, exception: ExceptionDocument) {
    const code = document.status === "REVOKED" ? "task_revoked" : "task_failed";
    super(code, describeException(exception));
    this.taskId = document.task_id;
    this.type = exception.exc_type;
    this.module = exception.exc_module;
    this.args = typeof exception.exc_message === "string" ? [exception.exc_message] : exception.exc_message;
    this.remoteTraceback = document.traceback;
  }
}

/** Is it a task's failure, from whichever copy of this package? With a type name, one of an exception of that class. */
export function isTaskError(error: unknown, type?: string): error is TaskError {
  if (!(error instanceof Error) || error.name !== "TaskError" || !("type" in error)) return false;
  return type === undefined || error.type === type;
}

/** The error of a task that ended in FAILURE or REVOKED; undefined for any other document. */
export function failureOf(document: ResultDocument): TaskError | undefined {
  if (!isPropagated(document.status)) return undefined;
  const exception = exceptionOf(document);
  return exception === undefined ? undefined : new TaskError(document, exception);
}

/** The return value of a finished task; throws {@link TaskError} for the others. */
export function resultOf<Result>(document: ResultDocument): Result {
  const exception = exceptionOf(document);
  if (exception !== undefined) throw new TaskError(document, exception);
  return document.result as Result;
}

/** What a caller is told who asks for results without a store. */
export function noResultBackend(): ConfigurationError {
  return new ConfigurationError(
    "No result backend is configured; set resultBackend (CELERY_RESULT_BACKEND) to a URL such as redis://127.0.0.1:6379/1.",
  );
}
