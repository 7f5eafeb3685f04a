/**
 * Messages that wait for their time. To kombu they look delivered (`visible` is false); a row of ours says until when, and
 * every process that takes from a queue makes its due ones visible again, at their old place.
 */
import {
  inList,
  powerSlices,
  repeat,
  type SqlDatabase,
  type SqlDialect,
  type SqlExecutor,
  type SqlTransaction,
  type SqlValue,
} from "../../stores/sql/index.ts";
import type { ClaimToPark } from "../queue-store.ts";
import { type ConsumerLease, queueTopic } from "./lease.ts";
import type { MessageTable } from "./message-table.ts";
import { type TableNames, WORDS } from "./tables.ts";

export interface ParkingOptions {
  readonly db: SqlDatabase;
  readonly names: TableNames;
  readonly messages: MessageTable;
  readonly lease: ConsumerLease;
}

/** Rows in one INSERT; a power of two. */
const MAX_INSERT = 256;
/** Messages returned in one transaction: others wait meanwhile. */
const MAX_RETURN = 500;

/** Milliseconds since 1970 by the clock that all processes share: the machine's for a file, else the server's. */
const NOW: Readonly<Record<SqlDialect, () => string>> = {
  sqlite: () => String(Date.now()),
  postgresql: () => "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
};

export class Parking {
  readonly #options: ParkingOptions;

  constructor(options: ParkingOptions) {
    this.#options = options;
  }

  get #now(): string {
    return NOW[this.#options.db.dialect]();
  }

  /** Parks claims as far as they are (still) ours. This delivery does not count. */
  async park(tx: SqlExecutor, claims: readonly ClaimToPark[]): Promise<void> {
    const { names, messages, lease } = this.#options;
    const held = await lease.drop(
      tx,
      claims.map(({ tag }) => Number(tag)),
    );
    const ours = claims.filter(({ tag }) => held.has(Number(tag)));
    if (ours.length === 0) return;
    const queues = await messages.queueIds(tx, [...new Set(ours.map(({ queue }) => queue))]);
    for (const slice of powerSlices(ours, MAX_INSERT)) {
      const rows = repeat(`(?, ?, ${this.#now} + CAST(? AS BIGINT), ?)`, slice.length);
      await tx.run(
        `INSERT INTO ${names.parked} (message_id, queue_id, due_at, deliveries) VALUES ${rows}`,
        slice.flatMap(({ tag, queue, untilMs }) => {
          const id = Number(tag);
          const leftMs = Math.max(0, Math.ceil(untilMs - Date.now()));
          return [id, queues.get(queue) ?? null, leftMs, (held.get(id) ?? 1) - 1];
        }),
      );
    }
  }

  /** Returns what is due in these queues; resolves with the ms until the next is, 0 for perhaps more now, undefined for nothing. */
  async returnDue(queues: readonly string[]): Promise<number | undefined> {
    const { db, names } = this.#options;
    const { text, params } = inList(queues);
    const inQueues = `queue_id IN (SELECT id FROM ${names.queue} WHERE name IN ${text})`;
    const [first] = await db.all<{ left_ms: unknown }>(
      `SELECT min(due_at) - ${this.#now} AS left_ms FROM ${names.parked} WHERE ${inQueues}`,
      params,
    );
    if (first === undefined || first.left_ms === null) return undefined;
    const leftMs = Number(first.left_ms);
    if (leftMs > 0) return leftMs;
    await db.transaction((tx) => this.#return(tx, `${inQueues} AND due_at <= ${this.#now}`, params), {
      durable: false,
    });
    return 0;
  }

  async #return(tx: SqlTransaction, isDue: string, params: readonly SqlValue[]): Promise<void> {
    const { db, names, messages, lease } = this.#options;
    const rows = await tx.all<{ message_id: number; deliveries: number }>(
      `DELETE FROM ${names.parked} WHERE message_id IN (
         SELECT message_id FROM ${names.parked} WHERE ${isDue} ORDER BY due_at LIMIT ${MAX_RETURN} ${WORDS[db.dialect].lock})
       RETURNING message_id, deliveries`,
      params,
    );
    if (rows.length === 0) return;
    const queues = await messages.showUnmarked(
      tx,
      rows.map(({ message_id }) => message_id),
    );
    for (const { message_id, deliveries } of rows)
      if (deliveries > 0) await lease.remember(tx, message_id, deliveries);
    await tx.announce(queues.map(queueTopic));
  }

  /** Forgets the rows of a queue whose messages are removed; resolves with how many there were. */
  forget(tx: SqlExecutor, queue: string): Promise<number> {
    const { names } = this.#options;
    return tx.run(
      `DELETE FROM ${names.parked} WHERE queue_id = (SELECT id FROM ${names.queue} WHERE name = ?)`,
      [queue],
    );
  }
}
