/** SQLite: one connection a file and process, used by one caller at a time. */
import { setTimeout as sleep } from "node:timers/promises";
import type {
  ChangeListener,
  OpenSqlOptions,
  SqlDatabase,
  SqlTransaction,
  SqlTransactionOptions,
  SqlValue,
} from "./database.ts";
import { isBusy } from "./errors.ts";
import { openSqliteEngine, type SqliteEngine } from "./sqlite-engines.ts";

/** Longest wait for other processes' transactions; Python's sqlite3 waits 5 s. */
const BUSY_BUDGET_MS = 15_000;
/** Wait inside SQLite, which blocks this process: only as long as a short transaction takes. The rest is waited outside. */
const BUSY_TIMEOUT_MS = 5;
const LONGEST_PAUSE_MS = 32;
/** How often the file's change counter is read while somebody watches. One reading takes microseconds. */
const WATCH_INTERVAL_MS = 20;
/**
 * Length of the write-ahead log, in pages of 4 KB, at which it is folded into the file; SQLite's own is 1000. Small rows under
 * random keys dirty the same pages again and again, and each page is folded in once.
 */
const LOG_PAGES = 4000;

/** Opens a file (made when it is not there) or `:memory:`. */
export async function openSqlite(path: string, options: OpenSqlOptions): Promise<SqlDatabase> {
  const engine = openSqliteEngine(path, options.engine);
  const database = new SqliteDatabase(engine);
  engine.all(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`, []);
  engine.all(`PRAGMA wal_autocheckpoint = ${LOG_PAGES}`, []);
  // A file's journal mode stays; Python's sqlite3 follows it. With write-ahead logging readers never wait for writers.
  if (options.journalMode !== "keep") await database.all("PRAGMA journal_mode = WAL").catch(ignoreBusy);
  return database;
}

/** Somebody is in the file all the time: it works in its old mode too, and the next opener tries again. */
function ignoreBusy(error: unknown): void {
  if (!isBusy(error)) throw error;
}

class SqliteDatabase implements SqlDatabase {
  readonly dialect = "sqlite";
  readonly hearsEverything = true;
  readonly #engine: SqliteEngine;
  readonly #listeners = new Set<ChangeListener>();
  /** Resolves when the last caller in line is done. */
  #last: Promise<unknown> = Promise.resolve();
  #inUse = false;
  #durable: boolean | undefined;
  #watchTimer: NodeJS.Timeout | undefined;
  #seenVersion: unknown;

  constructor(engine: SqliteEngine) {
    this.#engine = engine;
  }

  all<Row extends object>(sql: string, params: readonly SqlValue[] = []): Promise<readonly Row[]> {
    return this.#inLine(() => this.#whenFree(() => this.#engine.all(sql, params) as readonly Row[]));
  }

  run(sql: string, params: readonly SqlValue[] = []): Promise<number> {
    return this.#inLine(() => {
      this.#setDurable(true);
      return this.#whenFree(() => this.#engine.run(sql, params));
    });
  }

  async transaction<Result>(
    work: (tx: SqlTransaction) => Promise<Result>,
    { durable = true }: SqlTransactionOptions = {},
  ): Promise<Result> {
    const topics: string[] = [];
    const tx: SqlTransaction = {
      all: async <Row extends object>(sql: string, params: readonly SqlValue[] = []) =>
        this.#engine.all(sql, params) as readonly Row[],
      run: async (sql, params = []) => this.#engine.run(sql, params),
      announce: async (news) => void topics.push(...news),
    };
    const result = await this.#inLine(() => this.#commit(() => work(tx), durable));
    for (const topic of topics) this.#tell(topic);
    return result;
  }

  async #commit<Result>(work: () => Promise<Result>, durable: boolean): Promise<Result> {
    this.#setDurable(durable);
    await this.#whenFree(() => this.#engine.run("BEGIN IMMEDIATE", []));
    try {
      const result = await work();
      await this.#whenFree(() => this.#engine.run("COMMIT", []));
      return result;
    } catch (error) {
      try {
        this.#engine.run("ROLLBACK", []);
      } catch {
        // Some errors (a full disk) roll back by themselves; the first error is the one to report.
      }
      throw error;
    }
  }

  /** FULL waits for the disk at every commit, NORMAL only when the log is folded into the file. */
  #setDurable(durable: boolean): void {
    if (this.#durable === durable) return;
    this.#engine.run(`PRAGMA synchronous = ${durable ? "FULL" : "NORMAL"}`, []);
    this.#durable = durable;
  }

  /** Runs `work` when everybody before has finished. */
  #inLine<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(async () => {
      this.#inUse = true;
      try {
        return await work();
      } finally {
        this.#inUse = false;
      }
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Tries again while another process holds the lock, without blocking this one. */
  async #whenFree<Result>(attempt: () => Result): Promise<Result> {
    const deadlineAtMs = performance.now() + BUSY_BUDGET_MS;
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return attempt();
      } catch (error) {
        if (!isBusy(error) || performance.now() >= deadlineAtMs) throw error;
      }
      await sleep(pauseMs * (0.5 + Math.random()));
    }
  }

  watch(listener: ChangeListener): () => void {
    // A function of its own, so that the same listener may watch twice.
    const watcher: ChangeListener = (topic) => listener(topic);
    this.#listeners.add(watcher);
    this.#watchTimer ??= setInterval(() => this.#lookForChanges(), WATCH_INTERVAL_MS);
    return () => {
      this.#listeners.delete(watcher);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#watchTimer);
      this.#watchTimer = undefined;
    };
  }

  /** SQLite counts commits of other connections; those of this one are announced. */
  #lookForChanges(): void {
    if (this.#inUse) return;
    let version: unknown;
    try {
      const [row] = this.#engine.all("PRAGMA data_version", []) as readonly { data_version: number }[];
      version = row?.data_version;
    } catch {
      return; // Locked just now: the next look will tell.
    }
    if (version === this.#seenVersion) return;
    this.#seenVersion = version;
    this.#tell(undefined);
  }

  #tell(topic: string | undefined): void {
    for (const listener of [...this.#listeners]) listener(topic);
  }

  async close(): Promise<void> {
    clearInterval(this.#watchTimer);
    this.#listeners.clear();
    await this.#inLine(async () => this.#engine.close());
  }
}
