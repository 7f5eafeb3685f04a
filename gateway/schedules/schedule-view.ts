/** Schedules as callers see them. */
import { nextDueTimes, type ScheduleEntry, type ScheduleSpec } from "../../beat/index.ts";
import { formatIsoTime } from "../../protocol/index.ts";
import { etagOf, writeJson } from "../task-view.ts";
import { withOffset } from "../times.ts";

export interface ScheduleView {
  readonly text: string;
  /** Changes with the definition, and not with its runs. */
  readonly etag: string;
}

export interface ScheduleViewOptions {
  /** The path the gateway is mounted at. */
  readonly base: string;
  /** Due times that are shown. */
  readonly dueTimes: number;
  /** Of crontabs that name no zone. */
  readonly timezone: string;
}

export function scheduleLink(name: string, base: string): string {
  return `${base}/v1/schedules/${encodeURIComponent(name)}`;
}

export function toScheduleView(entry: ScheduleEntry, options: ScheduleViewOptions): ScheduleView {
  const definition = definitionOf(entry);
  return {
    text: writeJson(scheduleMembers(entry, options)),
    etag: etagOf(writeJson({ ...definition, origin: entry.origin })),
  };
}

/** The JSON object of one schedule. */
export function scheduleMembers(entry: ScheduleEntry, options: ScheduleViewOptions): object {
  const self = scheduleLink(entry.name, options.base);
  const { lastRunAtMs: last, changedAtMs: changed } = entry;
  const due = nextDueTimes(entry, options.dueTimes, { timezone: options.timezone });
  return {
    ...definitionOf(entry),
    origin: entry.origin,
    ...(last === undefined ? {} : { last_run_at: formatIsoTime(last) }),
    total_runs: entry.totalRunCount,
    ...(changed === 0 ? {} : { changed_at: formatIsoTime(changed) }),
    next_due: due.map((time) => formatIsoTime(time)),
    links: { self, pause: `${self}:pause`, resume: `${self}:resume`, trigger: `${self}:trigger` },
  };
}

/** What a PUT can say. */
function definitionOf(entry: ScheduleEntry): object {
  const { queue, priority, expires } = entry.options;
  return {
    name: entry.name,
    task: entry.task,
    args: entry.args,
    kwargs: entry.kwargs,
    ...whenOf(entry.schedule),
    ...(queue === undefined ? {} : { queue }),
    ...(priority === undefined ? {} : { priority }),
    ...(expires === undefined ? {} : { expires }),
    enabled: entry.enabled,
    one_off: entry.oneOff,
    catch_up: entry.catchUp,
    ...(entry.startAtMs === undefined ? {} : { start_at: formatIsoTime(entry.startAtMs) }),
    ...(entry.expiresAtMs === undefined ? {} : { expires_at: formatIsoTime(entry.expiresAtMs) }),
    description: entry.description,
  };
}

function whenOf(spec: ScheduleSpec): object {
  switch (spec.type) {
    case "interval":
      return { every: spec.seconds, ...(spec.relative === true ? { relative: true } : {}) };
    case "crontab": {
      const { minute, hour, dayOfMonth, monthOfYear, dayOfWeek, timezone } = spec;
      const fields = [minute, hour, dayOfMonth, monthOfYear, dayOfWeek];
      const cron = fields.map((field) => String(field).replaceAll(" ", "")).join(" ");
      return { cron, ...(timezone === undefined ? {} : { timezone }) };
    }
    case "solar":
      return { solar: { event: spec.event, latitude: spec.latitude, longitude: spec.longitude } };
    case "clocked":
      return { at: withOffset(spec.time) };
  }
}
