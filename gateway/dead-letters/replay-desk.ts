/** The replays that this gateway runs, and what is known of those of others. */
import { randomUUID } from "node:crypto";
import type { App, DeadLetter } from "../../app/index.ts";
import { Problem } from "../problems.ts";
import type { StateStore } from "../state/state-store.ts";
import { runReplay } from "./replay-job.ts";
import { LEASE_MS, type ReplayRecord, ReplayRecords, type ReplayState } from "./replay-records.ts";

export interface ReplayDeskOptions {
  readonly app: App;
  readonly state: StateStore;
  /** Told of each letter that was sent. */
  readonly onMoved?: (letter: DeadLetter) => void;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** What a caller asks for. */
export interface ReplayOrder extends Pick<ReplayRecord, "queue" | "toQueue" | "filter" | "ratePerSecond"> {
  /** Whether the caller may have a letter sent. */
  readonly isAllowed: (letter: DeadLetter) => boolean;
}

/** How often progress is written down while a replay runs, and looked whether somebody cancelled it. */
const SAVE_INTERVAL_MS = 2000;

interface Running {
  record: ReplayRecord;
  /** How it ended, when somebody ended it. */
  ended: ReplayState | undefined;
  savedAtMs: number;
  saving: Promise<void>;
  readonly stop: AbortController;
  work: Promise<void>;
}

export class ReplayDesk {
  readonly #options: ReplayDeskOptions;
  readonly #records: ReplayRecords;
  readonly #running = new Map<string, Running>();

  constructor(options: ReplayDeskOptions) {
    this.#options = options;
    this.#records = new ReplayRecords(options.state.records);
  }

  /** Begins. Throws Problem `replay-active`. */
  async start({ isAllowed, ...order }: ReplayOrder): Promise<ReplayRecord> {
    const record: ReplayRecord = {
      ...order,
      id: randomUUID(),
      state: "running",
      total: 0,
      moved: 0,
      failed: 0,
      kept: 0,
      refused: 0,
      startedAtMs: Date.now(),
      endedAtMs: undefined,
    };
    const other = await this.#records.begin(record);
    if (other !== undefined) throw new Problem("replay-active", { members: { id: other } });
    const running: Running = {
      record,
      ended: undefined,
      savedAtMs: Date.now(),
      saving: Promise.resolve(),
      stop: new AbortController(),
      work: Promise.resolve(),
    };
    this.#running.set(record.id, running);
    running.work = this.#run(running, isAllowed);
    return record;
  }

  /** undefined for one that nobody knows. */
  async get(id: string): Promise<ReplayRecord | undefined> {
    return this.#running.get(id)?.record ?? (await this.#records.get(id));
  }

  /** Resolves when it has stopped, or was told to at the gateway that runs it. One that has ended stays as it is. */
  async cancel(id: string): Promise<void> {
    const running = this.#running.get(id);
    if (running === undefined) return this.#records.cancel(id);
    stop(running, "cancelled");
    await running.work;
  }

  /** Stops all. */
  async close(): Promise<void> {
    const all = [...this.#running.values()];
    for (const running of all) stop(running, "interrupted");
    await Promise.all(all.map(({ work }) => work));
  }

  async #run(running: Running, isAllowed: ReplayOrder["isAllowed"]): Promise<void> {
    const { app, onMoved, onWarning } = this.#options;
    const { record } = running;
    const timer = setInterval(() => void this.#save(running), SAVE_INTERVAL_MS);
    let state: ReplayState = "done";
    try {
      const onProgress = (change: Partial<ReplayRecord>): void => {
        running.record = { ...running.record, ...change };
      };
      await runReplay({ app, record, isAllowed, onMoved, signal: running.stop.signal, onProgress });
    } catch (error) {
      state = running.ended ?? "failed";
      if (state === "failed") onWarning(`The replay of dead letters of ${record.queue} has failed`, error);
    }
    clearInterval(timer);
    running.record = { ...running.record, state, endedAtMs: Date.now() };
    await this.#save(running);
    this.#running.delete(record.id);
  }

  /** One after another, so that an older state never follows a newer one. */
  #save(running: Running): Promise<void> {
    running.saving = running.saving.then(() => this.#saveNow(running));
    return running.saving;
  }

  async #saveNow(running: Running): Promise<void> {
    try {
      const standing = await this.#records.save(running.record);
      running.savedAtMs = Date.now();
      if (standing === "cancelled") stop(running, "cancelled");
      else if (standing === "lost") stop(running, "interrupted");
    } catch (error) {
      this.#options.onWarning("The progress of a replay could not be kept", error);
      // By now another gateway may have begun one.
      if (Date.now() - running.savedAtMs > LEASE_MS) stop(running, "interrupted");
    }
  }
}

function stop(running: Running, state: ReplayState): void {
  running.ended ??= state;
  running.stop.abort();
}
