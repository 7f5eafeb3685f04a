/**
 * A database does not push results, so one poller for all who wait asks for all their ids at once: often while there is
 * news, seldom while there is none, and at once when the database is heard to change.
 */
import { createBell, type SqlDatabase } from "../../stores/sql/index.ts";
import { COLUMNS, type TaskRow } from "./task-row.ts";

export interface ResultPollerOptions {
  /** Opens the database, or gives the open one. */
  readonly open: () => Promise<SqlDatabase>;
  readonly read: (db: SqlDatabase, taskIds: readonly string[]) => Promise<readonly TaskRow[]>;
  /** Ids that are waited for now. */
  readonly waitedFor: ReadonlyMap<string, unknown>;
  /** A row that is new, or different from when it was last read. */
  readonly onRow: (row: TaskRow) => void;
  /** Is it worth to read again after this error? */
  readonly mayPass: (error: unknown) => Promise<boolean>;
  /** The database cannot be read: nobody gets an answer any more. */
  readonly onFailure: (error: unknown) => void;
}

export interface ResultPoller {
  /** Somebody waits for a task: its row is reported even when it is known. */
  look(taskId: string): void;
  /** The topic under which results are announced. */
  readonly topic: string;
}

const SHORTEST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;
const PAUSE_GROWTH = 1.5;
/** A database that is away is tried for this long. */
const OUTAGE_BUDGET_MS = 60_000;
const OUTAGE_PAUSE_MS = 250;
const TOPIC = "results";

export function createResultPoller(options: ResultPollerOptions): ResultPoller {
  const bell = createBell();
  const known = new Map<string, TaskRow>();
  let running = false;
  /** Since when no reading succeeded. */
  let failingSinceMs: number | undefined;

  /** Reads once; says whether anything was new. */
  const poll = async (db: SqlDatabase): Promise<boolean> => {
    for (const id of known.keys()) if (!options.waitedFor.has(id)) known.delete(id);
    let news = false;
    for (const row of await options.read(db, [...options.waitedFor.keys()])) {
      const id = String(row.task_id);
      const before = known.get(id);
      if (before !== undefined && sameRow(before, row)) continue;
      known.set(id, row);
      news = true;
      options.onRow(row);
    }
    return news;
  };

  const pollWhileWaitedFor = async (): Promise<void> => {
    const db = await options.open();
    const unwatch = db.watch((topic) => {
      if (topic === undefined || topic === TOPIC) bell.ring();
    });
    try {
      let pauseMs = SHORTEST_PAUSE_MS;
      while (options.waitedFor.size > 0) {
        const startedAtMs = performance.now();
        const news = await poll(db);
        failingSinceMs = undefined;
        if (options.waitedFor.size === 0) return;
        pauseMs = news ? SHORTEST_PAUSE_MS : Math.min(pauseMs * PAUSE_GROWTH, LONGEST_PAUSE_MS);
        // Never more than half of the time in queries, however much there is to hear.
        await sleep(performance.now() - startedAtMs);
        if (await bell.wait(db.hearsEverything ? LONGEST_PAUSE_MS : pauseMs)) pauseMs = SHORTEST_PAUSE_MS;
      }
    } finally {
      unwatch();
    }
  };

  const run = async (): Promise<void> => {
    while (options.waitedFor.size > 0) {
      try {
        await pollWhileWaitedFor();
      } catch (error) {
        failingSinceMs ??= performance.now();
        const late = performance.now() - failingSinceMs > OUTAGE_BUDGET_MS;
        if (late || !(await options.mayPass(error))) options.onFailure(error);
        else await sleep(OUTAGE_PAUSE_MS);
      }
    }
  };

  const start = (): void => {
    if (running) return;
    running = true;
    void run().finally(() => {
      running = false;
      // Somebody may have come while the last turn ended.
      if (options.waitedFor.size > 0) start();
    });
  };

  return {
    topic: TOPIC,
    look(taskId) {
      known.delete(taskId);
      bell.ring();
      start();
    },
  };
}

function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

function sameRow(one: TaskRow, other: TaskRow): boolean {
  return COLUMNS.every((column) => {
    const [a, b] = [one[column], other[column]];
    return a === b || (a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0);
  });
}
