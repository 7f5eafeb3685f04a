/** The statements of the result tables. All take the database, so that one table serves every connection. */
import { setImmediate as turn } from "node:timers/promises";
import type { ResultDocument } from "../../protocol/index.ts";
import {
  addMissingColumns,
  createMissing,
  inList,
  powerSlices,
  repeat,
  type SqlDatabase,
  type SqlDialect,
  type SqlValue,
} from "../../stores/sql/index.ts";
import type { ResultEncoding } from "../result-backend.ts";
import { dateDone } from "./date-done.ts";
import { removeOlder } from "./remove-older.ts";
import { lateColumns, type ResultTableNames, resultSchema } from "./tables.ts";
import { COLUMNS, fromRow, type RowFormat, type TaskRow, toRow } from "./task-row.ts";

/** Encoded values in the order of {@link COLUMNS}. */
export type EncodedRow = readonly SqlValue[];

export interface TaskTable {
  /** Makes the tables and the columns that are missing. */
  create(db: SqlDatabase): Promise<void>;
  /** Throws EncodeError. */
  encode(document: ResultDocument): Promise<EncodedRow>;
  /** Throws DecodeError `bad_result`. */
  decode(row: TaskRow): Promise<ResultDocument>;
  /** Stores all rows in one transaction, each of another task. A stored SUCCESS stays. Announces `topic`. */
  store(db: SqlDatabase, rows: readonly EncodedRow[], topic: string): Promise<void>;
  read(db: SqlDatabase, taskIds: readonly string[]): Promise<readonly TaskRow[]>;
  forget(db: SqlDatabase, taskIds: readonly string[]): Promise<void>;
  /** Removes some results that ended before a time (ISO 8601); says how many, 0 when none is left. */
  removeOlder(db: SqlDatabase, than: string): Promise<number>;
}

export interface TaskTableOptions {
  readonly dialect: SqlDialect;
  readonly names: ResultTableNames;
  readonly encoding: ResultEncoding;
  readonly timezone: string;
}

/** Rows in one INSERT, and ids in one query; a power of two. */
const MAX_ROWS = 128;

export function createTaskTable({ dialect, names, encoding, timezone }: TaskTableOptions): TaskTable {
  const date = dateDone(dialect, timezone);
  const format: RowFormat = { encoding, dateDone: date };
  const selected = COLUMNS.map((column) => (column === "date_done" ? date.selected : column)).join(", ");
  return {
    async create(db) {
      await createMissing(db, resultSchema(dialect, names));
      await addMissingColumns(db, names.task, lateColumns(dialect));
    },
    encode: (document) => toRow(document, format),
    decode: (row) => fromRow(row, format),
    store: (db, rows, topic) =>
      db.transaction(async (tx) => {
        for (const slice of powerSlices(rows, MAX_ROWS)) {
          await tx.run(upsertSql(dialect, names.task, date.placeholder, slice.length), slice.flat());
        }
        await tx.announce([topic]);
      }),
    async read(db, taskIds) {
      const rows: TaskRow[] = [];
      for (const slice of powerSlices(taskIds, MAX_ROWS)) {
        const { text, params } = inList(slice);
        const sql = `SELECT ${selected} FROM ${names.task} WHERE task_id IN ${text}`;
        rows.push(...(await db.all<TaskRow>(sql, [...date.params, ...params])));
        // SQLite answers within this turn of the event loop: others have theirs between two slices.
        if (slice.length === MAX_ROWS) await turn();
      }
      return rows;
    },
    async forget(db, taskIds) {
      for (const slice of powerSlices(taskIds, MAX_ROWS)) {
        const { text, params } = inList(slice);
        await db.run(`DELETE FROM ${names.task} WHERE task_id IN ${text}`, params);
      }
    },
    removeOlder: (db, than) => removeOlder(db, names.task, date, than),
  };
}

/** A stored SUCCESS stays, and so do stamps that a later state does not repeat. */
function upsertSql(dialect: SqlDialect, table: string, datePlaceholder: string, rows: number): string {
  const [idColumn, id] = dialect === "sqlite" ? ["", ""] : ["id, ", "nextval('task_id_sequence'), "];
  const values = COLUMNS.map((column) => (column === "date_done" ? datePlaceholder : "?")).join(", ");
  const updates = COLUMNS.filter((column) => column !== "task_id").map((column) =>
    column === "stamps"
      ? `stamps = coalesce(excluded.stamps, ${table}.stamps)`
      : `${column} = excluded.${column}`,
  );
  return `INSERT INTO ${table} (${idColumn}${COLUMNS.join(", ")}) VALUES ${repeat(`(${id}${values})`, rows)}
    ON CONFLICT (task_id) DO UPDATE SET ${updates.join(", ")}
    WHERE ${table}.status IS DISTINCT FROM 'SUCCESS'`;
}
