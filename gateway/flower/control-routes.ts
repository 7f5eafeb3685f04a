/** Flower's orders to workers. */
import { ConfigurationError, isPlainObject, type PlainObject } from "../../protocol/index.ts";
import { callOff } from "../call-off.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { Problem } from "../problems.ts";
import { REVOKE_SIGNALS } from "../revoke-signals.ts";
import type { Route } from "../route.ts";
import { type FlowerArguments, formArguments } from "./arguments.ts";
import { QUEUE } from "./patterns.ts";
import { requireTask } from "./result-routes.ts";
import { FlowerRefusal, flowerRoute } from "./route.ts";

/** An order to one worker. */
interface Order {
  /** What follows `/api/worker/`, before the name. */
  readonly path: string;
  /** Celery's command. */
  readonly command: string;
  /** Arguments of the command. */
  readonly read: (given: FlowerArguments) => PlainObject;
  /** The worker has done it, and said so. */
  readonly done: (worker: string, args: PlainObject, answer: string) => string;
  /** Completed by what the worker says. */
  readonly failed: (worker: string, args: PlainObject) => string;
}

const MAX_RESIZE = 1000;

const ORDERS: readonly Order[] = [
  {
    path: "pool/restart",
    command: "pool_restart",
    read: () => ({ reload: false }),
    done: (worker) => `Restarting '${worker}' worker's pool`,
    failed: (worker) => `Failed to restart the '${worker}' pool`,
  },
  {
    path: "pool/grow",
    command: "pool_grow",
    read: (given) => ({ n: readSlots(given, "n", 1) }),
    done: (worker, { n }) => `Growing '${worker}' worker's pool by ${n}`,
    failed: (worker) => `Failed to grow '${worker}' worker's pool`,
  },
  {
    path: "pool/shrink",
    command: "pool_shrink",
    read: (given) => ({ n: readSlots(given, "n", 1) }),
    done: (worker, { n }) => `Shrinking '${worker}' worker's pool by ${n}`,
    failed: (worker) => `Failed to shrink '${worker}' worker's pool`,
  },
  {
    path: "pool/autoscale",
    command: "autoscale",
    read: (given) => ({ min: readSlots(given, "min"), max: readSlots(given, "max") }),
    done: (worker, { min, max }) => `Autoscaling '${worker}' worker (min=${min}, max=${max})`,
    failed: (worker) => `Failed to autoscale '${worker}' worker`,
  },
  {
    path: "queue/add-consumer",
    command: "add_consumer",
    read: (given) => ({ queue: readQueue(given) }),
    done: (_worker, _args, answer) => answer,
    failed: (worker, { queue }) => `Failed to add '${queue}' consumer to '${worker}' worker`,
  },
  {
    path: "queue/cancel-consumer",
    command: "cancel_consumer",
    read: (given) => ({ queue: readQueue(given) }),
    done: (_worker, _args, answer) => answer,
    failed: (worker, { queue }) => `Failed to cancel '${queue}' consumer from '${worker}' worker`,
  },
];

/** Limits of a task in one worker. */
const LIMITS = [
  {
    path: "timeout",
    command: "time_limit",
    read: (given: FlowerArguments): PlainObject => ({
      soft: readLimit(given, "soft"),
      hard: readLimit(given, "hard"),
    }),
    failed: "Failed to set timeouts",
  },
  {
    path: "rate-limit",
    command: "rate_limit",
    read: (given: FlowerArguments): PlainObject => ({ rate_limit: given.required("ratelimit") }),
    failed: "Failed to set rate limit",
  },
] as const;

