/**
 * Schedules in the tables of django-celery-beat, which Django's admin, its own beat and this one may share: a change that any
 * of them makes is seen by the others. Source: django_celery_beat/{models,schedulers}.py of 2.9.0.
 */
import type { CatchUp } from "../../../app/index.ts";
import {
  backendErrorsOf,
  openTables,
  type SqlDatabase,
  type SqlExecutor,
} from "../../../stores/sql/index.ts";
import { scheduleDefinition } from "../check-definition.ts";
import type { ScheduleStore, StoredSchedule } from "../schedule-store.ts";
import { bool, columnsOf } from "./columns.ts";
import { readRow, SELECT_ROWS, type TaskRow } from "./rows.ts";
import { keepSchedule } from "./schedule-rows.ts";
import { beatTables, CATCH_UPS, CHANGES, PERIODIC_TASK } from "./tables.ts";
import { toSqlTime } from "./times.ts";

const asBackendError = backendErrorsOf("The database of schedules");

export interface DatabaseSchedulesOptions {
  /** SQLAlchemy's. */
  readonly url: string;
  /** Of crontabs that name no zone when they are put. Default: UTC. */
  readonly timezone?: string;
  readonly onWarning?: (message: string, error?: unknown) => void;
}

/** Opens the database on first use, and makes the tables where they are missing. */
export function createDatabaseScheduleStore(options: DatabaseSchedulesOptions): ScheduleStore {
  const { url, timezone = "UTC", onWarning = () => undefined } = options;
  let opening: Promise<SqlDatabase> | undefined;
  const database = (): Promise<SqlDatabase> => {
    opening ??= openTables(url, beatTables, { journalMode: "keep" }).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  const read = (row: TaskRow): StoredSchedule[] => {
    try {
      return [readRow(row)];
    } catch (error) {
      onWarning(`The schedule "${row.name}" is left out`, error);
      return [];
    }
  };

  return {
    name: "database",
    keepsAppEntries: true,
    list: () =>
      asBackendError(async () => {
        const db = await database();
        return (await db.all<TaskRow>(`${SELECT_ROWS} ORDER BY t.name`)).flatMap(read);
      }),
    get: (name) =>
      asBackendError(async () => {
        const db = await database();
        const [row] = await db.all<TaskRow>(`${SELECT_ROWS} WHERE t.name = ?`, [name]);
        return row === undefined ? undefined : read(row)[0];
      }),
    put: (given) =>
      asBackendError(async () => {
        const definition = scheduleDefinition(given);
        const db = await database();
        await db.transaction(async (tx) => {
          const key = await keepSchedule(tx, definition.schedule, db.dialect, timezone);
          const columns = columnsOf(definition, key, db.dialect);
          const names = Object.keys(columns);
          const [row] = await tx.all<{ id: number }>(
            `INSERT INTO ${PERIODIC_TASK} AS t (${names.join(", ")}, total_run_count)
             VALUES (${names.map(() => "?").join(", ")}, 0)
             ON CONFLICT (name) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(", ")},
               total_run_count = CASE WHEN excluded.one_off AND NOT (t.one_off AND t.enabled) THEN 0 ELSE t.total_run_count END
             ${definition.enabled ? "" : ", last_run_at = NULL"}
             RETURNING id`,
            Object.values(columns),
          );
          await keepCatchUp(tx, row?.id ?? 0, definition.catchUp);
          await tellChange(tx, db);
        });
      }),
    delete: (name) =>
      asBackendError(async () => {
        const db = await database();
        return await db.transaction(async (tx) => {
          await tx.run(
            `DELETE FROM ${CATCH_UPS} WHERE task_id IN (SELECT id FROM ${PERIODIC_TASK} WHERE name = ?)`,
            [name],
          );
          const count = await tx.run(`DELETE FROM ${PERIODIC_TASK} WHERE name = ?`, [name]);
          if (count > 0) await tellChange(tx, db);
          return count > 0;
        });
      }),
    setEnabled: (name, enabled) =>
      asBackendError(async () => {
        const db = await database();
        return await db.transaction(async (tx) => {
          // As Django does; the counter begins anew because it is what says that a one-off schedule has run.
          const count = await tx.run(
            `UPDATE ${PERIODIC_TASK} SET enabled = ?, last_run_at = NULL, date_changed = ?,
               total_run_count = CASE WHEN one_off = ? THEN 0 ELSE total_run_count END
             WHERE name = ?`,
            [bool(enabled, db.dialect), toSqlTime(Date.now(), db.dialect), bool(true, db.dialect), name],
          );
          if (count > 0) await tellChange(tx, db);
          return count > 0;
        });
      }),
    version: () =>
      asBackendError(async () => {
        const db = await database();
        const [row] = await db.all<{ last_update: unknown }>(
          `SELECT last_update FROM ${CHANGES} WHERE ident = 1`,
        );
        const { last_update: at } = row ?? {};
        return at instanceof Date ? at.toISOString() : String(at);
      }),
    recordRuns: (runs) =>
      asBackendError(async () => {
        const db = await database();
        // A paused one keeps its empty last_run_at.
        for (const { name, lastRunAtMs, count } of runs) {
          await db.run(
            `UPDATE ${PERIODIC_TASK} SET last_run_at = ?, total_run_count = total_run_count + CAST(? AS integer)
             WHERE name = ? AND enabled = ?`,
            [toSqlTime(lastRunAtMs, db.dialect), count, name, bool(true, db.dialect)],
          );
        }
      }),
    // All that it can keep is in the table.
    otherRuns: async () => ({ lastRunAtMs: undefined, totalRunCount: 0 }),
    async close() {
      const db = await opening?.catch(() => undefined);
      await db?.close();
    },
  };
}

async function keepCatchUp(tx: SqlExecutor, taskId: number, catchUp: CatchUp): Promise<void> {
  await tx.run(`DELETE FROM ${CATCH_UPS} WHERE task_id = ?`, [taskId]);
  if (catchUp !== "one")
    await tx.run(`INSERT INTO ${CATCH_UPS} (task_id, catch_up) VALUES (?, ?)`, [taskId, catchUp]);
}

/** What django-celery-beat's signals do after each change. */
async function tellChange(tx: SqlExecutor, { dialect }: SqlDatabase): Promise<void> {
  await tx.run(
    `INSERT INTO ${CHANGES} (ident, last_update) VALUES (1, ?)
     ON CONFLICT (ident) DO UPDATE SET last_update = excluded.last_update`,
    [toSqlTime(Date.now(), dialect)],
  );
}
