/** Rows of django-celery-beat's tables, and what they mean. Source: django_celery_beat/models.py and schedulers.py of 2.9.0. */
import { CATCH_UP } from "../../../app/index.ts";
import { ConfigurationError, isPlainObject, type PlainObject } from "../../../protocol/index.ts";
import { parseSchedule, type ScheduleSpec } from "../../schedules/index.ts";
import type { ScheduleOptions, StoredSchedule } from "../schedule-store.ts";
import { CATCH_UPS, CLOCKED, CRONTAB, INTERVAL, PERIODIC_TASK, SOLAR } from "./tables.ts";
import { fromSqlTime } from "./times.ts";

/** A row with what its keys point to; times and booleans as the driver gives them. */
export interface TaskRow {
  readonly name: string;
  readonly task: string;
  readonly args: string;
  readonly kwargs: string;
  readonly queue: string | null;
  readonly exchange: string | null;
  readonly routing_key: string | null;
  readonly priority: number | null;
  readonly headers: string;
  readonly expires: unknown;
  readonly expire_seconds: number | null;
  readonly enabled: unknown;
  readonly last_run_at: unknown;
  readonly total_run_count: number;
  readonly date_changed: unknown;
  readonly description: string;
  readonly one_off: unknown;
  readonly start_time: unknown;
  readonly every: number | null;
  readonly period: string | null;
  readonly minute: string | null;
  readonly hour: string | null;
  readonly day_of_week: string | null;
  readonly day_of_month: string | null;
  readonly month_of_year: string | null;
  readonly timezone: string | null;
  readonly event: string | null;
  readonly latitude: unknown;
  readonly longitude: unknown;
  readonly clocked_time: unknown;
  readonly catch_up: string | null;
}

export const SELECT_ROWS: string = `
  SELECT t.name, t.task, t.args, t.kwargs, t.queue, t.exchange, t.routing_key, t.priority, t.headers, t.expires,
    t.expire_seconds, t.enabled, t.last_run_at, t.total_run_count, t.date_changed, t.description, t.one_off, t.start_time,
    i.every, i.period, c.minute, c.hour, c.day_of_week, c.day_of_month, c.month_of_year, c.timezone,
    s.event, s.latitude, s.longitude, k.clocked_time, u.catch_up
  FROM ${PERIODIC_TASK} t
  LEFT JOIN ${INTERVAL} i ON i.id = t.interval_id
  LEFT JOIN ${CRONTAB} c ON c.id = t.crontab_id
  LEFT JOIN ${SOLAR} s ON s.id = t.solar_id
  LEFT JOIN ${CLOCKED} k ON k.id = t.clocked_id
  LEFT JOIN ${CATCH_UPS} u ON u.task_id = t.id`;

/** Seconds of the periods of an interval, the longest first. */
export const PERIODS: readonly (readonly [name: string, seconds: number])[] = [
  ["days", 86_400],
  ["hours", 3600],
  ["minutes", 60],
  ["seconds", 1],
  ["microseconds", 1e-6],
];

/** Throws ConfigurationError that says what cannot be understood. */
export function readRow(row: TaskRow): StoredSchedule {
  const args: unknown = readJson(row.args || "[]", "args");
  const kwargs: unknown = readJson(row.kwargs || "{}", "kwargs");
  if (!Array.isArray(args)) throw new ConfigurationError("args must hold a JSON list.");
  if (!isPlainObject(kwargs)) throw new ConfigurationError("kwargs must hold a JSON object.");
  const startAtMs = fromSqlTime(row.start_time);
  const expiresAtMs = fromSqlTime(row.expires);
  const schedule = parseSchedule(readSchedule(row)).toJSON();
  return {
    name: row.name,
    task: row.task,
    schedule,
    args,
    kwargs,
    options: readOptions(row),
    catchUp: CATCH_UP.find((word) => word === row.catch_up) ?? "one",
    enabled: Boolean(row.enabled),
    oneOff: Boolean(row.one_off),
    ...(startAtMs === undefined ? {} : { startAtMs }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    description: row.description,
    lastRunAtMs: fromSqlTime(row.last_run_at),
    totalRunCount: row.total_run_count,
    changedAtMs: fromSqlTime(row.date_changed) ?? 0,
  };
}

function readOptions(row: TaskRow): ScheduleOptions {
  const headers: unknown = readJson(row.headers || "{}", "headers");
  if (!isPlainObject(headers)) throw new ConfigurationError("headers must hold a JSON object.");
  return {
    ...(row.queue ? { queue: row.queue } : {}),
    ...(row.exchange ? { exchange: row.exchange } : {}),
    ...(row.routing_key ? { routingKey: row.routing_key } : {}),
    ...(row.priority === null ? {} : { priority: row.priority }),
    ...(row.expire_seconds === null ? {} : { expires: row.expire_seconds }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  };
}

/** The first that is set, in the order of django-celery-beat. */
function readSchedule(row: TaskRow): ScheduleSpec {
  if (row.every !== null) {
    const seconds = PERIODS.find(([name]) => name === row.period)?.[1];
    if (seconds === undefined)
      throw new ConfigurationError(`The period "${row.period}" of its interval is unknown.`);
    return { type: "interval", seconds: seconds < 1 ? row.every / 1e6 : row.every * seconds };
  }
  if (row.minute !== null) {
    return {
      type: "crontab",
      minute: row.minute,
      hour: row.hour ?? "*",
      dayOfWeek: row.day_of_week ?? "*",
      dayOfMonth: row.day_of_month ?? "*",
      monthOfYear: row.month_of_year ?? "*",
      timezone: row.timezone || "UTC",
    };
  }
  if (row.event !== null) {
    const [latitude, longitude] = [Number(row.latitude), Number(row.longitude)];
    // Whatever the event is called: parseSchedule() looks at it.
    return { type: "solar", event: row.event as "sunrise", latitude, longitude };
  }
  const clockedMs = fromSqlTime(row.clocked_time);
  if (clockedMs === undefined) throw new ConfigurationError("It has no schedule.");
  return { type: "clocked", time: new Date(clockedMs).toISOString() };
}

function readJson(text: string, field: string): unknown {
  try {
    return JSON.parse(text) as PlainObject;
  } catch (cause) {
    throw new ConfigurationError(`${field} must hold JSON.`, { cause });
  }
}
