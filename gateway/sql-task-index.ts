/**
 * A task index in a database, so that a restarted gateway still knows what it accepted, and several gateways know the same.
 * What is recorded outlives a killed process; a power failure may take the last moments.
 */
import {
  addMissingColumns,
  inList,
  type LateColumn,
  openTables,
  powerSlices,
  repeat,
  type SchemaObject,
  type SqlDatabase,
  type SqlDialect,
  type SqlTransaction,
  type SqlValue,
} from "../stores/sql/index.ts";
import { commit } from "./state/sql/commit.ts";
import { withStateErrors } from "./state/state-error.ts";
import {
  DEFAULT_MAX_AGE_SECONDS,
  DEFAULT_STORED_ENTRIES,
  foldCase,
  readTaskCursor,
  type TaskChange,
  type TaskEntry,
  type TaskFilter,
  type TaskIndex,
  type TaskPage,
  type TaskRetention,
  toTaskCursor,
} from "./task-index.ts";
import { type TaskBatch, TaskWriter } from "./task-writer.ts";

export interface SqlTaskIndexOptions extends Partial<TaskRetention> {
  /** `sqlite:///path/gateway.db`, or `postgresql://...`. */
  readonly url: string;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** Rows of one INSERT; a power of two. */
const ROWS = 64;
/** Superfluous rows that are removed at once: more than come meanwhile, and so few that nobody waits long. */
const PRUNED_ROWS = 2000;

const TABLE = "celerity_gateway_tasks";
const SEQUENCE: Readonly<Record<SqlDialect, string>> = {
  sqlite: "INTEGER PRIMARY KEY",
  postgresql: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
};
/** Place of a text in another, counted from 1; 0 when it is not there. */
const POSITION: Readonly<Record<SqlDialect, string>> = { sqlite: "instr", postgresql: "strpos" };

/** A to Z as small letters, and nothing else: PostgreSQL otherwise folds as people do. */
const FOLDED: Readonly<Record<SqlDialect, (column: string) => string>> = {
  sqlite: (column) => `lower(${column})`,
  postgresql: (column) => `lower(${column} COLLATE "C")`,
};

function schema(dialect: SqlDialect): readonly SchemaObject[] {
  const ddl = `CREATE TABLE ${TABLE} (seq ${SEQUENCE[dialect]}, id VARCHAR(155) NOT NULL UNIQUE, task TEXT NOT NULL,
    queue TEXT NOT NULL, state TEXT NOT NULL, submitted_at BIGINT NOT NULL, done_at BIGINT, eta BIGINT,
    ignore_result SMALLINT NOT NULL)`;
  return [{ name: TABLE, ddl }];
}

const LATE_COLUMNS: readonly LateColumn[] = [
  { name: "tags", type: "TEXT" },
  { name: "tenant", type: "TEXT" },
  { name: "owner", type: "TEXT" },
  { name: "replayed_from", type: "TEXT" },
  { name: "origin", type: "TEXT" },
];

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
  /** `,"one","two",`: JSON between commas, so that one can be found; null without any. */
  readonly tags: string | null;
  readonly tenant: string | null;
  readonly owner: string | null;
  readonly replayed_from: string | null;
  /** null: accepted by a gateway. */
  readonly origin: "observed" | null;
}

const COLUMNS =
  "id, task, queue, state, submitted_at, done_at, eta, ignore_result, tags, tenant, owner, replayed_from, origin";
/** All but what events have told. */
const OF_ACCEPTED = [
  "task",
  "queue",
  "submitted_at",
  "eta",
  "ignore_result",
  "tags",
  "tenant",
  "owner",
  "replayed_from",
  "origin",
].map((column) => `${column} = excluded.${column}`);
const ROW = `(${repeat("?", COLUMNS.split(",").length)})`;

/** Opens the database on first use, or by open(). */
export function createSqlTaskIndex(options: SqlTaskIndexOptions): TaskIndex {
  return new SqlTaskIndex(options);
}

