/** Which runs of an entry are due: pure functions of its schedule, its last run and the time. */
import { ConfigurationError } from "../protocol/index.ts";
import type { BeatEntry } from "./entry.ts";

/** Runs of one entry that are caught up in a row at most (`catchUp: "all"`); the rest is left out. */
export const MAX_CATCH_UP = 1000;
/** Runs taken on at once; the next ones follow when these are sent. */
const BATCH = 100;
/** A run that is later than this was missed: beat was down, not just busy or changing its leader. */
const LATE_MS = 30_000;

export interface DueRuns {
  /** The instants of the runs to send now, oldest first. */
  readonly fires: readonly number[];
  /** The last run from now on; the old one when nothing was due. */
  readonly lastRunAtMs: number;
  /** Whether missed runs are left out. */
  readonly skipped: boolean;
}

/** The first run after the last one; Infinity for none. Throws ConfigurationError for a schedule that does not move on. */
export function nextRun(entry: BeatEntry, lastRunAtMs: number): number {
  const next = afterStart(entry, lastRunAtMs);
  if (next > lastRunAtMs) return next;
  throw new ConfigurationError(`After ${lastRunAtMs} its next run is ${next}; it must be later.`);
}

function afterStart({ schedule, startAtMs }: BeatEntry, lastRunAtMs: number): number {
  if (startAtMs === undefined || startAtMs <= lastRunAtMs) return schedule.nextAfter(lastRunAtMs);
  const { type } = schedule.toJSON();
  if (type === "interval") return Math.max(schedule.nextAfter(lastRunAtMs), startAtMs);
  return schedule.nextAfter(startAtMs - 1);
}

/**
 * From when an entry counts that beat has not seen: from when its store knows it, else from now. One with a start time runs
 * then at first, and one for a single instant runs though that is over. Source: django_celery_beat/schedulers.py ModelEntry.
 */
export function firstBase({ schedule, startAtMs, sinceMs }: BeatEntry, nowMs: number): number {
  if (sinceMs !== undefined) return sinceMs;
  const spec = schedule.toJSON();
  if (spec.type === "clocked") return 0;
  if (startAtMs === undefined) return nowMs;
  return spec.type === "interval" ? startAtMs - spec.seconds * 1000 : startAtMs - 1;
}

/**
 * What is due at `nowMs`. Catching up with one run sends the oldest missed one and goes on from now, as Celery does;
 * `deadlineSeconds` is beat_cron_starting_deadline, `caughtUp` the number of runs caught up without a pause so far.
 * Source: celery/schedules.py crontab.is_due.
 */
export function dueRuns(
  entry: BeatEntry,
  lastRunAtMs: number,
  nowMs: number,
  deadlineSeconds: number | null = null,
  caughtUp = 0,
): DueRuns {
  const first = nextRun(entry, lastRunAtMs);
  if (!(first <= nowMs)) return { fires: [], lastRunAtMs, skipped: false };
  if (entry.catchUp === "none" && first < nowMs - LATE_MS)
    return { fires: [], lastRunAtMs: nowMs, skipped: true };
  const since = deadlineOf(entry, nowMs, deadlineSeconds);
  const skipped = first < since;
  const start = skipped ? nextRun(entry, since - 1) : first;
  if (start > nowMs) return { fires: [], lastRunAtMs: nowMs, skipped };
  const second = nextRun(entry, start);
  if (second > nowMs) return { fires: [start], lastRunAtMs: start, skipped };
  if (entry.catchUp !== "all" || entry.oneOff) return { fires: [start], lastRunAtMs: nowMs, skipped };
  if (caughtUp >= MAX_CATCH_UP) return { fires: [], lastRunAtMs: nowMs, skipped: true };
  const fires = missed(entry, start, nowMs);
  return { fires, lastRunAtMs: fires.at(-1) ?? nowMs, skipped };
}

/** A crontab's runs before this instant are left out; -Infinity for none. */
function deadlineOf({ schedule }: BeatEntry, nowMs: number, deadlineSeconds: number | null): number {
  const hasDeadline = deadlineSeconds !== null && schedule.toJSON().type === "crontab";
  return hasDeadline ? nowMs - deadlineSeconds * 1000 : Number.NEGATIVE_INFINITY;
}

/** The first batch of what was missed. */
function missed(entry: BeatEntry, start: number, nowMs: number): readonly number[] {
  const fires: number[] = [];
  for (let due = start; due <= nowMs && fires.length < BATCH; due = nextRun(entry, due)) fires.push(due);
  return fires;
}
