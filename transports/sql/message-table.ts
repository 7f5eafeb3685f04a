/** The statements on kombu's tables. Source: kombu/transport/sqlalchemy/__init__.py. */
import {
  inList,
  powerSlices,
  repeat,
  type SqlDatabase,
  type SqlDialect,
  type SqlExecutor,
} from "../../stores/sql/index.ts";
import type { StoreEntry } from "../queue-store.ts";
import type { QueueFacts } from "../transport.ts";
import { type DialectWords, type TableNames, WORDS } from "./tables.ts";

/** A message chosen to be served next. */
export interface Picked {
  readonly id: number;
  readonly queue: string;
}

/** Messages in one INSERT; a power of two. */
const MAX_INSERT = 256;

/** Puts `"redelivered": true` first in an envelope, as text: kombu adds it last, and a parsed number could change. */
const REDELIVERED = '{"redelivered": true, ';
const MARKED_PAYLOAD = `CASE WHEN substr(payload, 1, 2) = '{"' AND substr(payload, 1, ${REDELIVERED.length}) <> '${REDELIVERED}'
  THEN '${REDELIVERED}' || substr(payload, 2) ELSE payload END`;

export class MessageTable {
  readonly #names: TableNames;
  readonly #words: DialectWords;
  /** Queue that is asked first, so that each has its turn. */
  #turn = 0;

  constructor(dialect: SqlDialect, names: TableNames) {
    this.#names = names;
    this.#words = WORDS[dialect];
  }

  /** Appends messages; makes queues that are missing. */
  async append(tx: SqlExecutor, entries: readonly StoreEntry[]): Promise<void> {
    const { idColumn, messageId } = this.#words;
    const ids = await this.queueIds(tx, [...new Set(entries.map((entry) => entry.queue))]);
    for (const slice of powerSlices(entries, MAX_INSERT)) {
      const rows = repeat(`(${messageId}true, NULL, ?, 1, ?)`, slice.length);
      await tx.run(
        `INSERT INTO ${this.#names.message} (${idColumn}visible, timestamp, payload, version, queue_id) VALUES ${rows}`,
        slice.flatMap(({ payload, queue }) => [payload, ids.get(queue) ?? null]),
      );
    }
  }

  /** Ids of queues by name; makes those that are missing. */
  async queueIds(tx: SqlExecutor, queues: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { queue } = this.#names;
    const { idColumn, queueId } = this.#words;
    const { text, params } = inList(queues);
    const find = (): Promise<readonly { id: number; name: string }[]> =>
      tx.all(`SELECT id, name FROM ${queue} WHERE name IN ${text}`, params);
    let rows = await find();
    if (rows.length < queues.length) {
      const known = new Set(rows.map((row) => row.name));
      const insert = `INSERT INTO ${queue} (${idColumn}name) VALUES (${queueId}?) ON CONFLICT (name) DO NOTHING`;
      for (const name of queues) if (!known.has(name)) await tx.run(insert, [name]);
      rows = await find();
    }
    return new Map(rows.map((row) => [row.name, row.id]));
  }

  async queueExists(db: SqlDatabase, queue: string): Promise<boolean> {
    const rows = await db.all(`SELECT 1 AS found FROM ${this.#names.queue} WHERE name = ?`, [queue]);
    return rows.length > 0;
  }

  /** The next messages to serve, one of each queue in turn, as kombu's fair cycle does. Locks their rows. */
  async pick(tx: SqlExecutor, queues: readonly string[], max: number): Promise<readonly Picked[]> {
    const { visible, lock } = this.#words;
    const first = this.#turn++ % Math.max(1, queues.length);
    const lines: Picked[][] = [];
    for (const name of [...queues.slice(first), ...queues.slice(0, first)]) {
      const rows = await tx.all<{ id: number }>(
        `SELECT id FROM ${this.#names.message} WHERE ${this.#inQueue()} AND ${visible}
         ORDER BY timestamp, id LIMIT ? ${lock}`,
        [name, max],
      );
      lines.push(rows.map(({ id }) => ({ id, queue: name })));
    }
    const picked: Picked[] = [];
    for (let round = 0; picked.length < max && lines.some((line) => line.length > round); round += 1) {
      picked.push(...lines.flatMap((line) => line.slice(round, round + 1)));
    }
    return picked.slice(0, max);
  }