class SqlTaskIndex implements TaskIndex {
  readonly #options: SqlTaskIndexOptions;
  readonly #writer: TaskWriter;
  #database: Promise<SqlDatabase> | undefined;

  constructor(options: SqlTaskIndexOptions) {
    this.#options = options;
    this.#writer = new TaskWriter({
      onWarning: options.onWarning,
      write: (batch) => this.#write(batch),
      prune: () => this.#prune(),
    });
  }

  async open(): Promise<void> {
    await withStateErrors(() => this.#open());
  }

  #open(): Promise<SqlDatabase> {
    this.#database ??= openIndex(this.#options.url).catch((error: unknown) => {
      this.#database = undefined;
      throw error;
    });
    return this.#database;
  }

  record(batch: readonly TaskEntry[]): Promise<void> {
    return this.#writer.record(batch);
  }

  update(change: TaskChange): void {
    this.#writer.update(change);
  }

  async #write({ entries, changes }: TaskBatch): Promise<void> {
    await commit(await this.#open(), async (tx) => {
      await insert(tx, [...entries.values()]);
      // In one order everywhere, so that no two gateways wait for each other.
      for (const { id, state, doneAtMs, etaMs, unlessDone } of [...changes.values()].sort(byId)) {
        const sql = `UPDATE ${TABLE} SET state = ?, done_at = ?, eta = COALESCE(?, eta) WHERE id = ?`;
        await tx.run(unlessDone === true ? `${sql} AND done_at IS NULL` : sql, [
          state,
          doneAtMs,
          etaMs ?? null,
          id,
        ]);
      }
    });
  }

  /** Rows are numbered in the order they came, with gaps. */
  async #prune(): Promise<boolean> {
    const { maxEntries = DEFAULT_STORED_ENTRIES, maxAgeSeconds = DEFAULT_MAX_AGE_SECONDS } = this.#options;
    const removed = await commit(await this.#open(), (tx) =>
      tx.run(
        `DELETE FROM ${TABLE} WHERE seq < (SELECT MIN(seq) FROM ${TABLE}) + ${PRUNED_ROWS}
          AND (seq <= (SELECT MAX(seq) FROM ${TABLE}) - ? OR submitted_at < ?)`,
        [maxEntries, Date.now() - maxAgeSeconds * 1000],
      ),
    );
    return removed > PRUNED_ROWS / 2;
  }

  async find(id: string): Promise<TaskEntry | undefined> {
    const entry = this.#writer.unwritten(id) ?? (await this.#select(id));
    return entry === undefined ? undefined : this.#writer.changed(entry);
  }

  #select(id: string): Promise<TaskEntry | undefined> {
    return withStateErrors(async () => {
      const database = await this.#open();
      const rows = await database.all<Row>(`SELECT seq, ${COLUMNS} FROM ${TABLE} WHERE id = ?`, [id]);
      return rows.map(toEntry)[0];
    });
  }

  async list(filter: TaskFilter): Promise<TaskPage> {
    const before = filter.cursor === undefined ? undefined : readTaskCursor(filter.cursor);
    await this.#writer.flush();
    return withStateErrors(async () => {
      const database = await this.#open();
      const { text, params } = toCondition(filter, before, database.dialect);
      const rows = await database.all<Row>(
        `SELECT seq, ${COLUMNS} FROM ${TABLE} ${text} ORDER BY seq DESC LIMIT ?`,
        [...params, filter.limit + 1],
      );
      const page = rows.slice(0, filter.limit);
      const last = page.at(-1);
      return {
        entries: page.map(toEntry),
        next: rows.length > page.length && last !== undefined ? toTaskCursor(last.seq) : undefined,
      };
    });
  }

  async close(): Promise<void> {
    await this.#writer.flush();
    await (await this.#database?.catch(() => undefined))?.close();
  }
}

