/**
 * Celery's database result backend: results as rows of a SQLite file or a PostgreSQL database, shared with Python workers
 * and clients of Celery 5.7. `db+sqlite:///file`, `db+postgresql://user:password@host/name`.
 */
import {
  BackendError,
  CelerityError,
  type ResultDocument,
  type ResultTuple,
  toError,
} from "../protocol/index.ts";
import {
  checkTableName,
  isBadData,
  isFull,
  isMissingTable,
  isTransient,
  openSql,
  parseSqlUrl,
  type SqlDatabase,
} from "../stores/sql/index.ts";
import { createGroupTable, type GroupTable } from "./database/group-table.ts";
import { createResultPoller, type ResultPoller } from "./database/result-poller.ts";
import type { TaskRow } from "./database/task-row.ts";
import { createTaskTable, type EncodedRow, type TaskTable } from "./database/task-table.ts";
import { orDecodeError } from "./group-record.ts";
import type {
  BackendFactory,
  BackendOptions,
  FoundDocument,
  ResultBackend,
  ResultEntry,
  WaitOptions,
} from "./result-backend.ts";
import { createResultWaiters, type ResultWaiters } from "./result-waiters.ts";

/** How long results are tried to be stored: what a worker holds back until then is not lost. */
const STORE_BUDGET_MS = 60_000;
/** How long somebody who asks is kept waiting while the database is away. */
const READ_BUDGET_MS = 5000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

/**
 * Options (`result_backend_transport_options`): `tableNames` is Celery's `database_table_names`; `journalMode` (`wal` or
 * `keep`) is for SQLite; `storeBudgetMs` (60 000) is how long results are tried to be stored. Throws ConfigurationError for
 * a bad URL or table name.
 */
const createDatabaseBackend: BackendFactory = (options: BackendOptions): ResultBackend =>
  new DatabaseBackend(options);

export default createDatabaseBackend;

interface DatabaseOptions {
  readonly tableNames?: { readonly task?: unknown; readonly group?: unknown };
  readonly journalMode?: unknown;
  readonly storeBudgetMs?: number;
}

class DatabaseBackend implements ResultBackend {
  readonly name = "database";
  readonly replyTo = undefined;
  readonly shared = true;
  readonly #url: string;
  readonly #own: DatabaseOptions;
  readonly #expiresSeconds: number;
  readonly #onWarning: BackendOptions["onWarning"];
  readonly #table: TaskTable;
  readonly #groups: GroupTable;
  readonly #waiters: ResultWaiters = createResultWaiters();
  readonly #poller: ResultPoller;
  #db: Promise<SqlDatabase> | undefined;
  #closing: Promise<void> | undefined;

