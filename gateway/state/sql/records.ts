/** Records in a table. */
import {
  powerSlices,
  repeat,
  type SqlDatabase,
  type SqlTransaction,
  type SqlValue,
} from "../../../stores/sql/index.ts";
import { firstVersion } from "../first-version.ts";
import { prefixEnd } from "../prefix-end.ts";
import { withStateErrors } from "../state-error.ts";
import type { ListOptions, NewRecord, PutOptions, Records, StateRecord } from "../state-store.ts";
import type { GroupCommit } from "./group-commit.ts";
import { RECORDS } from "./tables.ts";

interface Row {
  readonly id: string;
  readonly value: string;
  readonly version: number;
  readonly expires_at: number | null;
}

interface Version {
  readonly version: number;
}

const COLUMNS = "id, value, version, expires_at";
const LIVE = "(expires_at IS NULL OR expires_at > ?)";
const ROW = "(?, ?, ?, ?, ?)";
/** Rows of one statement; a power of two. */
const ROWS = 32;
/** A record that has expired is as good as none. */
const ADD = `${upsert(1)} WHERE ${RECORDS}.expires_at <= ?`;
const PUT = `${upsert(1)} RETURNING version`;
const SWAP = `UPDATE ${RECORDS} SET value = ?, version = version + 1, expires_at = ?
  WHERE kind = ? AND id = ? AND version = ? AND ${LIVE} RETURNING version`;
const GET = `SELECT ${COLUMNS} FROM ${RECORDS} WHERE kind = ? AND id = ? AND ${LIVE}`;

export class SqlRecords implements Records {
  readonly #database: () => Promise<SqlDatabase>;
  readonly #group: GroupCommit;

  constructor(database: () => Promise<SqlDatabase>, group: GroupCommit) {
    this.#database = database;
    this.#group = group;
  }

  get(kind: string, key: string): Promise<StateRecord | undefined> {
    return withStateErrors(async () => {
      const rows = await (await this.#database()).all<Row>(GET, [kind, key, Date.now()]);
      return rows.map(toRecord)[0];
    });
  }

  add(
    kind: string,
    key: string,
    value: string,
    { expiresAtMs }: { readonly expiresAtMs?: number } = {},
  ): Promise<StateRecord | undefined> {
    return this.#write(kind, key, async (tx) => {
      const nowMs = Date.now();
      // RETURNING would cost twice as much with a driver of SQLite.
      const added = await tx.run(ADD, [...rowOf(kind, { key, value, expiresAtMs }, nowMs), nowMs]);
      if (added > 0) return undefined;
      // The statement above has locked what stands there, so it is there still.
      const rows = await tx.all<Row>(`SELECT ${COLUMNS} FROM ${RECORDS} WHERE kind = ? AND id = ?`, [
        kind,
        key,
      ]);
      return rows.map(toRecord)[0];
    });
  }

  put(
    kind: string,
    key: string,
    value: string,
    { ifVersion, expiresAtMs }: PutOptions = {},
  ): Promise<number | undefined> {
    return this.#write(kind, key, async (tx) => {
      const nowMs = Date.now();
      const row = rowOf(kind, { key, value, expiresAtMs }, nowMs);
      if (ifVersion === undefined) return versionIn(await tx.all<Version>(PUT, row));
      if (ifVersion === 0)
        return versionIn(await tx.all<Version>(`${ADD} RETURNING version`, [...row, nowMs]));
      const swap = [value, toMs(expiresAtMs), kind, key, ifVersion, nowMs];
      return versionIn(await tx.all<Version>(SWAP, swap));
    });
  }

  async putAll(kind: string, records: readonly NewRecord[]): Promise<void> {
    // In one order everywhere, so that no two gateways wait for each other.
    const sorted = [...records].sort(byKey);
    const [first] = sorted;
    if (first === undefined) return;
    await this.#write(kind, first.key, async (tx) => {
      const nowMs = Date.now();
      for (const slice of powerSlices(sorted, ROWS)) {
        await tx.run(
          upsert(slice.length),
          slice.flatMap((record) => rowOf(kind, record, nowMs)),
        );
      }
    });
  }

  delete(kind: string, key: string, { ifVersion }: { readonly ifVersion?: number } = {}): Promise<boolean> {
    const version = ifVersion === undefined ? "" : "AND version = ?";
    const params: SqlValue[] = [kind, key, Date.now(), ...(ifVersion === undefined ? [] : [ifVersion])];
    return this.#write(kind, key, async (tx) => {
      const sql = `DELETE FROM ${RECORDS} WHERE kind = ? AND id = ? AND ${LIVE} ${version}`;
      return (await tx.run(sql, params)) > 0;
    });
  }

  list(kind: string, { prefix = "", after = "", limit }: ListOptions): Promise<readonly StateRecord[]> {
    return withStateErrors(async () => {
      const end = prefixEnd(prefix);
      const rows = await (await this.#database()).all<Row>(
        `SELECT ${COLUMNS} FROM ${RECORDS} WHERE kind = ? AND id >= ? AND id > ? ${end === undefined ? "" : "AND id < ?"}
          AND ${LIVE} ORDER BY id LIMIT ?`,
        [kind, prefix, after, ...(end === undefined ? [] : [end]), Date.now(), limit],
      );
      return rows.map(toRecord);
    });
  }

  #write<Result>(kind: string, key: string, work: (tx: SqlTransaction) => Promise<Result>): Promise<Result> {
    return this.#group.run(`record ${kind} ${key}`, work);
  }
}

function upsert(rows: number): string {
  return `INSERT INTO ${RECORDS} (kind, id, value, version, expires_at) VALUES ${repeat(ROW, rows)}
    ON CONFLICT (kind, id) DO UPDATE
    SET value = excluded.value, version = ${RECORDS}.version + 1, expires_at = excluded.expires_at`;
}

function rowOf(kind: string, { key, value, expiresAtMs }: NewRecord, nowMs: number): SqlValue[] {
  return [kind, key, value, firstVersion(nowMs), toMs(expiresAtMs)];
}

function versionIn([row]: readonly Version[]): number | undefined {
  return row?.version;
}

function byKey(one: NewRecord, other: NewRecord): number {
  return one.key < other.key ? -1 : 1;
}

function toMs(timeMs: number | undefined): number | null {
  return timeMs === undefined ? null : Math.ceil(timeMs);
}

function toRecord({ id, value, version, expires_at: expiresAtMs }: Row): StateRecord {
  return { key: id, value, version, expiresAtMs };
}
