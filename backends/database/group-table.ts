/**
 * Groups as rows of celery_tasksetmeta: which results each has. Source: celery/backends/database/__init__.py of 5.7. Versions
 * up to 5.6 pickled the GroupResult itself; the codec reads that as the same tuple.
 */
import type { ResultTuple } from "../../protocol/index.ts";
import type { SqlDatabase, SqlDialect, SqlValue } from "../../stores/sql/index.ts";
import { decodeGroup, requireTuple } from "../group-record.ts";
import type { ResultEncoding } from "../result-backend.ts";
import { dateDone } from "./date-done.ts";
import { removeOlder } from "./remove-older.ts";

export interface GroupTable {
  /** The values of a row as of now. Throws EncodeError. */
  encode(groupId: string, group: ResultTuple): Promise<readonly SqlValue[]>;
  /** Throws DecodeError `bad_result`. */
  decode(groupId: string, value: unknown): Promise<ResultTuple>;
  save(db: SqlDatabase, row: readonly SqlValue[]): Promise<void>;
  /** What stands in the column `result`; undefined without a row. */
  read(db: SqlDatabase, groupId: string): Promise<unknown>;
  remove(db: SqlDatabase, groupId: string): Promise<void>;
  /** Removes some groups that were saved before a time (ISO 8601); says how many, 0 when none is left. */
  removeOlder(db: SqlDatabase, than: string): Promise<number>;
}

export interface GroupTableOptions {
  readonly dialect: SqlDialect;
  readonly table: string;
  readonly encoding: ResultEncoding;
}

export function createGroupTable({ dialect, table, encoding }: GroupTableOptions): GroupTable {
  // Celery dates groups in UTC, though tasks in the app's zone.
  const date = dateDone(dialect, "UTC");
  const [idColumn, id] = dialect === "sqlite" ? ["", ""] : ["id, ", "nextval('taskset_id_sequence'), "];
  const upsert = `INSERT INTO ${table} (${idColumn}taskset_id, result, date_done)
    VALUES (${id}?, ?, ${date.placeholder})
    ON CONFLICT (taskset_id) DO UPDATE SET result = excluded.result, date_done = excluded.date_done`;
  return {
    encode: async (groupId, group) => [
      groupId,
      await encoding.encode(group),
      date.toColumn(new Date().toISOString()),
    ],
    async decode(groupId, value) {
      const bytes = typeof value === "string" ? Buffer.from(value) : value;
      return requireTuple(
        bytes instanceof Uint8Array ? await decodeGroup(encoding, bytes, groupId) : undefined,
        groupId,
      );
    },
    save: async (db, row) => void (await db.run(upsert, row)),
    async read(db, groupId) {
      const sql = `SELECT result FROM ${table} WHERE taskset_id = ?`;
      const [row] = await db.all<{ readonly result: unknown }>(sql, [groupId]);
      return row?.result;
    },
    remove: async (db, groupId) =>
      void (await db.run(`DELETE FROM ${table} WHERE taskset_id = ?`, [groupId])),
    removeOlder: (db, than) => removeOlder(db, table, date, than),
  };
}
