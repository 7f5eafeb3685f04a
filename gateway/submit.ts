/** Sends a task for a caller: checked call in, confirmed task out. */
import type { PreparedTask, SendOptions } from "../app/index.ts";
import type { PlainObject, ResultDocument } from "../protocol/index.ts";
import type { GatewayContext } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { type Preference, readPreference } from "./prefer.ts";
import { Problem } from "./problems.ts";
import { requirePlainValues } from "./reserved-envelope.ts";
import { newTaskId } from "./task-id.ts";
import type { TaskEntry } from "./task-index.ts";
import { type KnownTask, taskText } from "./task-text.ts";
import { taskLinks } from "./task-view.ts";
import { readDelay, readExpires, readTime } from "./times.ts";
import { traceHeaders } from "./trace-headers.ts";

/** The body of `POST /v1/tasks`, once its schema has accepted it. */
export interface TaskRequest {
  readonly task: string;
  readonly args?: readonly unknown[];
  readonly kwargs?: PlainObject;
  readonly queue?: string;
  readonly eta?: string;
  readonly delay?: number | string;
  readonly expires?: number | string;
  readonly priority?: number;
  readonly ignore_result?: boolean;
}

/**
 * Publishes the task and answers: 202 once the broker has confirmed it, or 200 with the result when the caller prefers to
 * wait and it ends in time.
 */
export async function submit(
  exchange: Exchange,
  gateway: GatewayContext,
  request: TaskRequest,
): Promise<void> {
  const preference = readPreference(exchange.req.headers["prefer"], gateway.waitMaxSeconds);
  const { entry, document } = await send(exchange, gateway, request, preference.waitSeconds);
  if (document === undefined) accepted(exchange, entry, preference);
  else finished(exchange, gateway, { entry, document, preference });
}

/** A task that the broker has, and its end if that was waited for and came in time. */
export interface SentTask {
  readonly entry: TaskEntry;
  readonly document: ResultDocument | undefined;
}

/**
 * Publishes the task, whatever form the request came in; resolves once the broker has confirmed it, or after a wait of up
 * to `waitSeconds` for its end. The wait begins before the task is published, so that no task is too fast to be seen.
 */
export async function send(
  exchange: Exchange,
  gateway: GatewayContext,
  request: TaskRequest,
  waitSeconds: number,
): Promise<SentTask> {
  const { app, tracker, waits } = gateway;
  const prepared = await prepare(exchange, gateway, request);
  const ignoreResult = prepared.call.ignoreResult ?? app.settings.taskIgnoreResult;
  const canWait = waitSeconds > 0 && app.keepsResults && !ignoreResult;
  const wait = canWait ? await waits.begin(exchange, prepared.id, waitSeconds) : undefined;
  try {
    await app.publish(prepared);
  } catch (error) {
    wait?.cancel();
    throw error;
  }
  const entry = toEntry(prepared, ignoreResult);
  tracker.accept(entry);
  if (wait === undefined) return { entry, document: undefined };
  const document = await wait.done.catch((error: unknown) => {
    // The task is on its way all the same, and the caller must learn its id.
    gateway.logger.warn({ err: error, taskId: entry.id }, "A result could not be waited for");
    return undefined;
  });
  if (document !== undefined) tracker.saw(document, entry);
  return { entry, document };
}

async function prepare(
  exchange: Exchange,
  { app, checkTask }: GatewayContext,
  request: TaskRequest,
): Promise<PreparedTask> {
  const { task, queue } = request;
  checkTask(exchange, { name: task, queue, pointer: "/task", queuePointer: "/queue" });
  requirePlainValues(request.args, "/args");
  requirePlainValues(request.kwargs, "/kwargs");
  return app.producer.prepare(task, toSendOptions(exchange, request));
}

function toSendOptions(exchange: Exchange, request: TaskRequest): SendOptions {
  const { args, kwargs, queue, eta, delay, expires, priority, ignore_result: ignoreResult } = request;
  if (eta !== undefined && delay !== undefined) {
    const detail = '"eta" and "delay" say the same in two ways; send one of them';
    throw new Problem("invalid-arguments", { detail, members: { errors: [{ pointer: "/delay", detail }] } });
  }
  const options: { -readonly [Name in keyof SendOptions]: SendOptions[Name] } = {
    taskId: newTaskId(Date.now()),
  };
  if (args !== undefined) options.args = args;
  if (kwargs !== undefined) options.kwargs = kwargs;
  if (queue !== undefined) options.queue = queue;
  if (eta !== undefined) options.eta = readTime(eta, "/eta");
  if (delay !== undefined) options.countdown = readDelay(delay, "/delay");
  if (expires !== undefined) options.expires = readExpires(expires, "/expires");
  if (priority !== undefined) options.priority = priority;
  if (ignoreResult !== undefined) options.ignoreResult = ignoreResult;
  const headers = traceHeaders(exchange);
  if (headers !== undefined) options.headers = headers;
  return options;
}

function toEntry({ id, call, route }: PreparedTask, ignoreResult: boolean): TaskEntry {
  return {
    id,
    task: call.task,
    queue: route.queue?.name ?? route.routingKey,
    state: "PENDING",
    submittedAtMs: Date.now(),
    doneAtMs: null,
    etaMs: typeof call.eta === "string" ? Date.parse(call.eta) : null,
    ignoreResult,
  };
}

function accepted({ res, base }: Exchange, { id, task }: TaskEntry, { applied }: Preference): void {
  const links = taskLinks(id, base);
  // Written by hand, this being the busiest answer of all: ids and task names have no characters that JSON escapes.
  const body = `{"id":"${id}","task":"${task}","state":"PENDING","links":{"self":"${links.self}","result":"${links.result}","events":"${links.events}"}}`;
  res.writeHead(202, {
    "content-type": "application/json",
    "content-length": body.length,
    location: links.self,
    ...(applied === undefined ? {} : { "preference-applied": applied }),
  });
  res.end(body);
}

interface Finished {
  readonly entry: TaskEntry;
  readonly document: ResultDocument;
  readonly preference: Preference;
}

function finished(
  exchange: Exchange,
  gateway: GatewayContext,
  { entry, document, preference }: Finished,
): void {
  const { self } = taskLinks(entry.id, exchange.base);
  const headers = {
    location: self,
    ...(preference.applied === undefined ? {} : { "preference-applied": preference.applied }),
  };
  exchange.json(200, finalText(exchange, gateway, { id: entry.id, document, entry }), headers);
}

/** A result without a JSON form must not hide the id of a task that ran. */
function finalText(exchange: Exchange, gateway: GatewayContext, task: KnownTask): string {
  try {
    return taskText(exchange, gateway, task);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { id } = task;
    const { self } = taskLinks(id, exchange.base);
    throw new Problem(error.type, { ...error.options, members: { id }, headers: { location: self } });
  }
}
