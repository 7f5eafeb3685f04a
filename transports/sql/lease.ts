/**
 * Who holds which message. A consumer keeps a row that it renews; when it stops renewing (killed, stopped, cut off), any
 * other consumer makes its messages visible again. Kombu has nothing of the kind: what a Python worker holds stays its own.
 */
import { randomUUID } from "node:crypto";
import {
  inList,
  type SqlDatabase,
  type SqlDialect,
  type SqlExecutor,
  type SqlTransaction,
  type SqlValue,
} from "../../stores/sql/index.ts";
import type { MessageTable } from "./message-table.ts";
import type { TableNames } from "./tables.ts";

/** A consumer silent for this long is dead. */
export const LEASE_MS = 15_000;
/** Renewals, and looks for the dead, within one lease. */
const RENEWALS_PER_LEASE = 3;

/** The topic under which messages of a queue are announced. */
export function queueTopic(queue: string): string {
  return `queue:${queue}`;
}

export interface LeaseOptions {
  readonly db: SqlDatabase;
  readonly names: TableNames;
  readonly messages: MessageTable;
  readonly leaseMs: number;
  /** The lease ran out before it was renewed: messages are with others now. */
  readonly onLost: () => void;
  /** A renewal failed; it is tried again. */
  readonly onWarning: (message: string, error: unknown) => void;
}

