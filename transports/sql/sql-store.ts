/**
 * Kombu's SQL transport as a {@link QueueStore}. Python workers and producers use the same tables at the same time; what
 * kombu leaves out (giving back what a killed worker held, deleting what is done) is kept in tables of our own that kombu
 * never reads.
 */
import { BrokerError, CelerityError, toError } from "../../protocol/index.ts";
import {
  type Bell,
  createBell,
  isBadData,
  isFull,
  isMissingTable,
  isTransient,
  type SqlDatabase,
  type SqlTransaction,
} from "../../stores/sql/index.ts";
import { DueWatch } from "../due-watch.ts";
import type { Binding, ClaimedMessage, ClaimToPark, QueueStore, StoreEntry } from "../queue-store.ts";
import type { QueueFacts, TransportCapabilities } from "../transport.ts";
import { ConsumerLease, queueTopic } from "./lease.ts";
import { MessageTable, type Picked } from "./message-table.ts";
import { Parking } from "./parking.ts";
import type { TableNames } from "./tables.ts";

export const SQL_CAPABILITIES: TransportCapabilities = {
  exchangeTypes: ["direct", "topic"],
  priorityOrder: "none",
  nativeAck: false,
  confirms: true,
};

export interface SqlStoreOptions {
  readonly db: SqlDatabase;
  readonly names: TableNames;
  readonly leaseMs: number;
  /** How often a waiting consumer looks by itself, where the database does not tell it of every change. */
  readonly pollingIntervalMs: number;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** First pause of a consumer that looks by itself; it grows up to the polling interval. */
const FIRST_PAUSE_MS = 20;
/** How long a store that is being closed tries acknowledgements again while the database is away or full. */
const SETTLE_BUDGET_MS = 10_000;
const SETTLE_PAUSE_MS = 250;

export class SqlStore implements QueueStore {
  readonly name = "sql";
  readonly capabilities: TransportCapabilities = SQL_CAPABILITIES;
  readonly ended: Promise<Error | undefined>;
  readonly #options: SqlStoreOptions;
  readonly #db: SqlDatabase;
  readonly #messages: MessageTable;
  readonly #lease: ConsumerLease;
  readonly #parking: Parking;
  readonly #dueWatch: DueWatch;
  /** Queues that were taken from: what is parked for them is returned by this process, too. */
  readonly #taken = new Set<string>();
  readonly #bells = new Set<Bell>();
  #end: (error: Error | undefined) => void = () => undefined;
  #isOver = false;
  #closing: Promise<void> | undefined;

