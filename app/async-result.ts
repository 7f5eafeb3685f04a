/** The result of one task, as its caller sees it. Named after Celery's AsyncResult. */
import type { ResultBackend, WaitOptions } from "../backends/index.ts";
import {
  CelerityError,
  ConfigurationError,
  describeException,
  type ExceptionDocument,
  exceptionOf,
  isReady,
  type ResultDocument,
} from "../protocol/index.ts";

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

/** A handle on one task; making one costs nothing and asks nobody. */
export class AsyncResult<Result = unknown> {
  readonly id: string;
  readonly #backend: () => Promise<ResultBackend>;

  constructor(id: string, backend: () => Promise<ResultBackend>) {
    this.id = id;
    this.#backend = backend;
  }

  /**
   * The return value, once there is one. Throws {@link TaskError} when the task failed or was revoked, WaitTimeoutError
   * when `timeoutMs` passes first (the task goes on).
   */
  async get(options?: WaitOptions): Promise<Result> {
    return resultOf<Result>(await (await this.#backend()).wait(this.id, options));
  }

  /** The newest stored document; undefined while nothing is stored. */
  async document(): Promise<ResultDocument | undefined> {
    return (await this.#backend()).get(this.id);
  }

  /** The task's state; as in Celery, PENDING also stands for "never heard of". */
  async state(): Promise<string> {
    return (await this.document())?.status ?? "PENDING";
  }

  /** True once the state is SUCCESS, FAILURE or REVOKED. */
  async ready(): Promise<boolean> {
    return isReady(await this.state());
  }

  /** Removes the result from the store. */
  async forget(): Promise<void> {
    await (await this.#backend()).forget([this.id]);
  }
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
