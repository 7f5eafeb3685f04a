/** Workers as callers see them: what their events tell, and what they answered, made into one JSON object. */
import type { ClusterWorker } from "../../app/index.ts";
import { formatIsoTime, isPlainObject, type PlainObject } from "../../protocol/index.ts";
import type { Fleet } from "./fleet.ts";
import { answerOf, SEARCH_MS, type WorkerAnswers } from "./inspection.ts";

/** online: heard of lately; lost: silent for longer than it should be; offline: it said goodbye. */
export type WorkerStatus = "online" | "lost" | "offline";
export const WORKER_STATES: readonly WorkerStatus[] = ["online", "lost", "offline"];

/** One line of `GET /v1/workers`. */
export interface WorkerView {
  readonly name: string;
  readonly status: WorkerStatus;
  /** null for software that the gateway does not know. */
  readonly language: string | null;
  readonly software: {
    readonly name: string;
    readonly version: string | null;
    readonly system: string | null;
  } | null;
  readonly pid: number | null;
  readonly heartbeat: {
    readonly at: string;
    readonly age_seconds: number;
    readonly every_seconds: number;
  } | null;
  readonly pool: string | null;
  readonly concurrency: number | null;
  readonly prefetch: number | null;
  readonly uptime_seconds: number | null;
  readonly active: number | null;
  readonly processed: number | null;
  readonly load: readonly number[] | null;
  readonly queues: readonly string[] | null;
  readonly links: { readonly self: string };
}

/** Names that workers give themselves in their events (`sw_ident`), and in the names of their pools. */
const LANGUAGES: Readonly<Record<string, string>> = {
  "py-celery": "python",
  "celery.concurrency": "python",
  celerity: "typescript",
};

/** Names of all workers that are known, sorted. */
export function workerNames({ state, inspection }: Fleet): readonly string[] {
  return [...new Set([...state.workers.keys(), ...inspection.workers.keys()])].sort();
}

/** A worker that is known; `base` is the path the gateway is mounted at. */
export function toWorkerView({ state, inspection }: Fleet, name: string, base: string): WorkerView {
  const worker = state.workers.get(name);
  const answers = inspection.workers.get(name);
  const stats = answerOf(answers, "stats");
  const pool = isPlainObject(stats["pool"]) ? stats["pool"] : {};
  const implementation = textOr(pool["implementation"]);
  const nowMs = Date.now();
  return {
    name,
    status: statusOf(worker, answers, nowMs),
    language: languageOf(worker, implementation),
    software: softwareOf(worker),
    pid: worker?.pid ?? numberOr(stats["pid"]),
    heartbeat: heartbeatOf(worker, nowMs),
    pool: implementation === null ? null : poolName(implementation),
    concurrency: concurrencyOf(pool, implementation),
    prefetch: numberOr(stats["prefetch_count"]),
    uptime_seconds: numberOr(stats["uptime"]),
    active: worker?.active ?? null,
    processed: worker?.processed ?? processedOf(stats["total"]),
    load: worker?.loadavg ?? null,
    queues: queuesOf(answers),
    links: { self: `${base}/v1/workers/${encodeURIComponent(name).replaceAll("%40", "@")}` },
  };
}

/** What one worker's own page says beyond the listing: its tasks, and how many of each it has run. */
export function workerDetails({ inspection }: Fleet, name: string): PlainObject {
  const answers = inspection.workers.get(name);
  const registered = answers?.byCommand["registered"];
  const total = answerOf(answers, "stats")["total"];
  return {
    tasks: Array.isArray(registered) ? registered.filter((task) => typeof task === "string") : null,
    totals: isPlainObject(total) ? total : null,
  };
}

function statusOf(
  worker: ClusterWorker | undefined,
  answers: WorkerAnswers | undefined,
  nowMs: number,
): WorkerStatus {
  if (worker?.isAlive(nowMs / 1000) === true) return "online";
  if (worker !== undefined && worker.heartbeats.length === 0) return "offline";
  // One that sends no heartbeats is asked from time to time.
  return worker === undefined && answers !== undefined && nowMs - answers.atMs < 2 * SEARCH_MS
    ? "online"
    : "lost";
}

function languageOf(worker: ClusterWorker | undefined, implementation: string | null): string | null {
  const known = [
    worker?.softwareName,
    implementation?.split(":")[0],
    implementation?.split(".", 2).join("."),
  ];
  const name = known.find((one) => typeof one === "string" && Object.hasOwn(LANGUAGES, one));
  return LANGUAGES[name ?? ""] ?? null;
}

function softwareOf(worker: ClusterWorker | undefined): WorkerView["software"] {
  if (worker === undefined || worker.softwareName === null) return null;
  const { softwareName: name, softwareVersion: version, softwareSystem: system } = worker;
  return { name, version, system };
}

function heartbeatOf(worker: ClusterWorker | undefined, nowMs: number): WorkerView["heartbeat"] {
  const last = worker?.heartbeats.at(-1);
  if (worker === undefined || last === undefined) return null;
  const age = Math.max(0, Math.round(nowMs - last * 1000) / 1000);
  return { at: formatIsoTime(last * 1000), age_seconds: age, every_seconds: worker.freq };
}

/** Celery's prefork goes on telling how many processes it began with. */
function concurrencyOf(pool: PlainObject, implementation: string | null): number | null {
  const { processes } = pool;
  const isPrefork = implementation?.startsWith("celery.concurrency.prefork") === true;
  return isPrefork && Array.isArray(processes) ? processes.length : numberOr(pool["max-concurrency"]);
}

/** `celery.concurrency.prefork:TaskPool` and `celerity:prefork` are both `prefork`. */
function poolName(implementation: string): string {
  const [, python, ours] = /^celery\.concurrency\.(\w+):|^celerity:(.+)$/.exec(implementation) ?? [];
  return python ?? ours ?? implementation;
}

function processedOf(total: unknown): number | null {
  if (!isPlainObject(total)) return null;
  return Object.values(total).reduce<number>(
    (sum, count) => sum + (typeof count === "number" ? count : 0),
    0,
  );
}

function queuesOf(answers: WorkerAnswers | undefined): readonly string[] | null {
  const queues = answers?.byCommand["active_queues"];
  if (!Array.isArray(queues)) return null;
  return queues.flatMap((queue) =>
    isPlainObject(queue) && typeof queue["name"] === "string" ? [queue["name"]] : [],
  );
}

function numberOr(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function textOr(value: unknown): string | null {
  return typeof value === "string" ? value.slice(0, 255) : null;
}
