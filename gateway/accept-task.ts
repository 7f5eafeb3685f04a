/** Takes a task in for a caller: checked request in; sent, held or found to be a duplicate. Whoever submits passes here. */
import type { GatewayContext } from "./context.ts";
import { acceptUnlessDuplicate } from "./dedupe/accept-unless-duplicate.ts";
import type { Exchange } from "./exchange.ts";
import { type Plan, type PlanOptions, planTask, type TaskRequest } from "./plan-task.ts";
import { sendTask } from "./send-task.ts";
import type { TaskEntry } from "./task-index.ts";

export interface AcceptOptions extends PlanOptions {
  /** Called with the id just before the task is sent, and not for a duplicate. */
  readonly beforeSend?: (entry: TaskEntry) => Promise<void>;
  /** The caller's quota of tasks has been taken already. */
  readonly isCounted?: boolean;
}

/** What became of a request. */
export interface AcceptedTask {
  readonly entry: TaskEntry;
  /** False for a duplicate: `entry.id` is then the task that was there before. */
  readonly isNew: boolean;
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
  if (exchange.allowance !== undefined && options.isCounted !== true)
    await exchange.allowance.take("submit", 1);
  const { dedupe } = request;
  const accepted =
    dedupe === undefined
      ? await acceptNew(gateway, plan, options)
      : await acceptUnlessDuplicate(exchange, gateway, { plan, dedupe, beforeSend: options.beforeSend });
  if ((gateway.audit !== undefined || gateway.requests.logs) && accepted.isNew)
    exchange.noteSent(accepted.entry);
  if (gateway.history !== undefined && accepted.isNew)
    gateway.history.accepted(exchange, accepted.entry, plan.entry.submittedAtMs, plan.prepared.call);
  return accepted;
}

async function acceptNew(
  gateway: GatewayContext,
  plan: Plan,
  { beforeSend }: AcceptOptions,
): Promise<AcceptedTask> {
  if (beforeSend !== undefined) await beforeSend(plan.entry);
  return { entry: await sendTask(gateway, plan), isNew: true };
}
