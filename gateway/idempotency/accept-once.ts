/** Takes a task in, for a request that may be repeated. */
import { type AcceptedTask, type AcceptOptions, acceptTask } from "../accept-task.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import type { TaskRequest } from "../plan-task.ts";
import type { FirstRun } from "./idempotency.ts";

/** What a lost run of the same key has sent already is not sent again. Without a key `run` is undefined. */
export function acceptOnce(
  exchange: Exchange,
  gateway: GatewayContext,
  request: TaskRequest,
  run: FirstRun | undefined,
  options: Omit<AcceptOptions, "taskId" | "hasIdempotencyKey">,
): Promise<AcceptedTask> {
  if (run === undefined)
    return acceptTask(exchange, gateway, request, { ...options, hasIdempotencyKey: false });
  const { taskId, isTakeover } = run;
  const accept = (): Promise<AcceptedTask> =>
    acceptTask(exchange, gateway, request, { ...options, taskId, hasIdempotencyKey: true });
  return isTakeover ? acceptUnlessSent(gateway, taskId, options, accept) : accept();
}

async function acceptUnlessSent(
  { index }: GatewayContext,
  taskId: string,
  { beforeSend }: AcceptOptions,
  accept: () => Promise<AcceptedTask>,
): Promise<AcceptedTask> {
  const sent = await index.find(taskId);
  if (sent === undefined) return accept();
  await beforeSend?.(sent);
  return { entry: sent, isNew: true };
}
