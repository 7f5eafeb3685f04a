/** Runs one task in this process: `TaskRequest -> Outcome`. */
import {
  autoretryCountdown,
  bindArguments,
  Ignore,
  isAutoretried,
  planRetry,
  Reject,
  Replace,
  Retry,
  type RetryOptions,
  runAsTask,
  type TaskContext,
  type TaskRequestInfo,
} from "../app/index.ts";
import { customHeaders, type ResultTuple, readStamps } from "../protocol/index.ts";
import type { AddToChord } from "./add-to-chord.ts";
import type { Run } from "./job.ts";
import { exceptionDocument, failure, type Outcome, toExceptionDocument } from "./outcome.ts";

export interface ExecuteOptions<R extends Run> {
  /** Node name of this worker. */
  readonly hostname: string;
  /** Stores a state between start and end. */
  readonly updateState: (run: R, state: string, meta: unknown) => Promise<void>;
  readonly addToChord: AddToChord;
}

/** Answers at once when the task does. */
export function createExecute<R extends Run>(
  options: ExecuteOptions<R>,
): (run: R) => Outcome | Promise<Outcome> {
  return (run) => {
    const { task, request } = run;
    // Only a bound task knows its family: that costs a little at each step of a function.
    const children: ResultTuple[] | undefined = task.options.bind === true ? [] : undefined;
    try {
      const args = bindArguments(task, request.args, request.kwargs);
      const returned =
        children === undefined
          ? task.run(UNBOUND, args)
          : runAsTask({ id: request.id, rootId: request.rootId, children }, () =>
              task.run(createContext(run, options), args),
            );
      if (!isPromiseLike(returned)) return success(returned, children);
      return Promise.resolve(returned).then(
        (result) => success(result, children),
        (error: unknown) => toOutcome(error, run, options),
      );
    } catch (error) {
      return toOutcome(error, run, options);
    }
  };
}

function success(result: unknown, children: readonly ResultTuple[] = []): Outcome {
  return children.length === 0 ? { state: "SUCCESS", result } : { state: "SUCCESS", result, children };
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function toOutcome(thrown: unknown, run: Run, { hostname }: { readonly hostname: string }): Outcome {
  if (thrown instanceof Ignore) return { state: "IGNORED" };
  if (thrown instanceof Replace) return { state: "REPLACED", signature: thrown.signature };
  if (thrown instanceof Reject) {
    const exception = exceptionDocument("celery.exceptions", "Reject", thrown.message);
    return { state: "REJECTED", requeue: thrown.requeue, exception };
  }
  if (thrown instanceof Retry) return toRetry(thrown);
  if (!isAutoretried(thrown, run.task.options)) return failure(thrown);
  try {
    const countdown = autoretryCountdown(run.request.retries, run.task.options, Math.random);
    return toRetry(
      planRetry(requestInfo(run, hostname), run.task.options, { countdown, error: thrown }, Date.now()),
    );
  } catch (error) {
    return failure(error);
  }
}

/** A retry keeps the exception that caused it, as in Celery. */
function toRetry(retry: Retry): Outcome {
  const exception =
    retry.reason === undefined
      ? exceptionDocument("celery.exceptions", "Retry", retry.message)
      : toExceptionDocument(retry.reason);
  const traceback = (retry.reason ?? retry).stack ?? null;
  return { state: "RETRY", exception, traceback, etaMs: retry.etaMs, retries: retry.retries };
}

/** What tasks that are not bound get, and never look at. */
const UNBOUND = {} as TaskContext;

/** Lazy: a task that asks for nothing pays for nothing. */
function createContext<R extends Run>(run: R, options: ExecuteOptions<R>): TaskContext {
  let info: TaskRequestInfo | undefined;
  return {
    get request() {
      info ??= requestInfo(run, options.hostname);
      return info;
    },
    get signal() {
      run.abort ??= new AbortController();
      return run.abort.signal;
    },
    updateState: (state: string, meta?: unknown) => options.updateState(run, state, meta ?? null),
    replace: (signature) => new Replace(signature),
    addToChord: (member) => options.addToChord(run, member),
    retry(retryOptions: RetryOptions = {}) {
      return planRetry(this.request, run.task.options, retryOptions, Date.now());
    },
  };
}

/** The facts that a task is told about its call. */
export function requestInfo({ request }: Run, hostname: string): TaskRequestInfo {
  return {
    id: request.id,
    task: request.task,
    args: request.args,
    kwargs: request.kwargs,
    retries: request.retries,
    rootId: request.rootId,
    parentId: request.parentId,
    groupId: request.groupId,
    groupIndex: request.groupIndex,
    etaMs: request.etaMs,
    expiresMs: request.expiresMs,
    priority: request.priority,
    timeLimit: request.timeLimitSeconds,
    softTimeLimit: request.softTimeLimitSeconds,
    headers: customHeaders(request.headers),
    ...readStamps(request.headers),
    replyTo: request.replyTo,
    correlationId: request.correlationId,
    hostname,
    deliveryInfo: request.deliveryInfo,
  };
}
