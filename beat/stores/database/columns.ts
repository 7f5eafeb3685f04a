/** A definition as columns of django-celery-beat's table. */
import type { SqlDialect, SqlValue } from "../../../stores/sql/index.ts";
import type { ScheduleDefinition } from "../schedule-store.ts";
import type { ScheduleKey } from "./schedule-rows.ts";
import { toSqlTime } from "./times.ts";

/** All columns of a row but those that runs change. */
export function columnsOf(
  definition: ScheduleDefinition,
  key: ScheduleKey,
  dialect: SqlDialect,
): Record<string, SqlValue> {
  const { options, startAtMs, expiresAtMs } = definition;
  const time = (atMs: number | undefined): string | null =>
    atMs === undefined ? null : toSqlTime(atMs, dialect);
  return {
    name: definition.name,
    task: definition.task,
    args: JSON.stringify(definition.args),
    kwargs: JSON.stringify(definition.kwargs),
    queue: options.queue ?? null,
    exchange: options.exchange ?? null,
    routing_key: options.routingKey ?? null,
    priority: options.priority ?? null,
    headers: JSON.stringify(options.headers ?? {}),
    expires: time(expiresAtMs),
    expire_seconds: options.expires ?? null,
    enabled: bool(definition.enabled, dialect),
    one_off: bool(definition.oneOff, dialect),
    start_time: time(startAtMs),
    description: definition.description,
    date_changed: toSqlTime(Date.now(), dialect),
    interval_id: null,
    crontab_id: null,
    solar_id: null,
    clocked_id: null,
    [key[0]]: key[1],
  };
}

export function bool(value: boolean, dialect: SqlDialect): SqlValue {
  return dialect === "sqlite" ? Number(value) : value;
}
