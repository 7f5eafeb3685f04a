/** What `celery control` tells a worker to do, but for revoking (revoke-commands.ts). */
import { isPlainObject, pythonRepr } from "../../protocol/index.ts";
import type { ExchangeType } from "../../transports/index.ts";
import { parseRate } from "../rate-limits.ts";
import type { Worker } from "../worker.ts";
import { type Command, nok, ok, PythonError, readNumber, reprError, requireText } from "./command.ts";

const rateLimit: Command = (worker, { task_name: task, rate_limit: rate }) => {
  const written = rate === "" ? null : (rate as string | number | null);
  let perSecond: number | undefined;
  try {
    perSecond = parseRate(written);
  } catch {
    const reason = reprError("ValueError", `could not convert string to float: ${pythonRepr(rate)}`);
    return nok(`Invalid rate limit string: ${reason}`);
  }
  if (typeof task !== "string" || !worker.app.tasks.has(task)) return nok("unknown task");
  for (const { scheduler } of worker.parts?.lanes ?? []) scheduler.rateLimits.set(task, written);
  return ok(perSecond === undefined ? "rate limit disabled successfully" : "new rate limit set successfully");
};

/** Ten years, in seconds. */
const MAX_LIMIT_SECONDS = 315_360_000;

const timeLimit: Command = (worker, given) => {
  const task = given["task_name"];
  if (typeof task !== "string" || !worker.app.tasks.has(task)) return nok("unknown task");
  const seconds = (name: string): number | undefined => {
    const value = readNumber(given, name, [0, MAX_LIMIT_SECONDS], 0);
    return value === 0 ? undefined : value;
  };
  worker.parts?.limits.set(task, { soft: seconds("soft"), hard: seconds("hard") });
  return ok("time limits set successfully");
};

const setEvents =
  (enabled: boolean): Command =>
  ({ parts }) => {
    const word = enabled ? "enabled" : "disabled";
    if (parts === undefined) return nok("event dispatcher unavailable");
    if (parts.events.taskEventsEnabled === enabled) return ok(`task events already ${word}`);
    parts.events.taskEventsEnabled = enabled;
    return ok(`task events ${word}`);
  };

const heartbeat: Command = ({ parts }) => {
  parts?.events.heartbeat();
  return null;
};

/** Most slots that one command adds or takes. */
const MAX_RESIZE = 1000;

const resize =
  (direction: 1 | -1, word: string): Command =>
  (worker, given) => {
    if (worker.autoscaler !== undefined) {
      return nok(`pool_${word} is not supported with autoscale. Adjust autoscale range instead.`);
    }
    const by = readNumber(given, "n", [0, MAX_RESIZE], 1);
    const lane = worker.parts?.lanes[0];
    if (lane?.pool.resize === undefined) throw new PythonError("ValueError", "This pool has a fixed size");
    lane.resize(direction * Math.trunc(by));
    return ok(`pool will ${word}`);
  };

const poolRestart: Command = (worker) => {
  if (!worker.app.settings.workerPoolRestarts)
    throw new PythonError("ValueError", "Pool restarts not enabled");
  for (const { pool } of worker.parts?.lanes ?? []) pool.restart?.();
  return ok("reload started");
};

const autoscale: Command = ({ autoscaler }, given) => {
  if (autoscaler === undefined) throw new PythonError("ValueError", "Autoscale not enabled");
  const read = (name: string): number | undefined => {
    const value = readNumber(given, name, [0, MAX_RESIZE], -1);
    return value < 0 ? undefined : Math.trunc(value);
  };
  const { max, min } = autoscaler.update(read("max"), read("min"));
  return ok(`autoscale now max=${max} min=${min}`);
};

const addConsumer: Command = async (worker, given) => {
  const name = requireText(given, "queue");
  const { exchange, routing_key: routingKey } = given;
  const type = isExchangeType(given["exchange_type"]) ? given["exchange_type"] : "direct";
  await worker.addQueue({
    ...worker.app.router.queue(name),
    ...(typeof exchange === "string" && exchange !== "" ? { exchange: { name: exchange, type } } : {}),
    ...(typeof routingKey === "string" && routingKey !== "" ? { routingKey } : {}),
  });
  return ok(`add consumer ${name}`);
};

function isExchangeType(value: unknown): value is ExchangeType {
  return value === "direct" || value === "topic" || value === "fanout";
}

const cancelConsumer: Command = async (worker, given) => {
  const name = requireText(given, "queue");
  await worker.cancelQueue(name);
  return ok(`no longer consuming from ${name}`);
};

/** Never replies, as Celery's. */
const shutdown: Command = (worker: Worker, { msg }) => {
  worker.requestShutdown(typeof msg === "string" ? msg.slice(0, 1000) : "Got shutdown from remote");
  return undefined;
};

const election: Command = (worker, { id, topic, action }) => {
  if (typeof id === "string" && typeof topic === "string") {
    worker.gossip?.elect(id, topic, isPlainObject(action) ? action : null);
  }
  return null;
};

export const CONTROL_COMMANDS: Readonly<Record<string, Command>> = {
  rate_limit: rateLimit,
  time_limit: timeLimit,
  enable_events: setEvents(true),
  disable_events: setEvents(false),
  heartbeat,
  pool_grow: resize(1, "grow"),
  pool_shrink: resize(-1, "shrink"),
  pool_restart: poolRestart,
  autoscale,
  add_consumer: addConsumer,
  cancel_consumer: cancelConsumer,
  shutdown,
  election,
};
