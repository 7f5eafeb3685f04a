/** Records in a table. */
import type { SqlDatabase, SqlTransaction, SqlValue } from "../../../stores/sql/index.ts";
import { firstVersion } from "../first-version.ts";
import { prefixEnd } from "../prefix-end.ts";
import { withStateErrors } from "../state-error.ts";
import type { ListOptions, PutOptions, Records, StateRecord } from "../state-store.ts";
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
const INSERT = `INSERT INTO ${RECORDS} (kind, id, value, version, expires_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (kind, id) DO UPDATE
  SET value = excluded.value, version = ${RECORDS}.version + 1, expires_at = excluded.expires_at`;
/** A record that has expired is as good as none. */
const ADD = `${INSERT} WHERE ${RECORDS}.expires_at <= ? RETURNING version`;
const PUT = `${INSERT} RETURNING version`;
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
    options: { readonly expiresAtMs?: number } = {},
  ): Promise<StateRecord | undefined> {
    return this.#write(kind, key, async (tx) => {
      if ((await insertNew(tx, { kind, key, value, ...options })) !== undefined) return undefined;
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
      const expiry = toMs(expiresAtMs);
      const nowMs = Date.now();
      if (ifVersion === 0) {
        return insertNew(tx, { kind, key, value, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) });
      }
      const rows =
        ifVersion === undefined
          ? await tx.all<Version>(PUT, [kind, key, value, firstVersion(nowMs), expiry])
          : await tx.all<Version>(SWAP, [value, expiry, kind, key, ifVersion, nowMs]);
      return rows[0]?.version;
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

interface NewRecord {
  readonly kind: string;
  readonly key: string;
  readonly value: string;
  readonly expiresAtMs?: number;
}

/** The version, or undefined when a record stands there already. */
async function insertNew(tx: SqlTransaction, record: NewRecord): Promise<number | undefined> {
  const { kind, key, value, expiresAtMs } = record;
  const nowMs = Date.now();
  const params = [kind, key, value, firstVersion(nowMs), toMs(expiresAtMs), nowMs];
  return (await tx.all<Version>(ADD, params))[0]?.version;
}

function toMs(timeMs: number | undefined): number | null {
  return timeMs === undefined ? null : Math.ceil(timeMs);
}

function toRecord({ id, value, version, expires_at: expiresAtMs }: Row): StateRecord {
  return { key: id, value, version, expiresAtMs };
}
