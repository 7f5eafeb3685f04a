/** An app's own entry, written down as stores keep schedules. */
import type { BeatEntry } from "./entry.ts";
import type { ScheduleDefinition, ScheduleOptions, StoredSchedule } from "./stores/schedule-store.ts";

/** Options that every store can keep. */
const KEPT: readonly (keyof ScheduleOptions)[] = [
  "queue",
  "exchange",
  "routingKey",
  "priority",
  "expires",
  "headers",
];

/**
 * Whether it is paused, and what people wrote about it, comes from `old`, the stored one of its name. Its values are as the app has
 * them: not checked, and perhaps no JSON.
 */
export function describeEntry(entry: BeatEntry, timezone: string, old?: StoredSchedule): ScheduleDefinition {
  const spec = entry.schedule.toJSON();
  const { expires } = entry.options;
  const options = { ...entry.options, expires: typeof expires === "number" ? expires : undefined };
  return {
    name: entry.name,
    task: entry.task,
    schedule: spec.type === "crontab" ? { timezone, ...spec } : spec,
    args: entry.args,
    kwargs: entry.kwargs,
    options: Object.fromEntries(
      KEPT.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
    ),
    catchUp: entry.catchUp,
    enabled: old?.enabled ?? true,
    oneOff: spec.type === "clocked" || (old?.oneOff ?? false),
    ...(old?.startAtMs === undefined ? {} : { startAtMs: old.startAtMs }),
    ...(old?.expiresAtMs === undefined ? {} : { expiresAtMs: old.expiresAtMs }),
    description: old?.description ?? "",
  };
}
