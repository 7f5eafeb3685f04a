/** Writes a schedule into the table of its kind; schedules that are alike share a row, as django-celery-beat's do. */
import { ConfigurationError } from "../../../protocol/index.ts";
import type { SqlDialect, SqlTransaction, SqlValue } from "../../../stores/sql/index.ts";
import type { CrontabField, ScheduleSpec } from "../../schedules/index.ts";
import { PERIODS } from "./rows.ts";
import { CLOCKED, CRONTAB, INTERVAL, SOLAR } from "./tables.ts";
import { toSqlTime } from "./times.ts";

/** The largest whole number of the column `every`. */
const MAX_EVERY = 2 ** 31 - 1;

/** The column of the row's key, and that key. */
export type ScheduleKey = readonly [
  column: "interval_id" | "crontab_id" | "solar_id" | "clocked_id",
  id: number,
];

export async function keepSchedule(
  tx: SqlTransaction,
  spec: ScheduleSpec,
  dialect: SqlDialect,
  timezone: string,
): Promise<ScheduleKey> {
  switch (spec.type) {
    case "interval":
      return [
        "interval_id",
        await findOrAdd(tx, INTERVAL, intervalColumns(spec.seconds, spec.relative === true)),
      ];
    case "crontab":
      return [
        "crontab_id",
        await findOrAdd(tx, CRONTAB, {
          minute: fieldText(spec.minute),
          hour: fieldText(spec.hour),
          day_of_week: fieldText(spec.dayOfWeek),
          day_of_month: fieldText(spec.dayOfMonth),
          month_of_year: fieldText(spec.monthOfYear),
          timezone: spec.timezone ?? timezone,
        }),
      ];
    case "solar":
      return [
        "solar_id",
        await findOrAdd(tx, SOLAR, { event: spec.event, latitude: spec.latitude, longitude: spec.longitude }),
      ];
    case "clocked":
      return [
        "clocked_id",
        await findOrAdd(tx, CLOCKED, { clocked_time: toSqlTime(Date.parse(spec.time), dialect) }),
      ];
  }
}

function intervalColumns(seconds: number, isRelative: boolean): Record<string, SqlValue> {
  if (isRelative)
    throw new ConfigurationError("The tables of schedules have no relative intervals; use a crontab.");
  for (const [period, unit] of PERIODS) {
    const every = unit < 1 ? Math.round(seconds * 1e6) : seconds / unit;
    if (Number.isInteger(every) && every > 0 && every <= MAX_EVERY) return { every, period };
  }
  throw new ConfigurationError(
    `An interval of ${seconds} s cannot be kept: whole seconds, or at most ${Math.floor(MAX_EVERY / 1e6)} s.`,
  );
}

function fieldText(field: CrontabField): string {
  return Array.isArray(field) ? field.join(",") : String(field);
}

async function findOrAdd(
  tx: SqlTransaction,
  table: string,
  columns: Record<string, SqlValue>,
): Promise<number> {
  const names = Object.keys(columns);
  const values = Object.values(columns);
  const [found] = await tx.all<{ id: number }>(
    `SELECT min(id) AS id FROM ${table} WHERE ${names.map((name) => `${name} = ?`).join(" AND ")}`,
    values,
  );
  if (found !== undefined && found.id !== null) return found.id;
  const [added] = await tx.all<{ id: number }>(
    `INSERT INTO ${table} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")}) RETURNING id`,
    values,
  );
  return added?.id ?? 0;
}
