/**
 * The database seam of the SQL transport and the database result backend: statements with `?` placeholders, transactions,
 * and word of changes. Values are always bound; SQL text is made of constants and placeholders only.
 */

export type SqlDialect = "sqlite" | "postgresql";

/** What can be bound to a placeholder. Booleans are 0 and 1 in SQLite. */
export type SqlValue = string | number | bigint | boolean | Uint8Array | null;

export interface SqlExecutor {
  /** The rows of a query, or of a statement with RETURNING. Blobs are Uint8Array, times are text. `Row` is the caller's word for it. */
  all<Row extends object>(sql: string, params?: readonly SqlValue[]): Promise<readonly Row[]>;
  /** Runs a statement that returns no rows; resolves with the number of rows it changed. */
  run(sql: string, params?: readonly SqlValue[]): Promise<number>;
}

export interface SqlTransaction extends SqlExecutor {
  /** Tells everyone who watches, in this process and in others that can hear, that there is news; once it is committed. */
  announce(topics: readonly string[]): Promise<void>;
}

export interface SqlTransactionOptions {
  /** false when losing the last moments to a power failure does no harm: no wait for the disk. Default true. */
  readonly durable?: boolean;
}

/** Errors are the driver's own; see {@link isTransient} and {@link isBadData}. */
export interface SqlDatabase extends SqlExecutor {
  readonly dialect: SqlDialect;
  /**
   * True when {@link watch} hears of every change, whoever made it. False when it hears only of what was announced, and a
   * reader must look by itself for what others write.
   */
  readonly hearsEverything: boolean;
  /**
   * Runs `work` in one transaction that may write; commits when it resolves, rolls back when it rejects. Inside, use only
   * the given executor, and await nothing else: others wait meanwhile.
   */
  transaction<Result>(
    work: (tx: SqlTransaction) => Promise<Result>,
    options?: SqlTransactionOptions,
  ): Promise<Result>;
  /** Calls `listener` soon after a change, with the announced topic or undefined when that is not known. Returns how to stop. */
  watch(listener: ChangeListener): () => void;
  /** Twice is fine. */
  close(): Promise<void>;
}

export type ChangeListener = (topic: string | undefined) => void;

export interface OpenSqlOptions {
  /** Longest wait for a connection, 5 s by default. */
  readonly timeoutMs?: number;
  /** SQLite: `wal` (default) switches the file to write-ahead logging, `keep` leaves its journal mode alone. */
  readonly journalMode?: "wal" | "keep";
  /** SQLite: the driver to use; by default the first that is there. */
  readonly engine?: SqliteEngineName;
}

export type SqliteEngineName = "node:sqlite" | "better-sqlite3" | "libsql";
