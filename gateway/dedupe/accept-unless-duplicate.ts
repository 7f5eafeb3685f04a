/** Sends a task that may be a duplicate of one that was sent before, as its mode says. */

import type { AcceptedTask, AcceptOptions } from "../accept-task.ts";
import { maySee } from "../access/visibility.ts";
import { callOff } from "../call-off.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import type { Plan } from "../plan-task.ts";
import { Problem } from "../problems.ts";
import { sendTask, sentButNotNoted, toHeldTask, withCallbacks } from "../send-task.ts";
import type { TaskEntry } from "../task-index.ts";
import type { DedupeClaim, DedupeRequest, DedupeVerdict } from "./dedupe.ts";

export interface Candidate {
  readonly plan: Plan;
  readonly dedupe: DedupeRequest;
  readonly beforeSend: AcceptOptions["beforeSend"];
}

/** How often a duplicate looks again that was about to take the place of one that waits. */
const MAX_TRIES = 20;
const PAUSE_MS = 100;

/** Throws Problem `duplicate-task` in mode reject, and `idempotency-in-progress` while a first task is being sent. */
export async function acceptUnlessDuplicate(
  exchange: Exchange,
  gateway: GatewayContext,
  candidate: Candidate,
): Promise<AcceptedTask> {
  const { plan, dedupe: request } = candidate;
  const { entry } = plan;
  const { args, kwargs } = plan.options;
  const { tenant } = exchange.caller;
  const about = { id: entry.id, task: entry.task, args, kwargs, tenant, request };
  let gone: string | undefined;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const verdict = await gateway.dedupe.judge({ ...about, gone });
    if (verdict.kind === "duplicate") return joinedTo(exchange, gateway, plan, verdict.id);
    if (verdict.kind !== "instead") return accept(gateway, candidate, verdict);
    const { id, after, untilMs } = verdict;
    const change = await gateway.heldTasks.replace(toHeldTask(plan, { id, after, untilMs }));
    if (change === "changed") return joinedTo(exchange, gateway, plan, id);
    // A gateway looks whether it may go, or has just sent it.
    if (change === "busy") await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    else gone = id;
  }
  throw new Problem("idempotency-in-progress");
}

/** The task that is there, whose end the callback of this request is told as well, if its caller may see that task. */
async function joinedTo(
  { caller }: Exchange,
  { tracker, webhooks }: GatewayContext,
  { entry, audience }: Plan,
  id: string,
): Promise<AcceptedTask> {
  const there = { ...entry, id };
  if (audience?.callback !== undefined) {
    const known = await tracker.find(id);
    if (maySee(caller, known)) await webhooks.join(known ?? there, audience, audience.callback);
  }
  return { entry: there, isNew: false };
}

async function accept(
  gateway: GatewayContext,
  { plan, beforeSend }: Candidate,
  verdict: Exclude<DedupeVerdict, { readonly kind: "instead" | "duplicate" }>,
): Promise<AcceptedTask> {
  const { entry } = plan;
  if (verdict.kind === "after") {
    const waiting: TaskEntry = { ...entry, state: "SCHEDULED" };
    const held = toHeldTask(plan, { id: entry.id, after: verdict.id, untilMs: verdict.untilMs });
    await claimed(waiting, verdict.claim, async () => {
      await beforeSend?.(waiting);
      await withCallbacks(gateway, plan, () => gateway.heldTasks.hold(held, plan.holdUntilMs ?? Date.now()));
      await gateway.tracker.accept(waiting);
    });
    return { entry: waiting, isNew: true };
  }
  let sent = entry;
  await claimed(entry, verdict.claim, async () => {
    if (verdict.kind === "replace") await callOff(gateway, verdict.id);
    await beforeSend?.(entry);
    sent = await sendTask(gateway, plan);
  });
  return { entry: sent, isNew: true };
}

async function claimed(entry: TaskEntry, claim: DedupeClaim, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    // One that cannot be given back ends by itself in a moment.
    await claim.release().catch(() => undefined);
    throw error;
  }
  try {
    await claim.confirm();
  } catch (error) {
    throw sentButNotNoted(error, entry);
  }
}
