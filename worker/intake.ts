/**
 * From a delivery to a job, or to the reason why there is none. Every fault a stranger can put on a queue ends here as a
 * {@link Refusal}; nothing in this file throws for bad input.
 */
import { type App, createTask, type Task } from "../app/index.ts";
import type { ResultEntry } from "../backends/index.ts";
import { checkCanvas } from "../canvas/index.ts";
import { type Awaitable, andThen, decodeBody } from "../codecs/index.ts";
import {
  DecodeError,
  type ErrorCode,
  type ExceptionDocument,
  isPlainObject,
  readableTaskId,
  type TaskRequest,
  toResultDocument,
  toTaskRequest,
  type WireMessage,
} from "../protocol/index.ts";
import type { Delivery } from "../transports/index.ts";
import { previousDeliveries } from "./deliveries.ts";
import type { Job } from "./job.ts";
import { exceptionDocument, toExceptionDocument } from "./outcome.ts";
import { type SealCheck, WorkerStopping } from "./seal-check.ts";

/** A message that will not be run: it goes to the dead letters, and its failure is stored when it has an id. */
export interface Refusal {
  readonly delivery: Delivery;
  readonly code: ErrorCode;
  readonly reason: string;
  readonly exception: ExceptionDocument;
  readonly taskId: string | undefined;
  readonly taskName: string | undefined;
  readonly replyTo: string | undefined;
}

export interface IntakeOptions {
  readonly app: App;
  /** Tasks that the app does not know are run too: the pool's program may know them. */
  readonly runsAnyTask: boolean;
  /** undefined: seals are not looked at. */
  readonly sealCheck: SealCheck | undefined;
}

/**
 * Reads one delivery; the accepted content types, limits and tasks are the app's. Answers undefined for one to give back,
 * because the worker stops before it could be checked.
 */
export function createIntake({
  app,
  runsAnyTask,
  sealCheck,
}: IntakeOptions): (delivery: Delivery) => Awaitable<Job | Refusal | undefined> {
  const { settings, valueCodecs: codecs } = app;
  const limits = { maxBytes: settings.messageMaxBytes, maxDepth: settings.messageMaxDepth };
  const decodeOptions = { codecs, accept: settings.acceptContent, limits };

  const readBody = (delivery: Delivery): Awaitable<unknown> => {
    const { message, malformed } = delivery;
    if (message === undefined) throw malformed ?? new DecodeError("bad_envelope", "No message.");
    return andThen(sealCheck?.check(delivery), () => decodeBody(message, decodeOptions));
  };

  const toJobOrRefusal = (delivery: Delivery, body: unknown): Job | Refusal => {
    try {
      const request = toTaskRequest(delivery.message as WireMessage, body, {
        queue: delivery.queue,
        exchange: delivery.exchange,
        routingKey: delivery.routingKey,
        // One that a worker sent again is new to the broker.
        redelivered: delivery.redelivered || previousDeliveries(delivery) > 0,
      });
      checkCanvases(request);
      const task = app.tasks.get(request.task) ?? (runsAnyTask ? unknownTask(request.task, app) : undefined);
      return refuseRequest(delivery, request, task) ?? toJob(delivery, request, task as Task, app);
    } catch (error) {
      return refuseMessage(delivery, error, body);
    }
  };

  return (delivery) => {
    try {
      const body = readBody(delivery);
      if (!(body instanceof Promise)) return toJobOrRefusal(delivery, body);
      return body.then(
        (read) => toJobOrRefusal(delivery, read),
        (error: unknown) =>
          error instanceof WorkerStopping ? undefined : refuseMessage(delivery, error, undefined),
      );
    } catch (error) {
      return refuseMessage(delivery, error, undefined);
    }
  };
}

export function isRefusal(accepted: Job | Refusal): accepted is Refusal {
  return "code" in accepted;
}

/** A task that only another program has. */
function unknownTask(name: string, app: App): Task {
  return createTask({ name, options: {}, fn: () => undefined }, app);
}

function toJob(delivery: Delivery, request: TaskRequest, task: Task, { settings }: App): Job {
  return {
    delivery,
    request,
    task,
    acksLate: task.options.acksLate ?? settings.taskAcksLate,
    ignoreResult: request.ignoreResult ?? task.options.ignoreResult ?? settings.taskIgnoreResult,
    startedAtMs: undefined,
    abort: undefined,
    onAbort: undefined,
    pid: process.pid,
  };
}

/** A readable request that cannot be run here. */
function refuseRequest(
  delivery: Delivery,
  request: TaskRequest,
  task: Task | undefined,
): Refusal | undefined {
  if (task !== undefined) return undefined;
  const exception = exceptionDocument("celery.exceptions", "NotRegistered", request.task);
  return {
    delivery,
    code: "not_registered",
    reason: `No task named "${request.task}" is registered with this worker.`,
    exception,
    taskId: request.id,
    taskName: request.task,
    replyTo: request.replyTo,
  };
}

/** What comes after the task must be possible, or the task does not begin. Throws DecodeError. */
function checkCanvases({ embed }: TaskRequest): void {
  for (const signature of [...embed.callbacks, ...embed.errbacks, ...embed.chain]) checkCanvas(signature);
  if (embed.chord !== undefined) checkCanvas(embed.chord);
}

function refuseMessage(delivery: Delivery, error: unknown, body: unknown): Refusal {
  const { message } = delivery;
  const decodeError =
    error instanceof DecodeError
      ? error
      : new DecodeError("bad_body", `The message cannot be read: ${String(error)}`);
  const name = message?.headers["task"] ?? (isPlainObject(body) ? body["task"] : undefined);
  return {
    delivery,
    code: decodeError.code,
    reason: decodeError.message,
    exception: toExceptionDocument(decodeError),
    // The id of a replay is that of the first delivery, whose result must stay.
    taskId:
      message === undefined || decodeError.code === "replay" ? undefined : readableTaskId(message, body),
    taskName: typeof name === "string" ? name : undefined,
    replyTo: message?.properties.replyTo,
  };
}

/** The failure of a refused message, for its caller to find. */
export function refusalEntry(refusal: Refusal, taskId: string, nowIso: string): ResultEntry {
  const { exception, replyTo } = refusal;
  return {
    document: toResultDocument({ taskId, state: "FAILURE", result: exception, now: nowIso }),
    correlationId: refusal.delivery.message?.properties.correlationId ?? taskId,
    ...(replyTo === undefined ? {} : { replyTo }),
  };
}
