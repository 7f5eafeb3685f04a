/**
 * A task index in a database, so that a restarted gateway still knows what it accepted. It writes behind: a request never
 * waits for the disk, and a killed process forgets the ids of the last moments at most (their results are found all the same).
 */
import { toError } from "../protocol/index.ts";
import {
  openTables,
  powerSlices,
  repeat,
  type SchemaObject,
  type SqlDatabase,
  type SqlDialect,
  type SqlTransaction,
  type SqlValue,
} from "../stores/sql/index.ts";
import type { TaskChange, TaskEntry, TaskFilter, TaskIndex, TaskPage, TaskRetention } from "./task-index.ts";

export interface SqlTaskIndexOptions extends Partial<TaskRetention> {
  /** `sqlite:///path/gateway.db`, or `postgresql://...`. */
  readonly url: string;
  /** Entries older than this go. Default a week. */
  readonly maxAgeSeconds?: number;
  readonly onWarning: (message: string, error?: unknown) => void;
}

const DEFAULT_SQL_ENTRIES = 100_000;
const DEFAULT_MAX_AGE_SECONDS = 7 * 86_400;
/**
 * Wait before what was recorded is written, which is the longest that a killed process can forget: next to none as a rule,
 * longer while there are more than a thousand entries a second, since large batches cost less.
 */
const FLUSH_MS = 2;
const BUSY_FLUSH_MS = 50;
const RETRY_MS = 1000;
const PRUNE_INTERVAL_MS = 60_000;
/** Entries that wait to be written at most, should the database be away. */
const MAX_PENDING = 50_000;
/** Rows of one INSERT; a power of two. */
const ROWS = 64;

const TABLE = "celerity_gateway_tasks";
const COLUMNS = "id, task, queue, state, submitted_at, done_at, eta, ignore_result";
const ROW = "(?, ?, ?, ?, ?, ?, ?, ?)";
const SEQUENCE: Readonly<Record<SqlDialect, string>> = {
  sqlite: "INTEGER PRIMARY KEY",
  postgresql: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
};

function schema(dialect: SqlDialect): readonly SchemaObject[] {
  const ddl = `CREATE TABLE ${TABLE} (seq ${SEQUENCE[dialect]}, id VARCHAR(155) NOT NULL UNIQUE, task VARCHAR(255) NOT NULL,
    queue VARCHAR(255) NOT NULL, state VARCHAR(255) NOT NULL, submitted_at BIGINT NOT NULL, done_at BIGINT, eta BIGINT,
    ignore_result SMALLINT NOT NULL)`;
  return [{ name: TABLE, ddl }];
}

interface Row {
  readonly seq: number;
  readonly id: string;
  readonly task: string;
  readonly queue: string;
  readonly state: string;
  readonly submitted_at: number;
  readonly done_at: number | null;
  readonly eta: number | null;
  readonly ignore_result: number;
}

/** Opens the database on first use, or by open(). */
export function createSqlTaskIndex(options: SqlTaskIndexOptions): TaskIndex {
  return new SqlTaskIndex(options);
}

/** What is not written yet: new entries with their changes, and changes of entries written before. */
interface Pending {
  readonly entries: Map<string, TaskEntry>;
  readonly changes: Map<string, TaskChange>;
}

const nothing = (): Pending => ({ entries: new Map(), changes: new Map() });

class SqlTaskIndex implements TaskIndex {
  readonly #options: SqlTaskIndexOptions;
  #database: Promise<SqlDatabase> | undefined;
  #pending: Pending = nothing();
  #writing: Pending = nothing();
  #flushing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #delayMs = FLUSH_MS;
  #prunedAtMs = 0;
  #closing: Promise<void> | undefined;

  constructor(options: SqlTaskIndexOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    await this.#open();
  }