export class ConsumerLease {
  /** Never used again after the lease is lost, so that a late acknowledgement finds nothing under it. */
  readonly id: string = randomUUID();
  readonly #options: LeaseOptions;
  #started: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Registers the consumer and frees what dead ones held; once, however often it is called. */
  start(): Promise<void> {
    this.#started ??= this.#start().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  async #start(): Promise<void> {
    const { names, leaseMs } = this.#options;
    const now = this.#now();
    const insert = `INSERT INTO ${names.consumer} (id, renewed_at, lease_ms) VALUES (?, ${now.text}, ?)`;
    await this.#transaction(async (tx) => {
      await tx.run(insert, [this.id, ...now.params, leaseMs]);
      await this.#freeDead(tx);
    });
    this.#timer = setInterval(() => {
      this.#renewing = this.#renew();
    }, leaseMs / RENEWALS_PER_LEASE).unref();
  }

  async #renew(): Promise<void> {
    const { names, onLost, onWarning } = this.#options;
    const now = this.#now();
    const update = `UPDATE ${names.consumer} SET renewed_at = ${now.text} WHERE id = ?`;
    try {
      const alive = await this.#transaction(async (tx) => {
        const renewed = await tx.run(update, [...now.params, this.id]);
        if (renewed > 0) await this.#freeDead(tx);
        return renewed > 0;
      });
      if (alive || this.#ended) return;
      this.#stop();
      onLost();
    } catch (error) {
      if (!this.#ended) onWarning("The lease on held messages could not be renewed; trying again", error);
    }
  }

  /** Makes visible what consumers without a valid lease hold, and forgets these consumers. */
  async #freeDead(tx: SqlTransaction): Promise<void> {
    const { names } = this.#options;
    const now = this.#now();
    // The distance, not the difference: after a restart of the machine its clock begins anew and old rows seem to be ahead.
    await tx.run(`DELETE FROM ${names.consumer} WHERE abs(${now.text} - renewed_at) > lease_ms`, now.params);
    const freed = await tx.all<{ message_id: number }>(
      `UPDATE ${names.claim} SET consumer = NULL
       WHERE consumer IS NOT NULL AND consumer NOT IN (SELECT id FROM ${names.consumer}) RETURNING message_id`,
    );
    await this.#showAgain(tx, freed);
    // Freed and then taken by a Python worker, or purged: nobody will ask for these counts again.
    await tx.run(
      `DELETE FROM ${names.claim} WHERE consumer IS NULL
       AND NOT EXISTS (SELECT 1 FROM ${names.message} WHERE id = message_id AND visible)`,
    );
  }

  async #showAgain(tx: SqlTransaction, rows: readonly { readonly message_id: number }[]): Promise<void> {
    if (rows.length === 0) return;
    const ids = rows.map((row) => row.message_id);
    const queues = await this.#options.messages.showAgain(tx, ids);
    await tx.announce(queues.map(queueTopic));
  }

  /**
   * Writes claims on messages; resolves with how often each was claimed, this time included. A message that is not in the
   * answer is not ours: then the lease is gone.
   */
  async claim(tx: SqlExecutor, messageIds: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const { names } = this.#options;
    const now = this.#now();
    const { text, params } = inList(messageIds);
    const rows = await tx.all<{ message_id: number; deliveries: number }>(
      `INSERT INTO ${names.claim} (message_id, consumer, claimed_at, deliveries)
       SELECT m.id, c.id, ${now.text}, 1 FROM ${names.message} AS m, ${names.consumer} AS c
       WHERE c.id = ? AND m.id IN ${text}
       ON CONFLICT (message_id) DO UPDATE SET consumer = excluded.consumer, claimed_at = excluded.claimed_at,
         deliveries = ${names.claim}.deliveries + 1
       RETURNING message_id, deliveries`,
      [...now.params, this.id, ...params],
    );
    return new Map(rows.map((row) => [row.message_id, row.deliveries]));
  }

  /** Removes claims as far as they are (still) ours; resolves with the delivery counts of those. */
  async drop(tx: SqlExecutor, messageIds: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const { text, params } = inList(messageIds);
    const rows = await tx.all<{ message_id: number; deliveries: number }>(
      `DELETE FROM ${this.#options.names.claim} WHERE consumer = ? AND message_id IN ${text}
       RETURNING message_id, deliveries`,
      [this.id, ...params],
    );
    return new Map(rows.map((row) => [row.message_id, row.deliveries]));
  }

  /** Keeps the delivery count of a message that waits. */
  async remember(tx: SqlExecutor, messageId: number, deliveries: number): Promise<void> {
    const { claim } = this.#options.names;
    await tx.run(
      `INSERT INTO ${claim} (message_id, consumer, claimed_at, deliveries) VALUES (?, NULL, 0, ?)`,
      [messageId, deliveries],
    );
  }

  /** Gives messages of ours back to the front; all when no ids are given. They were not worked on, so it does not count. */
  async giveBack(tx: SqlTransaction, messageIds?: readonly number[]): Promise<void> {
    const { text, params } = inList(messageIds ?? []);
    const rows = await tx.all<{ message_id: number }>(
      `UPDATE ${this.#options.names.claim} SET consumer = NULL, deliveries = deliveries - 1
       WHERE consumer = ? ${messageIds === undefined ? "" : `AND message_id IN ${text}`} RETURNING message_id`,
      messageIds === undefined ? [this.id] : [this.id, ...params],
    );
    await this.#showAgain(tx, rows);
  }

  /** Gives everything back and ends the lease. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#stop();
    await this.#renewing;
    if (this.#started === undefined) return;
    await this.#transaction(async (tx) => {
      await this.giveBack(tx);
      await tx.run(`DELETE FROM ${this.#options.names.consumer} WHERE id = ?`, [this.id]);
    });
  }

  #stop(): void {
    this.#ended = true;
    clearInterval(this.#timer);
  }

  #transaction<Result>(work: (tx: SqlTransaction) => Promise<Result>): Promise<Result> {
    return this.#options.db.transaction(work, { durable: false });
  }

  #now(): Clock {
    return clock(this.#options.db.dialect);
  }
}

interface Clock {
  readonly text: string;
  readonly params: readonly SqlValue[];
}

/**
 * Milliseconds on a clock that all consumers share and nobody sets: the machine's monotonic clock for a file, which only
 * processes of one machine share, and the server's clock for PostgreSQL.
 */
function clock(dialect: SqlDialect): Clock {
  if (dialect === "postgresql") {
    return { text: "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)", params: [] };
  }
  return { text: "CAST(? AS INTEGER)", params: [Number(process.hrtime.bigint() / 1_000_000n)] };
}
