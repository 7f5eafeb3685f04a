/** Celery's events as histories keep them. Sources: celery/worker/request.py and celery/events/state.py of 5.7. */
import type { ClusterEvent, ClusterTask } from "../../app/index.ts";
import { TASK_ID } from "../known-task.ts";
import { withOffset } from "../times.ts";
import { clipped, type EventFacts, type HistoryEvent, type HistoryType } from "./event.ts";

/** An event that was heard, and what is known of its task by then. */
export interface HeardEvent {
  readonly event: HistoryEvent;
  /** As the cluster's state has it: it goes on changing. */
  readonly task: ClusterTask;
}

const TYPES: Readonly<Record<string, HistoryType>> = {
  "task-sent": "sent",
  "task-received": "received",
  "task-started": "started",
  "task-progress": "progress",
  "task-succeeded": "succeeded",
  "task-failed": "failed",
  "task-retried": "retried",
  "task-revoked": "revoked",
  "task-rejected": "rejected",
};
const STATES: Partial<Readonly<Record<HistoryType, string>>> = {
  sent: "PENDING",
  received: "RECEIVED",
  started: "STARTED",
  progress: "PROGRESS",
  retried: "RETRY",
  succeeded: "SUCCESS",
  failed: "FAILURE",
  revoked: "REVOKED",
  rejected: "REJECTED",
};
/** Of `task-progress`, a type of the tasks' own, what says something about the event and not about the progress. */
const ENVELOPE: ReadonlySet<string> = new Set([
  "type",
  "uuid",
  "hostname",
  "pid",
  "clock",
  "timestamp",
  "utcoffset",
  "local_received",
]);
const MAX_MEMBERS = 20;
/** The end of the year 9999. */
const MAX_TIME_MS = 253_402_300_799_999;

/** undefined for what is no event of a task's life, or of a task that nobody could ask for. */
export function toHistoryEvent(event: ClusterEvent): HistoryEvent | undefined {
  const { type: name, uuid, hostname, timestamp } = event;
  const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (type === undefined || typeof uuid !== "string" || !TASK_ID.test(uuid)) return undefined;
  const atMs = saneMs(timestamp * 1000);
  if (atMs === undefined) return undefined;
  // Databases take no NUL.
  const source = hostname.replaceAll("\0", "");
  return { taskId: uuid, type, atMs, source, facts: factsOf(type, event) };
}

/** Nothing that another gateway might know otherwise: both tell of the same event in the same words. */
function factsOf(type: HistoryType, event: ClusterEvent): EventFacts {
  const { hostname, retries, eta, runtime, exception, args, kwargs } = event;
  const state = STATES[type];
  return {
    ...(type === "sent" ? {} : { worker: hostname }),
    ...(state === undefined ? {} : { state }),
    ...(typeof retries === "number" && Number.isFinite(retries) ? { retries } : {}),
    ...(typeof eta === "string" ? { eta: clipped(eta) } : {}),
    ...(typeof runtime === "number" && runtime >= 0 ? { runtime } : {}),
    ...(typeof exception === "string" ? { exception: clipped(exception) } : {}),
    ...(type === "progress" ? { progress: progressOf(event) } : {}),
    ...(typeof args === "string" ? { args: clipped(args) } : {}),
    ...(typeof kwargs === "string" ? { kwargs: clipped(kwargs) } : {}),
  };
}

/** The member `progress`, or all that the event says. */
function progressOf(event: ClusterEvent): unknown {
  const { progress } = event;
  if (progress !== undefined) return plain(progress);
  const members = Object.entries(event).filter(([name]) => !ENVELOPE.has(name));
  return Object.fromEntries(
    members.slice(0, MAX_MEMBERS).map(([name, value]) => [clipped(name), plain(value)]),
  );
}

/** What JSON carries in a few characters, and text for all else. */
function plain(value: unknown): unknown {
  if (typeof value === "boolean" || value === null) return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  return clipped(typeof value === "string" ? value : (safeJson(value) ?? "?"));
}

function safeJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined; // A bigint.
  }
}

/** A time that databases keep and that can be written, in whole milliseconds; undefined for any other. */
export function saneMs(ms: number): number | undefined {
  const rounded = Math.round(ms);
  return rounded >= 0 && rounded <= MAX_TIME_MS ? rounded : undefined;
}

/** Milliseconds since 1970; undefined when it is no time. */
export function etaMsOf({ eta }: Pick<ClusterTask, "eta">): number | undefined {
  if (eta === null) return undefined;
  return saneMs(Date.parse(withOffset(eta)));
}
