/** From events to tasks: all are checked before the first is sent, and each is taken once. */
import { hash } from "node:crypto";
import { acceptTask } from "../accept-task.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import type { ClaimedTask } from "../hooks/claims.ts";
import type { MappedTask } from "../hooks/mapping/rules.ts";
import { Problem } from "../problems.ts";
import { requirePlainValues } from "../reserved-envelope.ts";
import type { CloudEvent } from "./event.ts";
import type { EventDoor } from "./event-door.ts";

/** What became of an event; `task` is undefined when no rule fits. */
export interface EventResult {
  readonly event: CloudEvent;
  readonly task: ClaimedTask | undefined;
}

/** Sent at the same time. */
const AT_ONCE = 16;
/** The distributed tracing extension. */
const TRACE_ATTRIBUTES = ["traceparent", "tracestate"] as const;

/**
 * Throws a Problem when one of them cannot become a task: nothing is sent then. Rejects with the broker's error when it fails
 * on the way; those that were sent are known when the sender tries again.
 */
export async function acceptEvents(
  exchange: Exchange,
  gateway: GatewayContext,
  door: EventDoor,
  events: readonly CloudEvent[],
): Promise<readonly EventResult[]> {
  const mapped = events.map((event) => ({ event, mapped: mapEvent(exchange, gateway, door, event) }));
  const results: EventResult[] = [];
  for (let at = 0; at < mapped.length; at += AT_ONCE) {
    const sent = await Promise.allSettled(
      mapped.slice(at, at + AT_ONCE).map((one) => sendOne(exchange, gateway, door, one)),
    );
    for (const one of sent) {
      if (one.status === "rejected") throw one.reason;
      results.push(one.value);
    }
  }
  return results;
}

function mapEvent(
  exchange: Exchange,
  { checkTask }: GatewayContext,
  { rules, isRefusing }: EventDoor,
  event: CloudEvent,
): MappedTask | undefined {
  const mapped = rules.map({ document: event, headers: {} });
  if (mapped === undefined) {
    if (!isRefusing) return undefined;
    const detail = `No rule fits an event of the type ${JSON.stringify(event.type)}.`;
    throw new Problem("invalid-arguments", { detail, members: { errors: [{ pointer: "/type", detail }] } });
  }
  const { task, queue, args, kwargs } = mapped.request;
  checkTask(exchange, {
    name: task,
    queue,
    options: mapped.request,
    pointer: "/task",
    queuePointer: "/queue",
  });
  requirePlainValues(args, "/args");
  requirePlainValues(kwargs, "/kwargs");
  return mapped;
}

async function sendOne(
  exchange: Exchange,
  gateway: GatewayContext,
  { claims, rememberMs }: EventDoor,
  { event, mapped }: { readonly event: CloudEvent; readonly mapped: MappedTask | undefined },
): Promise<EventResult> {
  if (mapped === undefined) return { event, task: undefined };
  const { request } = mapped;
  const key = claimKey(exchange, event);
  const task = await claims.once({ key, task: request.task, rememberMs }, (taskId) =>
    acceptTask(exchange, gateway, request, { taskId, hasIdempotencyKey: true, ...traceOf(event) }),
  );
  return { event, task };
}

/** Source and id together tell an event from all others; tenants, and callers without one, have none in common. */
function claimKey({ caller }: Exchange, { source, id }: CloudEvent): string {
  const sender = caller.tenant === undefined ? ["caller", caller.id] : ["tenant", caller.tenant];
  return hash("sha256", JSON.stringify([...sender, source, id]), "base64url");
}

/** The trace that the event belongs to; the request's own is only of this hop. */
function traceOf(event: CloudEvent): { readonly trace?: Readonly<Record<string, string>> } {
  const found = TRACE_ATTRIBUTES.flatMap((name) => {
    const value = event[name];
    return typeof value === "string" ? [[name, value]] : [];
  });
  return found.length === 0 ? {} : { trace: Object.fromEntries(found) };
}
