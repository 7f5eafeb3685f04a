/** A delivery, from its bytes to its task: nothing is parsed, written or sent before the sender has proved who it is. */
import { DecodeError } from "../../protocol/index.ts";
import { acceptTask } from "../accept-task.ts";
import { readBody } from "../body.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { isLoopback } from "../host-guard.ts";
import { toProblem } from "../http-status.ts";
import { PROBLEMS, Problem } from "../problems.ts";
import { newTaskId } from "../task-id.ts";
import { taskLinks } from "../task-view.ts";
import type { ClaimedTask } from "./claims.ts";
import { newDeliveryId } from "./delivery-id.ts";
import { type Delivery, headersToKeep } from "./delivery-log.ts";
import { claimKey, type Hook } from "./hook.ts";
import { HOOK_DEFAULTS } from "./hook-options.ts";
import { interpret, type KnownDelivery, type Seen } from "./interpret.ts";
import { reserialisedHint } from "./reserialised.ts";

/** The largest body of a delivery, in bytes: it is kept as base64 in a record of 4 MiB at most. */
const MAX_BYTES = 2 * 1024 * 1024;

/** What came in, from a sender that is known. */
export interface Received extends KnownDelivery {
  readonly hook: Hook;
  /** The delivery that this one repeats because somebody asked for it. */
  readonly replayOf?: Delivery;
}

/** What became of a delivery. */
export type DeliveryResult =
  | { readonly outcome: "accepted"; readonly task: ClaimedTask }
  | { readonly outcome: "ignored" }
  | { readonly outcome: "greeted"; readonly text: string };

/** Reads and verifies. Throws Problem `unknown-hook`, `payload-too-large`, and `bad-signature` for all that is not from the sender. */
export async function receive(exchange: Exchange, gateway: GatewayContext): Promise<Received> {
  const { hooks, limits, held } = gateway;
  const hook = await hooks.book.get(exchange.param("hook"));
  const body = await readBody(exchange, { maxBytes: Math.min(limits.bodyBytes, MAX_BYTES), held });
  const { headers } = exchange.req;
  return { hook, headers, body, verifiedId: verify(exchange, gateway, hook, body) };
}

function verify(
  { req }: Exchange,
  { hooks, logger }: GatewayContext,
  hook: Hook,
  body: Buffer,
): string | undefined {
  const request = { headers: req.headers, body };
  try {
    if (hook.verifier !== undefined) return hook.verifier.verify(request).id;
    if (isLoopback(req.socket.remoteAddress ?? "")) return undefined;
    throw new DecodeError("unsigned", "The verifier none takes callers on this machine only.");
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const { verifier } = hook;
    const isMismatch = error.code === "bad_signature" && verifier !== undefined;
    const hint = isMismatch ? reserialisedHint(verifier, request) : undefined;
    const reason = `${error.code}: ${error.message}`;
    hooks.tallies.refuse(hook.key, { atMs: Date.now(), reason, hint });
    logger.warn({ hook: hook.name, reason, hint }, "A delivery was refused");
    throw new Problem("bad-signature");
  }
}

/**
 * Makes the task, once for each delivery, and keeps what happened. Throws a Problem for what cannot be mapped or sent, and
 * rejects with the broker's error.
 */
export async function deliver(
  exchange: Exchange,
  gateway: GatewayContext,
  received: Received,
): Promise<DeliveryResult> {
  const { hook, headers, body, replayOf } = received;
  const { log, tallies } = gateway.hooks;
  const receivedAtMs = Date.now();
  const facts = {
    id: newDeliveryId(receivedAtMs),
    receivedAtMs,
    headers: headersToKeep(headers, hook),
    size: body.length,
    ...(replayOf === undefined ? {} : { replayOf: replayOf.id }),
  };
  // What can be known of it before it is sent, for the log.
  const seen: Seen = {};
  const keep = async (delivery: Pick<Delivery, "outcome" | "taskId" | "task" | "error">): Promise<void> => {
    tallies.count(hook.key, delivery.outcome);
    try {
      await log.add(hook, { ...facts, ...seen, ...delivery }, body);
    } catch (error) {
      gateway.logger.warn({ err: error, hook: hook.name }, "A delivery could not be kept");
    }
  };
  try {
    const result = await sendOnce(exchange, gateway, received, seen);
    if (result.outcome !== "accepted") await keep({ outcome: result.outcome });
    else if (result.task.isDuplicate) tallies.count(hook.key, "duplicate");
    else await keep({ outcome: "accepted", taskId: result.task.taskId, task: result.task.task });
    return result;
  } catch (error) {
    const problem = toProblem(error);
    await keep({ outcome: "failed", error: `${problem.type}: ${problem.message}` });
    // What is above, the dispatcher logs.
    if (PROBLEMS[problem.type].status < 500) {
      const { type, message: detail } = problem;
      gateway.logger.warn({ hook: hook.name, problem: type, detail }, "A delivery could not become a task");
    }
    throw error;
  }
}

async function sendOnce(
  exchange: Exchange,
  gateway: GatewayContext,
  received: Received,
  seen: Seen,
): Promise<DeliveryResult> {
  const { hook, replayOf } = received;
  const { greeting, mapped } = interpret(hook, received, gateway.limits.depth, seen);
  if (greeting !== undefined) return { outcome: "greeted", text: greeting };
  if (mapped === undefined) return { outcome: "ignored" };
  const { deliveryId: id } = seen;
  exchange.caller = hook.caller;
  const { request } = mapped;
  const send = (taskId: string): Promise<unknown> =>
    acceptTask(exchange, gateway, request, {
      taskId,
      hasIdempotencyKey: id !== undefined,
      ...(replayOf?.taskId === undefined ? {} : { replayedFrom: replayOf.taskId }),
    });
  const { task } = request;
  // A replay is meant to be another task, however often the delivery came.
  if (id === undefined || replayOf !== undefined) {
    const taskId = newTaskId(Date.now());
    await send(taskId);
    return { outcome: "accepted", task: { taskId, task, isDuplicate: false } };
  }
  const rememberMs = (hook.options.remember_seconds ?? HOOK_DEFAULTS.rememberSeconds) * 1000;
  const claimed = await gateway.hooks.claims.once({ key: claimKey(hook, id), task, rememberMs }, send);
  return { outcome: "accepted", task: claimed };
}

/** Answers the sender. */
export function answerDelivery(exchange: Exchange, { options }: Hook, result: DeliveryResult): void {
  if (result.outcome === "greeted") {
    exchange.send(200, "text/plain; charset=utf-8", result.text);
  } else if (result.outcome === "ignored") {
    exchange.empty(204, {});
  } else if (options.respond !== undefined) {
    const { status, body = "", content_type: type = "text/plain; charset=utf-8" } = options.respond;
    if (status === 204) exchange.empty(204, {});
    else exchange.send(status, type, body);
  } else answerTaken(exchange, result.task);
}

/** 202 with the task, or 200 with the task that the delivery had before. */
export function answerTaken(exchange: Exchange, { taskId, task, isDuplicate }: ClaimedTask): void {
  const links = taskLinks(taskId, exchange.base);
  const text = JSON.stringify({ id: taskId, task, duplicate: isDuplicate, links });
  exchange.json(isDuplicate ? 200 : 202, text, { location: links.self });
}