  /** Marks messages as delivered, as kombu does; resolves with their payloads. */
  hide(tx: SqlExecutor, ids: readonly number[]): Promise<ReadonlyMap<number, string>> {
    return this.#payloads(tx, ids, "UPDATE", "SET visible = false, version = version + 1, timestamp = ?", [
      localTimestamp(new Date()),
    ]);
  }

  /** Removes messages; resolves with their payloads. */
  remove(tx: SqlExecutor, ids: readonly number[]): Promise<ReadonlyMap<number, string>> {
    return this.#payloads(tx, ids, "DELETE FROM", "", []);
  }

  async #payloads(
    tx: SqlExecutor,
    ids: readonly number[],
    verb: string,
    change: string,
    values: readonly string[],
  ): Promise<ReadonlyMap<number, string>> {
    const { text, params } = inList(ids);
    const rows = await tx.all<{ id: number; payload: string }>(
      `${verb} ${this.#names.message} ${change} WHERE id IN ${text} RETURNING id, payload`,
      [...values, ...params],
    );
    return new Map(rows.map((row) => [row.id, row.payload]));
  }

  /** Removes messages without reading them. */
  async drop(tx: SqlExecutor, ids: readonly number[]): Promise<void> {
    const { text, params } = inList(ids);
    await tx.run(`DELETE FROM ${this.#names.message} WHERE id IN ${text}`, params);
  }

  /** Makes messages visible at their old place in the queue, marked as redelivered; resolves with the names of their queues. */
  showAgain(tx: SqlExecutor, ids: readonly number[]): Promise<readonly string[]> {
    return this.#show(tx, ids, `, payload = ${MARKED_PAYLOAD}`);
  }

  /** The same for messages that nobody worked on: they stay as they are. */
  showUnmarked(tx: SqlExecutor, ids: readonly number[]): Promise<readonly string[]> {
    return this.#show(tx, ids, "");
  }

  async #show(tx: SqlExecutor, ids: readonly number[], change: string): Promise<readonly string[]> {
    const { message, queue } = this.#names;
    const { text, params } = inList(ids);
    await tx.run(
      `UPDATE ${message} SET visible = true, timestamp = NULL${change} WHERE id IN ${text}`,
      params,
    );
    const rows = await tx.all<{ name: string }>(
      `SELECT DISTINCT name FROM ${queue} WHERE id IN (SELECT queue_id FROM ${message} WHERE id IN ${text})`,
      params,
    );
    return rows.map((row) => row.name);
  }

  /** Copies a message to the end of its queue, marked as redelivered, as kombu does; undefined when it is gone. */
  async copyToEnd(tx: SqlExecutor, id: number): Promise<Picked | undefined> {
    const { message, queue } = this.#names;
    const { idColumn, messageId } = this.#words;
    const [copy] = await tx.all<{ id: number; queue_id: number }>(
      `INSERT INTO ${message} (${idColumn}visible, timestamp, payload, version, queue_id)
       SELECT ${messageId}true, NULL, ${MARKED_PAYLOAD}, 1, queue_id FROM ${message} WHERE id = ? RETURNING id, queue_id`,
      [id],
    );
    if (copy === undefined) return undefined;
    const [row] = await tx.all<{ name: string }>(`SELECT name FROM ${queue} WHERE id = ?`, [copy.queue_id]);
    return { id: copy.id, queue: row?.name ?? "" };
  }

  async anyWaiting(db: SqlDatabase, queues: readonly string[]): Promise<boolean> {
    const { message, queue } = this.#names;
    const { text, params } = inList(queues);
    const waiting = `SELECT 1 FROM ${message} WHERE queue_id = q.id AND ${this.#words.visible}`;
    const rows = await db.all(
      `SELECT 1 AS found FROM ${queue} AS q WHERE name IN ${text} AND EXISTS (${waiting}) LIMIT 1`,
      params,
    );
    return rows.length > 0;
  }

  async count(executor: SqlExecutor, queue: string): Promise<number> {
    const [row] = await executor.all<{ count: number }>(
      `SELECT count(*) AS count FROM ${this.#names.message} WHERE ${this.#inQueue()} AND ${this.#words.visible}`,
      [queue],
    );
    return row?.count ?? 0;
  }

  /** What Python consumers hold cannot be told from what they are done with. */
  async facts(executor: SqlExecutor, queue: string): Promise<Required<Omit<QueueFacts, "consumers">>> {
    const { message, claim, parked } = this.#names;
    const [row] = await executor.all<{ ready: number; unacked: number; scheduled: number }>(
      `SELECT
         (SELECT count(*) FROM ${message} WHERE ${this.#inQueue()} AND ${this.#words.visible}) AS ready,
         (SELECT count(*) FROM ${claim} JOIN ${message} ON id = message_id
          WHERE ${this.#inQueue()} AND consumer IS NOT NULL) AS unacked,
         (SELECT count(*) FROM ${parked} WHERE ${this.#inQueue()}) AS scheduled`,
      [queue, queue, queue],
    );
    return row ?? { ready: 0, unacked: 0, scheduled: 0 };
  }

  /** Payloads of waiting messages in the order of service. */
  async peek(
    executor: SqlExecutor,
    queue: string,
    offset: number,
    limit: number,
  ): Promise<readonly string[]> {
    const rows = await executor.all<{ payload: string }>(
      `SELECT payload FROM ${this.#names.message} WHERE ${this.#inQueue()} AND ${this.#words.visible}
       ORDER BY timestamp, id LIMIT ? OFFSET ?`,
      [queue, limit, offset],
    );
    return rows.map(({ payload }) => payload);
  }

  /** Removes what waits and, as kombu, what was delivered; but not what one of our consumers works on. */
  async purge(tx: SqlExecutor, queue: string): Promise<void> {
    const held = `SELECT message_id FROM ${this.#names.claim} WHERE consumer IS NOT NULL`;
    await tx.run(
      `DELETE FROM ${this.#names.message} WHERE ${this.#inQueue()} AND (${this.#words.visible} OR id NOT IN (${held}))`,
      [queue],
    );
  }

  /** Removes all messages of a queue. Kombu keeps the queue's own row, and other processes may know its id. */
  async removeAll(tx: SqlExecutor, queue: string): Promise<void> {
    await tx.run(`DELETE FROM ${this.#names.message} WHERE ${this.#inQueue()}`, [queue]);
  }

  #inQueue(): string {
    return `queue_id = (SELECT id FROM ${this.#names.queue} WHERE name = ?)`;
  }
}

/** Python's `datetime.now()` as SQLAlchemy keeps it: `2026-11-20 23:59:38.848000`, in this machine's zone. */
function localTimestamp(now: Date): string {
  const two = (number: number): string => String(number).padStart(2, "0");
  const date = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join("-");
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(":");
  return `${date} ${time}.${String(now.getMilliseconds()).padStart(3, "0")}000`;
}
