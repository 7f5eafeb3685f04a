/** A seat in a SQL database: a row with the end of the lease, by the database's clock, and a row for each state. */
import { randomUUID } from "node:crypto";
import {
  backendErrorsOf,
  openTables,
  powerSlices,
  repeat,
  type SchemaObject,
  type SqlDatabase,
  type SqlDialect,
} from "../../stores/sql/index.ts";
import type { EntryState } from "../entry.ts";
import { LEASE_MS, type Seat } from "../seat.ts";
import { stateToText, textToState } from "../state-text.ts";

export interface SqlSeatOptions {
  /** SQLAlchemy's. */
  readonly url: string;
  /** Name of the beats that share the seat. */
  readonly lockName: string;
  /** How long a term lasts; for tests. */
  readonly leaseMs?: number;
}

const LEASE = "celerity_beat_lease";
const STATE = "celerity_beat_state";
const SCHEMA: readonly SchemaObject[] = [
  {
    name: LEASE,
    ddl: `CREATE TABLE IF NOT EXISTS ${LEASE} (
      lock_name VARCHAR(200) NOT NULL PRIMARY KEY, holder VARCHAR(40) NOT NULL, term BIGINT NOT NULL, expires_at BIGINT NOT NULL)`,
  },
  {
    name: STATE,
    ddl: `CREATE TABLE IF NOT EXISTS ${STATE} (
      lock_name VARCHAR(200) NOT NULL, name VARCHAR(200) NOT NULL, state TEXT NOT NULL, PRIMARY KEY (lock_name, name))`,
  },
];

/** Milliseconds since 1970 by the database's clock, so that the beats' own need not agree. */
const NOW: Readonly<Record<SqlDialect, string>> = {
  sqlite: "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
  postgresql: "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
};
/** Holds the lease's row until the statement is done, so that no term can begin in between. SQLite has one writer anyway. */
const LOCK: Readonly<Record<SqlDialect, string>> = { sqlite: "", postgresql: "FOR UPDATE" };

const asBackendError = backendErrorsOf("Beat's database");

/** Rows in one statement; a power of two. */
const MAX_ROWS = 64;

/** Opens the database on first use. */
export function createSqlSeat({ url, lockName, leaseMs = LEASE_MS }: SqlSeatOptions): Seat {
  const holder = randomUUID();
  let opening: Promise<SqlDatabase> | undefined;
  const database = (): Promise<SqlDatabase> => {
    opening ??= openTables(url, () => SCHEMA, { journalMode: "keep" }).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  const ours = (term: number): [string, string, number] => [lockName, holder, term];

  /** One statement, so that nothing can come between the look at the term and the change. */
  const keep = async (
    db: SqlDatabase,
    term: number,
    rows: readonly (readonly [string, EntryState])[],
  ): Promise<boolean> => {
    const changed = await db.run(
      `INSERT INTO ${STATE} (lock_name, name, state)
       SELECT seat.lock_name, rows.column1, rows.column2
       FROM (VALUES ${repeat("(CAST(? AS TEXT), CAST(? AS TEXT))", rows.length)}) AS rows
       CROSS JOIN (SELECT lock_name FROM ${LEASE} WHERE lock_name = ? AND holder = ? AND term = ? ${LOCK[db.dialect]}) AS seat
       WHERE true
       ON CONFLICT (lock_name, name) DO UPDATE SET state = excluded.state`,
      [...rows.flatMap(([name, state]) => [name, stateToText(state)]), ...ours(term)],
    );
    return changed > 0;
  };
  const forget = async (db: SqlDatabase, term: number, name: string): Promise<void> => {
    await db.run(
      `DELETE FROM ${STATE} WHERE lock_name = ? AND name = ?
       AND EXISTS (SELECT 1 FROM ${LEASE} WHERE lock_name = ? AND holder = ? AND term = ? ${LOCK[db.dialect]})`,
      [lockName, name, ...ours(term)],
    );
  };

  const isCurrent = async (db: SqlDatabase, term: number): Promise<boolean> => {
    const rows = await db.all(
      `SELECT 1 FROM ${LEASE} WHERE lock_name = ? AND holder = ? AND term = ?`,
      ours(term),
    );
    return rows.length > 0;
  };

  return {
    name: "sql",
    acquire: () =>
      asBackendError(async () => {
        const db = await database();
        const now = NOW[db.dialect];
        const [row] = await db.all<{ term: number }>(
          `INSERT INTO ${LEASE} (lock_name, holder, term, expires_at) VALUES (?, ?, 1, ${now} + ${leaseMs})
           ON CONFLICT (lock_name) DO UPDATE
           SET holder = excluded.holder, term = ${LEASE}.term + 1, expires_at = excluded.expires_at
           WHERE ${LEASE}.expires_at <= ${now}
           RETURNING term`,
          [lockName, holder],
        );
        return row === undefined ? undefined : Number(row.term);
      }),
    renew: (term) =>
      asBackendError(async () => {
        const db = await database();
        const changed = await db.run(
          `UPDATE ${LEASE} SET expires_at = ${NOW[db.dialect]} + ${leaseMs} WHERE lock_name = ? AND holder = ? AND term = ?`,
          ours(term),
        );
        return changed > 0;
      }),
    release: (term) =>
      asBackendError(async () => {
        const db = await database();
        await db.run(
          `UPDATE ${LEASE} SET expires_at = 0 WHERE lock_name = ? AND holder = ? AND term = ?`,
          ours(term),
        );
      }),
    read: () =>
      asBackendError(async () => {
        const db = await database();
        const rows = await db.all<{ name: string; state: string }>(
          `SELECT name, state FROM ${STATE} WHERE lock_name = ?`,
          [lockName],
        );
        const states = new Map<string, EntryState>();
        for (const { name, state } of rows) {
          const read = textToState(state);
          if (read !== undefined) states.set(name, read);
        }
        return states;
      }),
    write: (term, changes) =>
      asBackendError(async () => {
        const db = await database();
        const kept: (readonly [string, EntryState])[] = [];
        for (const [name, state] of changes) {
          if (state === undefined) await forget(db, term, name);
          else kept.push([name, state]);
        }
        if (kept.length === 0) return await isCurrent(db, term);
        for (const slice of powerSlices(kept, MAX_ROWS)) {
          if (!(await keep(db, term, slice))) return false;
        }
        return true;
      }),
    async close() {
      const db = await opening?.catch(() => undefined);
      await db?.close();
    },
  };
}
