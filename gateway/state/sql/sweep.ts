/** Removes what has expired, a bounded number of rows at a time, so that no transaction is long. */
import type { SqlDatabase, SqlDialect } from "../../../stores/sql/index.ts";
import { inRounds } from "../in-rounds.ts";
import { commit } from "./commit.ts";
import { COUNTERS, RECORDS } from "./tables.ts";

const MAX_ROWS = 500;
/** Statements of one sweep at most; the next one goes on. */
const MAX_ROUNDS = 40;

/** Rows that another transaction holds are left to the next sweep. */
const LOCKED: Readonly<Record<SqlDialect, string>> = { sqlite: "", postgresql: "FOR UPDATE SKIP LOCKED" };

/** Resolves with whether there may be more. */
export async function sweepExpired(database: SqlDatabase, nowMs: number): Promise<boolean> {
  const locked = LOCKED[database.dialect];
  const statements = [
    `DELETE FROM ${RECORDS} WHERE (kind, id) IN
      (SELECT kind, id FROM ${RECORDS} WHERE expires_at <= ? LIMIT ${MAX_ROWS} ${locked})`,
    `DELETE FROM ${COUNTERS} WHERE id IN (SELECT id FROM ${COUNTERS} WHERE ends_at <= ? LIMIT ${MAX_ROWS} ${locked})`,
  ];
  let isMore = false;
  for (const sql of statements) {
    const removeSome = async (): Promise<boolean> =>
      (await commit(database, (tx) => tx.run(sql, [nowMs]))) === MAX_ROWS;
    if (await inRounds(MAX_ROUNDS, removeSome)) isMore = true;
  }
  return isMore;
}
