/** When a schedule is due: for people who look at it, or try it out before they keep it. */
import { firstBase, nextRun } from "./due.ts";
import type { BeatEntry } from "./entry.ts";
import { toBeatEntry } from "./entry-source.ts";
import type { ScheduleDefinition, StoredSchedule } from "./stores/schedule-store.ts";

/** Times that are asked for at most; more are left out. */
const MAX_COUNT = 1000;

export interface DueTimesOptions {
  /** Times are later than this, milliseconds since 1970. Default: now. */
  readonly fromMs?: number;
  /** Of crontabs that name no zone. Default: UTC. */
  readonly timezone?: string;
}

/**
 * The next times at which a schedule is due, milliseconds since 1970, when each run before is on time; as many as there are up to
 * `count`, none while it is paused. Intervals go on from the last run, or from when they were changed. Throws ConfigurationError.
 */
export function nextDueTimes(
  schedule: ScheduleDefinition | StoredSchedule,
  count: number,
  { fromMs = Date.now(), timezone = "UTC" }: DueTimesOptions = {},
): readonly number[] {
  if (!schedule.enabled) return [];
  const entry = toBeatEntry(
    { lastRunAtMs: undefined, totalRunCount: 0, changedAtMs: fromMs, ...schedule },
    timezone,
  );
  const most = Math.min(count, schedule.oneOff ? 1 : MAX_COUNT);
  const endMs = entry.expiresAtMs ?? Number.POSITIVE_INFINITY;
  const times: number[] = [];
  let lastMs = lastUntil(entry, fromMs);
  while (times.length < most) {
    lastMs = nextRun(entry, lastMs);
    if (!(lastMs < endMs)) break;
    times.push(lastMs);
  }
  return times;
}

/** An instant until `fromMs` from which the times after it can be counted. */
function lastUntil(entry: BeatEntry, fromMs: number): number {
  const spec = entry.schedule.toJSON();
  if (spec.type !== "interval" || spec.relative === true) return fromMs;
  const baseMs = firstBase(entry, fromMs);
  const everyMs = spec.seconds * 1000;
  return baseMs + Math.max(0, Math.floor((fromMs - baseMs) / everyMs)) * everyMs;
}
