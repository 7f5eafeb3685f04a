/** Takes a task in for a caller: checked request in; sent, held or found to be a duplicate. Whoever submits passes here. */
import type { PreparedTask, SendOptions } from "../app/index.ts";
import type { PlainObject } from "../protocol/index.ts";
import { queueFor } from "./access/tenants.ts";
import type { GatewayContext } from "./context.ts";
import type { DedupeClaim, DedupeRequest } from "./dedupe/dedupe.ts";
import type { Exchange } from "./exchange.ts";
import type { HeldTask } from "./held/held-task.ts";
import { endTask } from "./held/held-tasks.ts";
import { toProblem } from "./http-status.ts";
import { readIdempotencyKey } from "./idempotency/idempotency-key.ts";
import { Problem } from "./problems.ts";
import { publishInTime } from "./publish-in-time.ts";
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

export interface AcceptOptions {
  /** Default: a new one. */
  readonly taskId?: string;
  /** The task that this one is a replay of. */
  readonly replayedFrom?: string;
  /** Trace context for the message. Default: the headers of the request. */
  readonly trace?: PlainObject;
  /** Default: whether the request has the header. */
  readonly hasIdempotencyKey?: boolean;
  /** Called with the id just before the task is sent, and not for a duplicate. */
  readonly beforeSend?: (entry: TaskEntry) => Promise<void>;
}

/** What became of a request. */
export interface AcceptedTask {
  readonly entry: TaskEntry;
  /** False for a duplicate: `entry.id` is then the task that was there before. */
  readonly isNew: boolean;
}

/** A request that has passed all checks; nothing is sent yet. */
interface Plan {
  readonly prepared: PreparedTask;
  readonly options: SendOptions & { readonly taskId: string };
  readonly entry: TaskEntry;
  /** Milliseconds since 1970: the gateway holds the task until then. */
  readonly holdUntilMs: number | undefined;
  /** Who is told how the task ends. */
  readonly audience: Audience | undefined;
}

/**
 * Resolves when the broker, or the gateway's own store, has the task. Throws a Problem for what may not be sent, and rejects
 * with the broker's error when it could not be.
 */
export async function acceptTask(
  exchange: Exchange,
  gateway: GatewayContext,
  request: TaskRequest,
  options: AcceptOptions = {},
): Promise<AcceptedTask> {
  const plan = await planTask(exchange, gateway, request, options);
  if (exchange.allowance !== undefined) await exchange.allowance.take("submit", 1);
  const accepted =
    request.dedupe === undefined
      ? await acceptNew(gateway, plan, options)
      : await acceptUnlessDuplicate(exchange, gateway, { plan, request, options });
  if ((gateway.audit !== undefined || gateway.requests.logs) && accepted.isNew)
    exchange.noteSent(accepted.entry);
  return accepted;
}

async function acceptNew(
  gateway: GatewayContext,
  plan: Plan,
  { beforeSend }: AcceptOptions,
): Promise<AcceptedTask> {
  await beforeSend?.(plan.entry);
  await send(gateway, plan);
  return { entry: plan.entry, isNew: true };
}

