/** What statistics count of an event. */
import type { ClusterTask } from "../../app/index.ts";
import { etaMsOf } from "./celery-event.ts";
import type { HistoryEvent, HistoryType } from "./event.ts";
import type { CountName } from "./stats/bucket.ts";
import type { Counted } from "./stats/tally.ts";

const NAMES: Partial<Readonly<Record<HistoryType, CountName>>> = {
  accepted: "accepted",
  started: "started",
  succeeded: "succeeded",
  failed: "failed",
  retried: "retried",
  revoked: "revoked",
};
/** Of a task that nobody has named. */
const UNNAMED = "unknown";

/** A task that an event is about. */
export interface CountedTask {
  readonly name: string | null | undefined;
  /** What the cluster's state has of it, if anything. */
  readonly known: ClusterTask | undefined;
  /** When it was first heard of, in milliseconds since 1970. */
  readonly firstMs: number | undefined;
}

/** undefined for an event that is not counted. */
export function countedOf(event: HistoryEvent, task: CountedTask): Counted | undefined {
  const { type, atMs, facts } = event;
  const name = NAMES[type];
  // Told to workers, which say themselves when they drop it.
  if (name === undefined || (type === "revoked" && facts.state !== "REVOKED")) return undefined;
  const counted = { atMs, task: task.name ?? UNNAMED, name };
  if (type === "started") return { ...counted, wait: waitOf(atMs, task) };
  if (type === "succeeded" || type === "failed")
    return { ...counted, runtime: facts.runtime ?? runtimeOf(atMs, task) };
  return counted;
}

/** From when it could run. Of a task that runs again nobody knows. */
function waitOf(startedMs: number, { known, firstMs }: CountedTask): number | undefined {
  if (firstMs === undefined || (known?.retries ?? 0) > 0) return undefined;
  const dueMs = known === undefined ? undefined : etaMsOf(known);
  return Math.max(0, startedMs - Math.max(firstMs, dueMs ?? 0)) / 1000;
}

/** Celery tells how long a task ran when it succeeded only. */
function runtimeOf(endedMs: number, { known }: CountedTask): number | undefined {
  const started = known?.times.started;
  return started === undefined ? undefined : Math.max(0, endedMs / 1000 - started);
}