  constructor({ url, transportOptions, encoding, timezone, expiresSeconds, onWarning }: BackendOptions) {
    this.#url = url.replace(/^db\+/i, "");
    this.#own = transportOptions;
    this.#expiresSeconds = expiresSeconds;
    this.#onWarning = onWarning;
    const { task = "celery_taskmeta", group = "celery_tasksetmeta" } = this.#own.tableNames ?? {};
    const names = {
      task: checkTableName(task, "database_table_names.task"),
      group: checkTableName(group, "database_table_names.group"),
    };
    const { dialect } = parseSqlUrl(this.#url);
    this.#table = createTaskTable({ dialect, names, encoding, timezone });
    this.#groups = createGroupTable({ dialect, table: names.group, encoding });
    this.#poller = createResultPoller({
      open: () => this.#open(),
      read: (db, taskIds) => this.#table.read(db, taskIds.filter(isPossibleId)),
      waitedFor: this.#waiters.ids,
      mayPass: (error) => this.#mayPass(error),
      onRow: (row) => void this.#announce(row),
      onFailure: (error) => this.#failAll(error),
    });
  }

  /** The open database; a failure is not remembered. */
  #open(): Promise<SqlDatabase> {
    if (this.#closing !== undefined) return Promise.reject(closedError());
    this.#db ??= this.#openTables().catch((error: unknown) => {
      this.#db = undefined;
      throw error;
    });
    return this.#db;
  }

  async #openTables(): Promise<SqlDatabase> {
    const journalMode = this.#own.journalMode === "keep" ? "keep" : "wal";
    const db = await openSql(this.#url, { journalMode, timeoutMs: READ_BUDGET_MS });
    try {
      await this.#table.create(db);
      return db;
    } catch (error) {
      await db.close();
      throw error;
    }
  }

  async store(entries: readonly ResultEntry[]): Promise<void> {
    const documents = lastOfEach(entries);
    for (const { task_id } of documents.filter((document) => !isPossibleId(document.task_id))) {
      this.#onWarning(`The result of task ${JSON.stringify(task_id)} cannot be stored: its id has a NUL`);
    }
    const storable = documents
      .filter((document) => isPossibleId(document.task_id))
      // Everybody in the same order: then no two transactions wait for each other.
      .sort((one, other) => (one.task_id < other.task_id ? -1 : 1));
    const rows = await Promise.all(storable.map((document) => this.#table.encode(document)));
    if (rows.length === 0) return;
    const budgetMs = this.#own.storeBudgetMs ?? STORE_BUDGET_MS;
    await this.#persistently(budgetMs, (db) => this.#storeRows(db, rows));
  }

  async #storeRows(db: SqlDatabase, rows: readonly EncodedRow[]): Promise<void> {
    try {
      await this.#table.store(db, rows, this.#poller.topic);
    } catch (error) {
      if (!isBadData(error)) throw error;
      // One row that the table cannot hold (its id is too long) must not keep the others out.
      if (rows.length > 1) for (const row of rows) await this.#storeRows(db, [row]);
      else this.#onWarning(`The result of task ${String(rows[0]?.[0])} does not fit into the table`, error);
    }
  }

  async get(taskId: string): Promise<ResultDocument | undefined> {
    if (!isPossibleId(taskId)) return undefined;
    const [row] = await this.#persistently(READ_BUDGET_MS, (db) => this.#table.read(db, [taskId]));
    return row === undefined ? undefined : await this.#table.decode(row);
  }

  async getMany(taskIds: readonly string[]): Promise<readonly FoundDocument[]> {
    const possible = taskIds.filter(isPossibleId);
    const rows = await this.#persistently(READ_BUDGET_MS, (db) => this.#table.read(db, possible));
    const found = new Map<string, FoundDocument>();
    for (const row of rows) {
      found.set(String(row.task_id), await this.#table.decode(row).catch(orDecodeError));
    }
    return taskIds.map((id) => found.get(id));
  }

  wait(taskId: string, options: WaitOptions = {}): Promise<ResultDocument> {
    if (this.#closing !== undefined) return Promise.reject(closedError());
    const waiting = this.#waiters.wait(taskId, options);
    this.#poller.look(taskId);
    return waiting;
  }

  async #announce(row: TaskRow): Promise<void> {
    try {
      this.#waiters.announce(await this.#table.decode(row));
    } catch (error) {
      this.#waiters.fail(String(row.task_id), toError(error));
    }
  }

  #failAll(error: unknown): void {
    const failure = toBackendError(error);
    for (const taskId of [...this.#waiters.ids.keys()]) this.#waiters.fail(taskId, failure);
  }

  async forget(taskIds: readonly string[]): Promise<void> {
    const possible = taskIds.filter(isPossibleId);
    await this.#persistently(READ_BUDGET_MS, (db) => this.#table.forget(db, possible));
  }

  async saveGroup(groupId: string, group: ResultTuple): Promise<void> {
    const row = await this.#groups.encode(groupId, group);
    const budgetMs = this.#own.storeBudgetMs ?? STORE_BUDGET_MS;
    await this.#persistently(budgetMs, (db) => this.#groups.save(db, row));
  }

  async restoreGroup(groupId: string): Promise<ResultTuple | undefined> {
    if (!isPossibleId(groupId)) return undefined;
    const value = await this.#persistently(READ_BUDGET_MS, (db) => this.#groups.read(db, groupId));
    return value === undefined ? undefined : await this.#groups.decode(groupId, value);
  }

  async deleteGroup(groupId: string): Promise<void> {
    if (!isPossibleId(groupId)) return;
    await this.#persistently(READ_BUDGET_MS, (db) => this.#groups.remove(db, groupId));
  }

  async cleanup(): Promise<number> {
    if (this.#expiresSeconds === 0) return 0;
    const oldest = new Date(Date.now() - this.#expiresSeconds * 1000).toISOString();
    for (let count = 0; ; ) {
      const removed = await this.#persistently(
        READ_BUDGET_MS,
        async (db) =>
          (await this.#table.removeOlder(db, oldest)) + (await this.#groups.removeOlder(db, oldest)),
      );
      if (removed === 0) return count;
      count += removed;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#waiters.close();
    const db = await this.#db?.catch(() => undefined);
    await db?.close();
  }

  /** Tries again while the database is away, locked or full. Rejects with BackendError `backend_unavailable` after that. */
  async #persistently<Result>(budgetMs: number, work: (db: SqlDatabase) => Promise<Result>): Promise<Result> {
    const deadlineAtMs = performance.now() + budgetMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await work(await this.#open());
      } catch (error) {
        const late = performance.now() + pauseMs >= deadlineAtMs;
        if (late || !(await this.#mayPass(error))) throw toBackendError(error);
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** Is it worth to try again after this error? Tables that are gone (emptied or replaced under us) are made anew. */
  async #mayPass(error: unknown): Promise<boolean> {
    if (!isMissingTable(error)) return isTransient(error) || isFull(error);
    await this.#open()
      .then((db) => this.#table.create(db))
      .catch(() => undefined);
    return true;
  }
}

/** The last document of each task, except that SUCCESS is final; a statement must not write one row twice. */
function lastOfEach(entries: readonly ResultEntry[]): readonly ResultDocument[] {
  const documents = new Map<string, ResultDocument>();
  for (const { document } of entries) {
    if (documents.get(document.task_id)?.status !== "SUCCESS") documents.set(document.task_id, document);
  }
  return [...documents.values()];
}

/** PostgreSQL has no NUL in text, and some SQLite drivers end a text there. */
function isPossibleId(taskId: string): boolean {
  return !taskId.includes("\0");
}

function closedError(): BackendError {
  return new BackendError("closed", "The result backend is closed.");
}

function toBackendError(error: unknown): Error {
  if (error instanceof CelerityError) return error;
  return new BackendError(
    "backend_unavailable",
    `The result database cannot be used: ${toError(error).message}`,
    { cause: error },
  );
}
