/** Histories in a database: a row for each event. What was added outlives a killed process. */
import {
  inList,
  openTables,
  powerSlices,
  repeat,
  type SchemaObject,
  type SqlDatabase,
  type SqlDialect,
  type SqlTransaction,
  type SqlValue,
} from "../../../stores/sql/index.ts";
import { commit } from "../../state/sql/commit.ts";
import { withStateErrors } from "../../state/state-error.ts";
import {
  byTime,
  type EventFacts,
  eventKey,
  HISTORY_TYPES,
  type HistoryEvent,
  type HistoryType,
  MAX_EVENTS,
} from "../event.ts";
import type { EventRetention, EventStore } from "./event-store.ts";

export interface SqlEventsOptions extends EventRetention {
  /** `sqlite:///path/gateway.db`, or `postgresql://...`. */
  readonly url: string;
}

const TABLE = "celerity_gateway_history";
const SEQUENCE: Readonly<Record<SqlDialect, string>> = {
  sqlite: "INTEGER PRIMARY KEY",
  postgresql: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
};
/** Tasks have about so many events: rows are what can be counted without looking at all of them. */
const ROWS_PER_TASK = 8;
/** Rows of one INSERT; a power of two. */
const ROWS = 64;
/** Superfluous rows that are removed at once: more than come meanwhile, and so few that nobody waits long. */
const PRUNED_ROWS = 5000;
const MAX_IDS = 256;

function schema(dialect: SqlDialect): readonly SchemaObject[] {
  return [
    {
      name: TABLE,
      ddl: `CREATE TABLE ${TABLE} (seq ${SEQUENCE[dialect]}, task_id VARCHAR(155) NOT NULL, type SMALLINT NOT NULL,
        at BIGINT NOT NULL, source TEXT NOT NULL, facts TEXT NOT NULL, UNIQUE (task_id, at, type, source))`,
    },
  ];
}

interface Row {
  readonly task_id: string;
  /** Place in HISTORY_TYPES. */
  readonly type: number;
  readonly at: number;
  readonly source: string;
  readonly facts: string;
}

const COLUMNS = "task_id, type, at, source, facts";
const ROW = "(?, ?, ?, ?, ?)";

/** Opens the database on first use, or by open(). */
export function createSqlEvents(options: SqlEventsOptions): EventStore {
  return new SqlEvents(options);
}

class SqlEvents implements EventStore {
  readonly #options: SqlEventsOptions;
  #database: Promise<SqlDatabase> | undefined;

  constructor(options: SqlEventsOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    await withStateErrors(() => this.#open());
  }

  #open(): Promise<SqlDatabase> {
    this.#database ??= openTables(this.#options.url, schema).catch((error: unknown) => {
      this.#database = undefined;
      throw error;
    });
    return this.#database;
  }

  add(events: readonly HistoryEvent[]): Promise<readonly HistoryEvent[]> {
    const told = events.filter(isTold);
    return withStateErrors(async () => {
      const news = await commit(await this.#open(), async (tx) => {
        await insertOwn(tx, told.length === 0 ? events : events.filter((event) => !isTold(event)));
        return insertTold(tx, told);
      });
      return told.length === 0
        ? events
        : events.filter((event) => !isTold(event) || news.delete(identity(event)));
    });
  }

  read(taskId: string): Promise<readonly HistoryEvent[]> {
    return withStateErrors(async () => {
      const rows = await (await this.#open()).all<Row>(
        `SELECT ${COLUMNS} FROM ${TABLE} WHERE task_id = ? ORDER BY at DESC LIMIT ${MAX_EVENTS}`,
        [taskId],
      );
      return rows.map(toEvent).sort(byTime);
    });
  }

  firstTimes(taskIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return withStateErrors(async () => {
      const database = await this.#open();
      const times = new Map<string, number>();
      for (const slice of powerSlices(taskIds, MAX_IDS)) {
        const { text, params } = inList(slice);
        const sql = `SELECT task_id, MIN(at) AS at FROM ${TABLE} WHERE task_id IN ${text} GROUP BY task_id`;
        for (const row of await database.all<Pick<Row, "task_id" | "at">>(sql, params))
          times.set(row.task_id, row.at);
      }
      return times;
    });
  }

  /** Rows are numbered in the order they came, with gaps. */
  prune(): Promise<boolean> {
    const { keepMs, maxTasks } = this.#options;
    return withStateErrors(async () => {
      const removed = await commit(await this.#open(), (tx) =>
        tx.run(
          `DELETE FROM ${TABLE} WHERE seq < (SELECT MIN(seq) FROM ${TABLE}) + ${PRUNED_ROWS}
            AND (seq <= (SELECT MAX(seq) FROM ${TABLE}) - ? OR at < ?)`,
          [maxTasks * ROWS_PER_TASK, Date.now() - keepMs],
        ),
      );
      return removed > PRUNED_ROWS / 2;
    });
  }

  async close(): Promise<void> {
    await (await this.#database?.catch(() => undefined))?.close();
  }
}

/** Heard by all gateways; the others are what one gateway did, and always news. */
function isTold({ source }: HistoryEvent): boolean {
  return source !== "";
}

async function insertOwn(tx: SqlTransaction, events: readonly HistoryEvent[]): Promise<void> {
  for (const slice of powerSlices(events, ROWS))
    await tx.run(insertText(slice.length), slice.flatMap(toParams));
}

/** Resolves with the identities of those that were not there. */
async function insertTold(tx: SqlTransaction, events: readonly HistoryEvent[]): Promise<Set<string>> {
  const known = await knownOf(tx, events);
  const added = new Set<string>();
  // In one order everywhere, so that no two gateways wait for each other.
  const missing = events.filter((event) => !known.has(identity(event))).sort(byIdentity);
  for (const slice of powerSlices(missing, ROWS)) {
    const rows = await tx.all<Row>(
      `${insertText(slice.length)} RETURNING task_id, type, at, source, '{}' AS facts`,
      slice.flatMap(toParams),
    );
    for (const row of rows) added.add(identity(toEvent(row)));
  }
  return added;
}

/** Those that another gateway has told of. An INSERT that finds them there would use up numbers of rows. */
async function knownOf(tx: SqlTransaction, events: readonly HistoryEvent[]): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  const ids = [...new Set(events.map(({ taskId }) => taskId))];
  for (const slice of powerSlices(ids, MAX_IDS)) {
    const { text, params } = inList(slice);
    const sql = `SELECT task_id, type, at, source, '{}' AS facts FROM ${TABLE} WHERE task_id IN ${text}`;
    for (const row of await tx.all<Row>(sql, params)) known.add(identity(toEvent(row)));
  }
  return known;
}

function insertText(rows: number): string {
  return `INSERT INTO ${TABLE} (${COLUMNS}) VALUES ${repeat(ROW, rows)} ON CONFLICT DO NOTHING`;
}

function identity(event: HistoryEvent): string {
  return `${event.taskId} ${eventKey(event)}`;
}

function byIdentity(one: HistoryEvent, other: HistoryEvent): number {
  return identity(one) < identity(other) ? -1 : 1;
}

function toParams({ taskId, type, atMs, source, facts }: HistoryEvent): SqlValue[] {
  return [taskId, HISTORY_TYPES.indexOf(type), atMs, source, JSON.stringify(facts)];
}

function toEvent({ task_id: taskId, type, at, source, facts }: Row): HistoryEvent {
  // The gateway's own table: what is in it, it wrote.
  const known = { taskId, atMs: at, source, facts: JSON.parse(facts) as EventFacts };
  return { ...known, type: HISTORY_TYPES[type] ?? ("progress" satisfies HistoryType) };
}