async function planTask(
  exchange: Exchange,
  { app, checkTask, taskTypes, webhooks, holdAfterSeconds }: GatewayContext,
  request: TaskRequest,
  { taskId = newTaskId(Date.now()), replayedFrom, trace, hasIdempotencyKey }: AcceptOptions,
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
  const options = toSendOptions(
    { ...request, args, kwargs, ...(place && { queue: place }) },
    taskId,
    headers,
  );
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

function toSendOptions(
  request: TaskRequest,
  taskId: string,
  headers: PlainObject | undefined,
): Plan["options"] {
  const { args, kwargs, queue, eta, delay, expires, priority, ignore_result: ignoreResult } = request;
  if (eta !== undefined && delay !== undefined) {
    const detail = '"eta" and "delay" say the same in two ways; send one of them';
    throw new Problem("invalid-arguments", { detail, members: { errors: [{ pointer: "/delay", detail }] } });
  }
  const options: { -readonly [Name in keyof Plan["options"]]: Plan["options"][Name] } = { taskId };
  if (args !== undefined && args.length > 0) options.args = args;
  if (kwargs !== undefined) options.kwargs = kwargs;
  if (queue !== undefined) options.queue = queue;
  if (eta !== undefined) options.eta = readTime(eta, "/eta");
  if (delay !== undefined) options.countdown = readDelay(delay, "/delay");
  if (expires !== undefined) options.expires = readExpires(expires, "/expires");
  if (priority !== undefined) options.priority = priority;
  if (ignoreResult !== undefined) options.ignoreResult = ignoreResult;
  if (headers !== undefined) options.headers = headers;
  return options;
}

interface Candidate {
  readonly plan: Plan;
  readonly request: TaskRequest;
  readonly options: AcceptOptions;
}

async function acceptUnlessDuplicate(
  exchange: Exchange,
  gateway: GatewayContext,
  { plan, request, options }: Candidate,
): Promise<AcceptedTask> {
  const { entry } = plan;
  const { dedupe: duplicates = { key: "" } } = request;
  const { args, kwargs } = plan.options;
  const tenant = exchange.caller.tenant;
  const verdict = await gateway.dedupe.judge({
    ...{ id: entry.id, task: entry.task, args, kwargs, tenant },
    request: duplicates,
  });
  if (verdict.kind === "duplicate") return { entry: { ...entry, id: verdict.id }, isNew: false };
  if (verdict.kind === "instead") {
    const held = toHeldTask(plan, { id: verdict.id, after: verdict.after, untilMs: verdict.untilMs });
    if (await gateway.heldTasks.replace(held)) return { entry: { ...entry, id: verdict.id }, isNew: false };
    // It was sent a moment ago, so there is a task that runs with older arguments: this one comes after it.
    return acceptUnlessDuplicate(exchange, gateway, { plan, request, options });
  }
  const claimed = async (work: () => Promise<void>, claim: DedupeClaim): Promise<void> => {
    try {
      await work();
    } catch (error) {
      await claim.release();
      throw error;
    }
    await claim.confirm();
  };
  if (verdict.kind === "after") {
    const waiting: TaskEntry = { ...entry, state: "SCHEDULED" };
    const held = toHeldTask(plan, { id: entry.id, after: verdict.id, untilMs: verdict.untilMs });
    await claimed(async () => {
      await options.beforeSend?.(waiting);
      await withCallbacks(gateway, plan, () => gateway.heldTasks.hold(held, plan.holdUntilMs ?? Date.now()));
      await gateway.tracker.accept(waiting);
    }, verdict.claim);
    return { entry: waiting, isNew: true };
  }
  await claimed(async () => {
    if (verdict.kind === "replace") await callOff(gateway, verdict.id);
    await options.beforeSend?.(entry);
    await send(gateway, plan);
  }, verdict.claim);
  return { entry, isNew: true };
}

/** Publishes or holds, and takes note. */
async function send(gateway: GatewayContext, plan: Plan): Promise<void> {
  const { app, heldTasks, tracker, taskFeed, facts } = gateway;
  const { holdUntilMs } = plan;
  const startedAtMs = performance.now();
  await withCallbacks(gateway, plan, () =>
    holdUntilMs === undefined
      ? publishInTime(app, plan.prepared)
      : heldTasks.hold(toHeldTask(plan), holdUntilMs),
  );
  facts.submitted((performance.now() - startedAtMs) / 1000);
  try {
    await tracker.accept(plan.entry);
  } catch (error) {
    throw sentButNotNoted(error, plan.entry);
  }
  taskFeed.announce(plan.entry);
}

/** No 202 for an id that a restarted gateway would not know: but the caller must learn that the task is on its way. */
function sentButNotNoted(error: unknown, { id }: TaskEntry): Problem {
  const problem = toProblem(error);
  return new Problem(problem.type, {
    ...problem.options,
    detail: `The task ${id} was sent, but could not be noted in the gateway's own store: its state may not be known here.`,
    members: { ...problem.options.members, id },
  });
}

/** The callback is written down before the task is sent: a process that dies in between loses neither. */
async function withCallbacks(
  { webhooks }: GatewayContext,
  { entry, audience }: Plan,
  submit: () => Promise<void>,
): Promise<void> {
  if (audience === undefined) return submit();
  await webhooks.register(entry, audience);
  try {
    await submit();
  } catch (error) {
    await webhooks.forget(entry.id);
    throw error;
  }
}

/** The task as it lies in the store: it will be due when it is sent, and its expiry counts from now. */
function toHeldTask(
  { prepared, options }: Plan,
  wait?: { readonly id: string; readonly after: string; readonly untilMs: number },
): HeldTask {
  const { eta: _eta, countdown: _countdown, ...rest } = options;
  const { expires } = prepared.call;
  return {
    task: prepared.call.task,
    options: {
      ...rest,
      ...(typeof expires === "string" ? { expires } : {}),
      ...(wait === undefined ? {} : { taskId: wait.id }),
    },
    ...(wait === undefined ? {} : { after: wait.after, afterUntilMs: wait.untilMs }),
  };
}

/** Takes a task back, wherever it is. Rejects with ConfigurationError where workers cannot be told. */
export async function callOff(
  { app, index, heldTasks, revoke }: GatewayContext,
  id: string,
  how: Parameters<GatewayContext["revoke"]>[1] = {},
): Promise<void> {
  if (await heldTasks.drop(id)) {
    const exception = {
      exc_type: "TaskRevokedError",
      exc_message: ["revoked"],
      exc_module: "celery.exceptions",
    };
    await endTask({ app, index }, id, "REVOKED", exception);
  } else await revoke([id], how);
}
