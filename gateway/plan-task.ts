/** Checks a task that a caller wants to have sent, and makes its message. Nothing is sent, and nothing is remembered. */
import type { PreparedTask, SendOptions } from "../app/index.ts";
import type { PlainObject } from "../protocol/index.ts";
import { queueFor } from "./access/tenants.ts";
import type { GatewayContext } from "./context.ts";
import type { DedupeRequest } from "./dedupe/dedupe.ts";
import type { Exchange } from "./exchange.ts";
import { readIdempotencyKey } from "./idempotency/idempotency-key.ts";
import { Problem } from "./problems.ts";
import { requirePlainUnlessAllowed } from "./reserved-envelope.ts";
import { ownedBy } from "./task-entry.ts";
import { newTaskId } from "./task-id.ts";
import type { TaskEntry } from "./task-index.ts";
import { readDelay, readExpires, readTime } from "./times.ts";
import { traceHeaders } from "./trace-headers.ts";
import type { Audience, Callback } from "./webhooks/callback.ts";

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
  readonly tags?: readonly string[];
  readonly dedupe?: DedupeRequest;
  readonly callback?: Callback;
}

export interface PlanOptions {
  /** Default: a new one. */
  readonly taskId?: string;
  /** The task that this one is a replay of. */
  readonly replayedFrom?: string;
  /** Trace context for the message. Default: the headers of the request. */
  readonly trace?: PlainObject;
  /** Default: whether the request has the header. */
  readonly hasIdempotencyKey?: boolean;
}

/** A request that has passed all checks; nothing is sent yet. */
export interface Plan {
  readonly prepared: PreparedTask;
  readonly options: SendOptions & { readonly taskId: string };
  readonly entry: TaskEntry;
  /** Milliseconds since 1970: the gateway holds the task until then. */
  readonly holdUntilMs: number | undefined;
  /** Who is told how the task ends. */
  readonly audience: Audience | undefined;
}

/** Throws a Problem for what may not be sent. */
export async function planTask(
  exchange: Exchange,
  { app, checkTask, taskTypes, webhooks, holdAfterSeconds }: GatewayContext,
  request: TaskRequest,
  { taskId = newTaskId(Date.now()), replayedFrom, trace, hasIdempotencyKey }: PlanOptions,
): Promise<Plan> {
  const { task, queue, args = [] } = request;
  const { caller } = exchange;
  checkTask(exchange, { name: task, queue, options: request, pointer: "/task", queuePointer: "/queue" });
  requirePlainUnlessAllowed(caller, request.args, "/args");
  requirePlainUnlessAllowed(caller, request.kwargs, "/kwargs");
  const kwargs = taskTypes.check({
    task,
    args,
    kwargs: request.kwargs ?? {},
    hasIdempotencyKey: hasIdempotencyKey ?? readIdempotencyKey(exchange) !== undefined,
  });
  const headers = trace ?? traceHeaders(exchange);
  const place = queueFor(caller, app, { task, args, kwargs, queue });
  const options = toSendOptions(request, { taskId, args, kwargs, queue: place, headers });
  const prepared = await app.producer.prepare(task, options);
  const audience = webhooks.concerns(exchange, request.callback)
    ? await webhooks.check(exchange, request.callback)
    : undefined;
  const { call, route } = prepared;
  const etaMs = typeof call.eta === "string" ? Date.parse(call.eta) : null;
  const nowMs = Date.now();
  const isHeld = etaMs !== null && etaMs - nowMs > holdAfterSeconds * 1000;
  const entry: TaskEntry = {
    id: taskId,
    task,
    queue: route.queue?.name ?? route.routingKey,
    state: isHeld ? "SCHEDULED" : "PENDING",
    submittedAtMs: nowMs,
    doneAtMs: null,
    etaMs,
    ignoreResult: call.ignoreResult ?? app.settings.taskIgnoreResult,
    ...ownedBy(caller, request.tags),
    ...(replayedFrom === undefined ? {} : { replayedFrom }),
  };
  return { prepared, options, entry, holdUntilMs: isHeld ? etaMs : undefined, audience };
}

/** What the gateway puts in the place of what the request says. */
interface Checked extends Required<Pick<TaskRequest, "args" | "kwargs">> {
  readonly taskId: string;
  readonly queue: string | undefined;
  readonly headers: PlainObject | undefined;
}

function toSendOptions(request: TaskRequest, checked: Checked): Plan["options"] {
  const { eta, delay, expires, priority, ignore_result: ignoreResult } = request;
  const { taskId, args, kwargs, queue, headers } = checked;
  if (eta !== undefined && delay !== undefined) {
    const detail = '"eta" and "delay" say the same in two ways; send one of them';
    throw new Problem("invalid-arguments", { detail, members: { errors: [{ pointer: "/delay", detail }] } });
  }
  const options: { -readonly [Name in keyof Plan["options"]]: Plan["options"][Name] } = { taskId, kwargs };
  if (args.length > 0) options.args = args;
  if (queue !== undefined) options.queue = queue;
  if (eta !== undefined) options.eta = readTime(eta, "/eta");
  if (delay !== undefined) options.countdown = readDelay(delay, "/delay");
  if (expires !== undefined) options.expires = readExpires(expires, "/expires");
  if (priority !== undefined) options.priority = priority;
  if (ignoreResult !== undefined) options.ignoreResult = ignoreResult;
  if (headers !== undefined) options.headers = headers;
  return options;
}