export const controlRoutes: readonly Route[] = [
  flowerRoute({
    method: "POST",
    path: "/api/worker/shutdown/{worker}",
    access: "workers:control",
    async handle(exchange, gateway) {
      const worker = await requireWorker(gateway, exchange.param("worker"));
      await gateway.fleet.tell(worker, "shutdown");
      say(exchange, "Shutting down!");
    },
  }),
  ...ORDERS.map(({ path, command, read, done, failed }) =>
    flowerRoute({
      method: "POST",
      path: `/api/worker/${path}/{worker}`,
      access: "workers:control",
      async handle(exchange, gateway) {
        const given = await formArguments(exchange, gateway);
        const worker = await requireWorker(gateway, exchange.param("worker"));
        const args = read(given);
        const answer = await order(gateway, worker, command, args);
        if ("error" in answer) throw new FlowerRefusal(403, `${failed(worker, args)}: ${answer.error}`);
        say(exchange, done(worker, args, answer.ok));
      },
    }),
  ),
  ...LIMITS.map(({ path, command, read, failed }) =>
    flowerRoute({
      method: "POST",
      path: `/api/task/${path}/{task}`,
      access: "workers:control",
      async handle(exchange, gateway) {
        const given = await formArguments(exchange, gateway);
        const name = given.required("workername");
        const args = read(given);
        const task = exchange.param("task");
        await gateway.fleet.survey();
        if (!gateway.app.tasks.has(task) && !gateway.fleet.inspection.tasks.has(task))
          throw new FlowerRefusal(404, `Unknown task '${task}'`);
        const worker = await requireWorker(gateway, name);
        const answer = await order(gateway, worker, command, { ...args, task_name: task });
        if ("error" in answer) throw new FlowerRefusal(403, `${failed}: '${answer.error}'`);
        say(exchange, answer.ok);
      },
    }),
  ),
  flowerRoute({
    method: "POST",
    path: "/api/task/revoke/{id}",
    access: "tasks:cancel",
    async handle(exchange, gateway) {
      const given = await formArguments(exchange, gateway);
      const terminate = given.flag("terminate");
      const signal = readSignal(given);
      const id = await requireTask(exchange, gateway);
      await callOff(gateway, id, { terminate, signal }).catch((error: unknown) => {
        throw error instanceof ConfigurationError ? new Problem("revoke-impossible") : error;
      });
      say(exchange, `Revoked '${id}'`);
    },
  }),
];

function say(exchange: Exchange, message: string): void {
  exchange.json(200, JSON.stringify({ message }));
}

/** Throws FlowerRefusal 404. */
async function requireWorker({ fleet }: GatewayContext, name: string): Promise<string> {
  if (await fleet.hasWorker(name)) return name;
  throw new FlowerRefusal(404, `Unknown worker '${name}'`);
}

/** What the worker answers. */
async function order(
  { fleet }: GatewayContext,
  worker: string,
  command: string,
  args: PlainObject,
): Promise<{ readonly ok: string } | { readonly error: string }> {
  const { [worker]: reply } = await fleet.command(worker, command, args);
  if (reply === undefined) return { error: "The worker does not answer" };
  const { ok, error } = isPlainObject(reply) ? reply : {};
  return ok === undefined ? { error: String(error ?? "Unknown reason") } : { ok: String(ok) };
}

function readSlots(given: FlowerArguments, name: string, fallback?: number): number {
  const value =
    fallback === undefined ? given.required(name) && given.integer(name) : (given.integer(name) ?? fallback);
  if (typeof value === "number" && value >= 0 && value <= MAX_RESIZE) return value;
  throw new FlowerRefusal(400, `Invalid argument ${name}: it must be a number from 0 to ${MAX_RESIZE}`);
}

function readLimit(given: FlowerArguments, name: string): number | null {
  const value = given.float(name) ?? null;
  if (value === null || value >= 0) return value;
  throw new FlowerRefusal(400, `Invalid argument ${name}: it must be 0 or more`);
}

function readQueue(given: FlowerArguments): string {
  const queue = given.required("queue");
  if (QUEUE.test(queue)) return queue;
  throw new FlowerRefusal(400, "Invalid argument queue");
}

/** With or without SIG. */
function readSignal(given: FlowerArguments): string {
  const text = given.text("signal") || "SIGTERM";
  const name = text.toUpperCase().replace(/^(?!SIG)/, "SIG");
  const signal = REVOKE_SIGNALS.find((one) => one === name);
  if (signal !== undefined) return signal;
  throw new FlowerRefusal(400, `Invalid argument '${text}' of type 'signal'`);
}