async function openIndex(url: string): Promise<SqlDatabase> {
  const database = await openTables(url, schema);
  try {
    await addMissingColumns(database, TABLE, LATE_COLUMNS);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

function toCondition(
  filter: TaskFilter,
  before: number | undefined,
  dialect: SqlDialect,
): { readonly text: string; readonly params: readonly SqlValue[] } {
  const { state, task, queue, tag, sinceMs, untilMs, tenant, owner } = filter;
  const q = filter.q === undefined ? undefined : foldCase(filter.q);
  const [at, folded] = [POSITION[dialect], FOLDED[dialect]];
  const all: readonly (readonly [string, ...(SqlValue | undefined)[]])[] = [
    ["state = ?", state],
    ["task = ?", task],
    ["queue = ?", queue],
    [`${POSITION[dialect]}(tags, ?) > 0`, tag === undefined ? undefined : tagText([tag])],
    ["submitted_at >= ?", sinceMs],
    ["submitted_at < ?", untilMs],
    ["tenant = ?", tenant],
    ["owner = ?", owner],
    [`(${at}(${folded("id")}, ?) = 1 OR ${at}(${folded("task")}, ?) > 0)`, q, q],
    ["seq < ?", before],
  ];
  const given = all.filter(([, value]) => value !== undefined);
  const conditions = given.map(([text]) => text).join(" AND ");
  const params = given.flatMap(([, ...values]) => values.map((value) => value ?? null));
  return { text: conditions === "" ? "" : `WHERE ${conditions}`, params };
}

/** A gateway's word of a task counts more than what was observed. */
async function insert(tx: SqlTransaction, entries: readonly TaskEntry[]): Promise<void> {
  const observed = entries.filter(({ origin }) => origin === "observed");
  const accepted = observed.length === 0 ? entries : entries.filter(({ origin }) => origin === undefined);
  await insertRows(tx, await unknownOf(tx, observed), "DO NOTHING");
  const take = `DO UPDATE SET ${OF_ACCEPTED.join(", ")} WHERE ${TABLE}.origin IS NOT NULL`;
  await insertRows(tx, accepted, take);
}

async function insertRows(tx: SqlTransaction, entries: readonly TaskEntry[], known: string): Promise<void> {
  for (const slice of powerSlices(entries, ROWS)) {
    await tx.run(
      `INSERT INTO ${TABLE} (${COLUMNS}) VALUES ${repeat(ROW, slice.length)} ON CONFLICT (id) ${known}`,
      slice.flatMap(toParams),
    );
  }
}

/** An INSERT that finds a row there uses up a number all the same. */
async function unknownOf(tx: SqlTransaction, entries: readonly TaskEntry[]): Promise<readonly TaskEntry[]> {
  const known = new Set<string>();
  for (const slice of powerSlices(entries, ROWS)) {
    const { text, params } = inList(slice.map(({ id }) => id));
    const rows = await tx.all<Pick<Row, "id">>(`SELECT id FROM ${TABLE} WHERE id IN ${text}`, params);
    for (const { id } of rows) known.add(id);
  }
  return entries.filter(({ id }) => !known.has(id));
}

function toParams(entry: TaskEntry): SqlValue[] {
  const { id, task, queue, state, submittedAtMs, doneAtMs, etaMs, ignoreResult } = entry;
  const { tags, tenant, owner, replayedFrom, origin = null } = entry;
  const times = [submittedAtMs, doneAtMs, etaMs];
  const ownership = [tagText(tags), tenant, owner, replayedFrom, origin];
  return [id, task, queue, state, ...times, ignoreResult ? 1 : 0, ...ownership];
}

function tagText(tags: readonly string[]): string | null {
  return tags.length === 0 ? null : `,${tags.map((tag) => JSON.stringify(tag)).join(",")},`;
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
    // The gateway's own table: what is in it, it wrote.
    tags: row.tags === null ? [] : (JSON.parse(`[${row.tags.slice(1, -1)}]`) as readonly string[]),
    tenant: row.tenant,
    owner: row.owner,
    replayedFrom: row.replayed_from,
    ...(row.origin === null ? {} : { origin: row.origin }),
  };
}

function byId(one: { readonly id: string }, other: { readonly id: string }): number {
  return one.id < other.id ? -1 : 1;
}
