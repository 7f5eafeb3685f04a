/** The standard tasks of the conformance suite. As a module it is the app that pools load: `celerity worker -A tasks.js`. */
import { setTimeout as sleep } from "node:timers/promises";
import { type App, float, SoftTimeLimitExceeded, signature } from "../../../index.ts";
import { createConfApp, type Environment } from "./settings.ts";

const LATE = { acksLate: true, rejectOnWorkerLost: true } as const;
const TYPES = {
  null: null,
  true: true,
  int: 1,
  float: 1.5,
  text: "naïve ☃",
  list: [1, [2]],
  object: { a: { b: null } },
};

/** Registers them all. */
function addTasks(app: App, maxRetries: number | null): void {
  app.task("conf.add", (x: unknown, y: unknown) => add(x, y));
  app.task("conf.echo", (value: unknown) => value);
  app.task("conf.kwargs", { bind: true, anyKeywords: true }, ({ request }) => request.kwargs);
  app.task("conf.types", () => TYPES);
  app.task("conf.big", (length: number) => "x".repeat(length));
  app.task("conf.meta", { bind: true }, ({ request }) => ({
    id: request.id,
    retries: request.retries,
    root_id: request.rootId,
    parent_id: request.parentId ?? null,
    group: request.groupId ?? null,
    correlation_id: request.correlationId,
    headers: Object.keys(request.headers).length === 0 ? null : request.headers,
  }));
  app.task("conf.fail", (type: string, message: string) => {
    throw Object.assign(new Error(message), { name: type });
  });
  app.task("conf.retry", { bind: true, maxRetries }, (self, times: number) => {
    if (self.request.retries < times) throw self.retry({ countdown: 0 });
    return times;
  });
  app.task("conf.sleep", { bind: true }, ({ signal }, milliseconds: number) => pause(milliseconds, signal));
  app.task("conf.progress", { bind: true }, async (self, steps: number) => {
    for (let current = 1; current <= steps; current += 1)
      await self.updateState("PROGRESS", { current, total: steps });
    return steps;
  });
  app.task("conf.ignored", { ignoreResult: true }, (value: unknown) => value);
  app.task("conf.late", { bind: true, ...LATE }, ({ signal }, milliseconds: number) =>
    pause(milliseconds, signal),
  );
  app.task("conf.crash", { acksLate: false, rejectOnWorkerLost: false }, () => process.exit(1));
  app.task("conf.late_crash", { bind: true, ...LATE }, ({ request }) => {
    if (!request.deliveryInfo.redelivered) process.exit(1);
    return "again";
  });
  // Only tasks that are bound know what they sent.
  app.task("conf.call", { bind: true }, async (_self, task: string, args: unknown[]) => {
    return (await app.sendTask(task, { args })).id;
  });
  app.task("conf.replace", { bind: true }, (self, task: string, args: unknown[]) => {
    throw self.replace(signature(task, args));
  });
  app.task("conf.sum", (numbers: unknown[]) => numbers.reduce(add, 0));
  app.task("conf.soft", { bind: true }, ({ signal }, milliseconds: number) =>
    pause(milliseconds, signal).catch((error: unknown) => {
      if (error instanceof SoftTimeLimitExceeded) return "soft";
      throw error;
    }),
  );
}

/** As Python adds: integers of any size, floats that stay floats, and texts. */
function add(x: unknown, y: unknown): unknown {
  if (typeof x === "string" && typeof y === "string") return x + y;
  if (!isInteger(x) || !isInteger(y)) return float(Number(x) + Number(y));
  const sum = BigInt(x) + BigInt(y);
  return Number.isSafeInteger(Number(sum)) ? Number(sum) : sum;
}

function isInteger(value: unknown): value is number | bigint {
  return typeof value === "bigint" || Number.isInteger(value);
}

/** Sleeps; fails with what ends the task before. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<number> {
  await sleep(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
  return milliseconds;
}

/** An app that has them. CONF_MAX_RETRIES: those of conf.retry, without an end by default. */
export function createTasks(env: Environment): App {
  const app = createConfApp(env);
  addTasks(app, env["CONF_MAX_RETRIES"] ? Number(env["CONF_MAX_RETRIES"]) : null);
  return app;
}

/** The app of this process's environment. */
export const app: App = createTasks(process.env);

/** This module, for pools of processes. */
export const appModule: string = import.meta.filename;