  #open(): Promise<SqlDatabase> {
    this.#database ??= this.#connect().catch((error: unknown) => {
      this.#database = undefined;
      throw error;
    });
    return this.#database;
  }

  #connect(): Promise<SqlDatabase> {
    return openTables(this.#options.url, schema);
  }

  record(batch: readonly TaskEntry[]): void {
    const { entries } = this.#pending;
    for (const entry of batch) entries.set(entry.id, entry);
    for (const id of entries.keys()) {
      if (entries.size <= MAX_PENDING) break;
      entries.delete(id);
    }
    this.#flushIn(this.#delayMs);
  }

  update(change: TaskChange): void {
    const { entries, changes } = this.#pending;
    const entry = entries.get(change.id);
    if (entry !== undefined) entries.set(change.id, { ...entry, ...change });
    else if (changes.size < MAX_PENDING) changes.set(change.id, change);
    this.#flushIn(this.#delayMs);
  }

  #flushIn(delayMs: number): void {
    if (this.#timer !== undefined || this.#flushing !== undefined || this.#closing !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#flush();
    }, delayMs);
  }

  /** Writes all that was recorded before the call. Never rejects: what could not be written is tried again later. */
  async #flush(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    if (this.#pending.entries.size === 0 && this.#pending.changes.size === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#pending;
    this.#pending = nothing();
    const count = this.#writing.entries.size + this.#writing.changes.size;
    this.#delayMs = count > this.#delayMs ? BUSY_FLUSH_MS : FLUSH_MS;
    this.#flushing = this.#write(this.#writing)
      .then(
        () => this.#delayMs,
        (error: unknown) => {
          this.#options.onWarning("The task index could not be written; trying again", toError(error));
          this.#putBack(this.#writing);
          return RETRY_MS;
        },
      )
      .then((delayMs) => {
        this.#writing = nothing();
        this.#flushing = undefined;
        if (this.#pending.entries.size > 0 || this.#pending.changes.size > 0) this.#flushIn(delayMs);
      });
    await this.#flushing;
  }

  #putBack({ entries, changes }: Pending): void {
    const newer = this.#pending;
    this.#pending = {
      entries: new Map([...entries, ...newer.entries]),
      changes: new Map([...changes, ...newer.changes]),
    };
  }

  async #write({ entries, changes }: Pending): Promise<void> {
    const database = await this.#open();
    await database.transaction(
      async (tx) => {
        await insert(tx, [...entries.values()]);
        for (const { id, state, doneAtMs } of changes.values()) {
          await tx.run(`UPDATE ${TABLE} SET state = ?, done_at = ? WHERE id = ?`, [state, doneAtMs, id]);
        }
        await this.#prune(tx);
      },
      { durable: false },
    );
  }

  /** Removes what is too old or too much; rows are numbered in the order they came. */
  async #prune(tx: SqlTransaction): Promise<void> {
    const nowMs = Date.now();
    if (nowMs - this.#prunedAtMs < PRUNE_INTERVAL_MS) return;
    this.#prunedAtMs = nowMs;
    const { maxEntries = DEFAULT_SQL_ENTRIES, maxAgeSeconds = DEFAULT_MAX_AGE_SECONDS } = this.#options;
    await tx.run(`DELETE FROM ${TABLE} WHERE seq <= (SELECT MAX(seq) FROM ${TABLE}) - ?`, [maxEntries]);
    await tx.run(
      `DELETE FROM ${TABLE} WHERE seq < (SELECT seq FROM ${TABLE} WHERE submitted_at >= ? ORDER BY seq LIMIT 1)`,
      [nowMs - maxAgeSeconds * 1000],
    );
  }

  async find(id: string): Promise<TaskEntry | undefined> {
    const unwritten = this.#pending.entries.get(id) ?? this.#writing.entries.get(id);
    const entry = unwritten ?? (await this.#select(id));
    if (entry === undefined) return undefined;
    return { ...entry, ...this.#writing.changes.get(id), ...this.#pending.changes.get(id) };
  }

  async #select(id: string): Promise<TaskEntry | undefined> {
    const database = await this.#open();
    const [row] = await database.all<Row>(`SELECT seq, ${COLUMNS} FROM ${TABLE} WHERE id = ?`, [id]);
    return row === undefined ? undefined : toEntry(row);
  }

  async list({ state, task, cursor, limit }: TaskFilter): Promise<TaskPage> {
    await this.#flush();
    const conditions: string[] = [];
    const params: SqlValue[] = [];
    const where = (condition: string, value: SqlValue | undefined): void => {
      if (value === undefined) return;
      conditions.push(condition);
      params.push(value);
    };
    where("state = ?", state);
    where("task = ?", task);
    where("seq < ?", cursor === undefined ? undefined : Number(cursor));
    const condition = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const rows = await (await this.#open()).all<Row>(
      `SELECT seq, ${COLUMNS} FROM ${TABLE} ${condition} ORDER BY seq DESC LIMIT ?`,
      [...params, limit + 1],
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      entries: page.map(toEntry),
      next: rows.length > limit && last !== undefined ? String(last.seq) : undefined,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#flush();
    // Once more: what came while the flush before was running, or failed in it.
    await this.#flush();
    if (this.#database !== undefined) await (await this.#database).close();
  }
}

async function insert(tx: SqlTransaction, entries: readonly TaskEntry[]): Promise<void> {
  for (const slice of powerSlices(entries, ROWS)) {
    await tx.run(
      `INSERT INTO ${TABLE} (${COLUMNS}) VALUES ${repeat(ROW, slice.length)} ON CONFLICT (id) DO NOTHING`,
      slice.flatMap(toParams),
    );
  }
}

function toParams(entry: TaskEntry): SqlValue[] {
  const { id, task, queue, state, submittedAtMs, doneAtMs, etaMs, ignoreResult } = entry;
  return [id, task, queue, state, submittedAtMs, doneAtMs, etaMs, ignoreResult ? 1 : 0];
}

function toEntry(row: Row): TaskEntry {
  return {
    id: row.id,
    task: row.task,
    queue: row.queue,
    state: row.state,
    submittedAtMs: row.submitted_at,
    doneAtMs: row.done_at,
    etaMs: row.eta,
    ignoreResult: row.ignore_result === 1,
  };
}