  constructor(options: SqlStoreOptions) {
    const { db, names, leaseMs, onWarning } = options;
    this.#options = options;
    this.#db = db;
    this.#messages = new MessageTable(db.dialect, names);
    this.ended = new Promise((resolve) => {
      this.#end = (error) => {
        this.#isOver = true;
        resolve(error);
      };
    });
    const onLost = (): void => this.#end(this.#leaseLost());
    this.#lease = new ConsumerLease({ db, names, messages: this.#messages, leaseMs, onWarning, onLost });
    this.#parking = new Parking({ db, names, messages: this.#messages, lease: this.#lease });
    this.#dueWatch = new DueWatch({
      look: () => this.#parking.returnDue([...this.#taken]),
      onError: (error) => onWarning("Parked messages could not be returned; trying again", error),
    });
  }

  /** Its row in the table of consumers, once it has taken something. */
  get consumerId(): string {
    return this.#lease.id;
  }

  #leaseLost(): BrokerError {
    return new BrokerError(
      "broker_unavailable",
      `This process did not renew its lease for ${this.#options.leaseMs} ms; what it held was given to others.`,
    );
  }

  put(entries: readonly StoreEntry[]): Promise<void> {
    return this.#write(async (tx) => {
      await this.#messages.append(tx, entries);
      await tx.announce([...new Set(entries.map((entry) => queueTopic(entry.queue)))]);
    });
  }

  take(queues: readonly string[], max: number): Promise<readonly ClaimedMessage[]> {
    return this.#guard(async () => {
      await this.#lease.start();
      for (const queue of queues) this.#taken.add(queue);
      this.#dueWatch.start();
      return this.#db.transaction((tx) => this.#take(tx, queues, max), { durable: false });
    });
  }

  async #take(
    tx: SqlTransaction,
    queues: readonly string[],
    max: number,
  ): Promise<readonly ClaimedMessage[]> {
    const picked = await this.#messages.pick(tx, queues, max);
    if (picked.length === 0) return [];
    const ids = picked.map(({ id }) => id);
    const deliveries = await this.#lease.claim(tx, ids);
    if (deliveries.size < ids.length) {
      const error = this.#leaseLost();
      this.#end(error);
      throw error;
    }
    const payloads = await this.#messages.hide(tx, ids);
    return picked.map((message) => claimed(message, payloads, (deliveries.get(message.id) ?? 1) - 1));
  }

  takeAndForget(queues: readonly string[], max: number): Promise<readonly ClaimedMessage[]> {
    return this.#write(async (tx) => {
      const picked = await this.#messages.pick(tx, queues, max);
      if (picked.length === 0) return [];
      const ids = picked.map(({ id }) => id);
      const payloads = await this.#messages.remove(tx, ids);
      return picked.map((message) => claimed(message, payloads, undefined));
    }, false);
  }

  async waitForMessages(queues: readonly string[], signal: AbortSignal): Promise<void> {
    const topics = new Set(queues.map(queueTopic));
    const bell = createBell();
    this.#bells.add(bell);
    // Watching begins before the look, so that nothing falls between the two.
    const unwatch = this.#db.watch((topic) => {
      if (topic === undefined || topics.has(topic)) bell.ring();
    });
    const longestMs = this.#options.pollingIntervalMs;
    try {
      for (let pauseMs = Math.min(FIRST_PAUSE_MS, longestMs); ; pauseMs = Math.min(pauseMs * 2, longestMs)) {
        if (signal.aborted || this.#closing !== undefined) return;
        if (await this.#guard(() => this.#messages.anyWaiting(this.#db, queues))) return;
        await bell.wait(this.#db.hearsEverything ? longestMs : pauseMs, signal);
      }
    } finally {
      unwatch();
      this.#bells.delete(bell);
    }
  }

  async settle(acks: readonly string[], requeues: readonly string[]): Promise<void> {
    const ids = [...acks, ...requeues].flatMap(messageId);
    if (ids.length === 0) return;
    await this.#patiently(async (tx) => {
      const held = await this.#lease.drop(tx, ids);
      if (held.size === 0) return;
      const queues = new Set<string>();
      for (const id of requeues.flatMap(messageId)) {
        const deliveries = held.get(id);
        const copy = deliveries === undefined ? undefined : await this.#messages.copyToEnd(tx, id);
        if (deliveries === undefined || copy === undefined) continue;
        await this.#lease.remember(tx, copy.id, deliveries);
        queues.add(copy.queue);
      }
      await this.#messages.drop(tx, [...held.keys()]);
      if (queues.size > 0) await tx.announce([...queues].map(queueTopic));
    });
  }

  async release(tags: readonly string[]): Promise<void> {
    const ids = tags.flatMap(messageId);
    if (ids.length > 0) await this.#patiently((tx) => this.#lease.giveBack(tx, ids));
  }

  async park(claims: readonly ClaimToPark[]): Promise<void> {
    await this.#patiently((tx) => this.#parking.park(tx, claims));
    this.#dueWatch.expect(Math.min(...claims.map(({ untilMs }) => untilMs)) - Date.now());
  }

  async bind(binding: Binding): Promise<void> {
    const { exchange, routingKey, pattern, queue } = binding;
    const known = await this.bindings(exchange);
    const isKnown = (row: Binding): boolean =>
      row.queue === queue && row.routingKey === routingKey && row.pattern === pattern;
    if (known.some(isKnown)) return;
    const insert = `INSERT INTO ${this.#options.names.binding} (exchange, routing_key, pattern, queue) VALUES (?, ?, ?, ?)`;
    await this.#write((tx) =>
      tx.run(`${insert} ON CONFLICT DO NOTHING`, [exchange, routingKey, pattern, queue]),
    );
  }

  bindings(exchange: string): Promise<readonly Binding[]> {
    const columns = 'exchange, routing_key AS "routingKey", pattern, queue';
    const sql = `SELECT ${columns} FROM ${this.#options.names.binding} WHERE exchange = ?`;
    return this.#guard(() => this.#db.all<Binding>(sql, [exchange]));
  }

  size(queue: string): Promise<number> {
    return this.#guard(() => this.#messages.count(this.#db, queue));
  }

  facts(queue: string): Promise<QueueFacts> {
    return this.#guard(() => this.#messages.facts(this.#db, queue));
  }

  peek(queue: string, offset: number, limit: number): Promise<readonly string[]> {
    return this.#guard(() => this.#messages.peek(this.#db, queue, offset, limit));
  }

  purge(queue: string): Promise<number> {
    return this.#write(async (tx) => {
      const count = await this.#messages.count(tx, queue);
      const parked = await this.#parking.forget(tx, queue);
      await this.#messages.purge(tx, queue);
      return count + parked;
    });
  }

  async createQueue(queue: string): Promise<void> {
    if (await this.#guard(() => this.#messages.queueExists(this.#db, queue))) return;
    await this.#write((tx) => this.#messages.queueIds(tx, [queue]));
  }

  deleteQueue(queue: string): Promise<void> {
    return this.#write(async (tx) => {
      await this.#messages.removeAll(tx, queue);
      await this.#parking.forget(tx, queue);
      await tx.run(`DELETE FROM ${this.#options.names.binding} WHERE queue = ?`, [queue]);
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const bell of this.#bells) bell.ring();
    await this.#dueWatch.stop();
    try {
      await this.#lease.end();
    } catch (error) {
      this.#options.onWarning("Held messages could not be given back; their lease will run out", error);
    }
    await this.#db.close();
    this.#end(undefined);
  }

  #write<Result>(work: (tx: SqlTransaction) => Promise<Result>, durable = true): Promise<Result> {
    return this.#guard(() => this.#db.transaction(work, { durable }));
  }

  async #guard<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.#closing !== undefined)
      throw new BrokerError("closed", "The connection to the database is closed.");
    try {
      return await call();
    } catch (error) {
      // The next life makes the tables anew.
      if (isMissingTable(error)) this.#end(toBrokerError(error));
      throw toBrokerError(error);
    }
  }

  /**
   * For what nobody repeats: tries again while the database is away or full, and the messages are ours. An acknowledgement
   * given up before would leave its message with a process that lives, out of everybody's sight.
   */
  async #patiently(work: (tx: SqlTransaction) => Promise<void>): Promise<void> {
    const deadlineAtMs = performance.now() + SETTLE_BUDGET_MS;
    for (;;) {
      try {
        return await this.#db.transaction(work, { durable: false });
      } catch (error) {
        const isGivenUp = this.#isOver || (this.#closing !== undefined && performance.now() >= deadlineAtMs);
        if (isGivenUp || !(isTransient(error) || isFull(error))) throw toBrokerError(error);
      }
      await new Promise((resolve) => setTimeout(resolve, SETTLE_PAUSE_MS));
    }
  }
}

/** A driver's error as the transport's: refused when the same call would fail again, else unavailable. */
export function toBrokerError(error: unknown): Error {
  if (error instanceof CelerityError) return error;
  const { message } = toError(error);
  return isBadData(error) || isFull(error)
    ? new BrokerError("broker_refused", `The database refuses this: ${message}`, { cause: error })
    : new BrokerError("broker_unavailable", `The database cannot be used: ${message}`, { cause: error });
}

function claimed(
  { id, queue }: Picked,
  payloads: ReadonlyMap<number, string>,
  previousDeliveries: number | undefined,
): ClaimedMessage {
  return { queue, payload: payloads.get(id) ?? "", tag: String(id), previousDeliveries };
}

/** A tag is the message's id; nothing for what was never one. */
function messageId(tag: string): readonly number[] {
  const id = Number(tag);
  return Number.isSafeInteger(id) ? [id] : [];
}
