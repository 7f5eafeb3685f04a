/** Counters in a table. */
import type { SqlTransaction, SqlValue } from "../../../stores/sql/index.ts";
import { type CounterWindow, counterState } from "../counter-state.ts";
import type { CounterLimit, CounterState, Counters } from "../state-store.ts";
import type { GroupCommit } from "./group-commit.ts";
import { COUNTERS } from "./tables.ts";

interface Row {
  readonly taken: number;
  readonly ends_at: number;
}

/** Takes if the window has as much left, or has ended and begins anew. */
const TAKE = `INSERT INTO ${COUNTERS} (id, taken, ends_at) VALUES (?, ?, ?)
  ON CONFLICT (id) DO UPDATE
  SET taken = CASE WHEN ${COUNTERS}.ends_at <= ? THEN excluded.taken ELSE ${COUNTERS}.taken + excluded.taken END,
    ends_at = CASE WHEN ${COUNTERS}.ends_at <= ? THEN excluded.ends_at ELSE ${COUNTERS}.ends_at END
  WHERE ${COUNTERS}.ends_at <= ? OR ${COUNTERS}.taken + excluded.taken <= ?
  RETURNING taken, ends_at`;
const LOOK = `SELECT taken, ends_at FROM ${COUNTERS} WHERE id = ? AND ends_at > ?`;

export class SqlCounters implements Counters {
  readonly #group: GroupCommit;

  constructor(group: GroupCommit) {
    this.#group = group;
  }

  take(key: string, amount: number, limit: CounterLimit, nowMs: number): Promise<CounterState> {
    const now = Math.floor(nowMs);
    const endsAtMs = now + Math.ceil(limit.windowMs);
    const mayFit = amount > 0 && amount <= limit.limit;
    return this.#group.run(`counter ${key}`, async (tx) => {
      const taken = mayFit
        ? await read(tx, TAKE, [key, amount, endsAtMs, now, now, now, limit.limit])
        : undefined;
      if (taken !== undefined) return counterState(true, taken, limit, nowMs);
      const window = await read(tx, LOOK, [key, now]);
      return counterState(amount <= 0, window, limit, nowMs);
    });
  }
}

async function read(
  tx: SqlTransaction,
  sql: string,
  params: readonly SqlValue[],
): Promise<CounterWindow | undefined> {
  const [row] = await tx.all<Row>(sql, params);
  return row === undefined ? undefined : { taken: row.taken, endsAtMs: row.ends_at };
}
