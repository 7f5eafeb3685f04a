/** The clean-up of both result tables. */
import type { SqlDatabase } from "../../stores/sql/index.ts";
import type { DateDone } from "./date-done.ts";

/** Rows that are removed in one transaction, so that nobody waits long for it. */
const MAX_REMOVED = 1000;

/** Removes some rows that are older than a time (ISO 8601); says how many, 0 when none is left. */
export function removeOlder(db: SqlDatabase, table: string, date: DateDone, than: string): Promise<number> {
  const old = `SELECT id FROM ${table} WHERE date_done < ${date.placeholder} LIMIT ${MAX_REMOVED}`;
  return db.run(`DELETE FROM ${table} WHERE id IN (${old})`, [date.toColumn(than)]);
}
