/** Writes of one turn of the event loop share a transaction: a commit costs more than most of them. */
import { isTransient, type SqlDatabase, type SqlTransaction } from "../../../stores/sql/index.ts";
import { toStateError } from "../state-error.ts";
import { commit } from "./commit.ts";

/** Work that may be done anew when its transaction was rolled back. Nothing outside the transaction may change in it. */
export type SqlWork<Result> = (tx: SqlTransaction) => Promise<Result>;

interface Job {
  /** What it locks: jobs are done in this order, so that no two gateways wait for each other. */
  readonly lock: string;
  /** Resolves with how to tell the caller, once that is committed. */
  readonly run: (tx: SqlTransaction) => Promise<() => void>;
  readonly reject: (error: unknown) => void;
}

/** Jobs of one transaction at most. */
const MAX_GROUP = 128;
/** Transactions at one time: SQLite has one writer anyway. */
const LANES = { sqlite: 1, postgresql: 2 };

export class GroupCommit {
  readonly #database: () => Promise<SqlDatabase>;
  readonly #waiting: Job[] = [];
  #running = 0;
  #lanes = 1;
  #isScheduled = false;

  constructor(database: () => Promise<SqlDatabase>) {
    this.#database = database;
  }

  /** Rejects with StateError. */
  run<Result>(lock: string, work: SqlWork<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const run = async (tx: SqlTransaction): Promise<() => void> => {
        const result = await work(tx);
        return () => resolve(result);
      };
      this.#waiting.push({ lock, run, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.length === 0 || this.#running >= this.#lanes) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      void this.#next();
    });
  }

  async #next(): Promise<void> {
    const group = this.#waiting.splice(0, MAX_GROUP);
    this.#running += 1;
    this.#schedule();
    try {
      const database = await this.#database();
      this.#lanes = LANES[database.dialect];
      await this.#commit(database, group);
    } catch (error) {
      for (const { reject } of group) reject(toStateError(error));
    }
    this.#running -= 1;
    this.#schedule();
  }

  async #commit(database: SqlDatabase, group: readonly Job[]): Promise<void> {
    try {
      await commitOnce(database, group);
    } catch (error) {
      if (group.length === 1 || isTransient(error)) {
        for (const { reject } of group) reject(toStateError(error));
        return;
      }
      // One of them cannot be done; the others shall not suffer from it.
      for (const job of group) await this.#commit(database, [job]);
    }
  }
}

async function commitOnce(database: SqlDatabase, group: readonly Job[]): Promise<void> {
  const inOrder = [...group].sort(byLock);
  const done = await commit(database, async (tx) => {
    const told: (() => void)[] = [];
    for (const job of inOrder) told.push(await job.run(tx));
    return told;
  });
  for (const tell of done) tell();
}

function byLock(one: Job, other: Job): number {
  if (one.lock === other.lock) return 0;
  return one.lock < other.lock ? -1 : 1;
}
