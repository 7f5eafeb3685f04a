/** The replays that this gateway runs. */
import { randomUUID } from "node:crypto";
import type { App } from "../../app/index.ts";
import { Problem } from "../problems.ts";
import { runReplay } from "./replay-job.ts";
import type { ReplayRecord, ReplayRecords, ReplayState } from "./replay-records.ts";

export interface ReplayDeskOptions {
  readonly app: App;
  readonly records: ReplayRecords;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** What a caller asks for. */
export type ReplayOrder = Pick<ReplayRecord, "queue" | "toQueue" | "filter" | "ratePerSecond">;

/** How often progress is written down while a replay runs, and looked whether somebody cancelled it. */
const SAVE_INTERVAL_MS = 1000;

interface Running {
  record: ReplayRecord;
  savedAtMs: number;
  readonly stop: AbortController;
  ended: Promise<void>;
}

export class ReplayDesk {
  readonly #options: ReplayDeskOptions;
  readonly #running = new Map<string, Running>();

  constructor(options: ReplayDeskOptions) {
    this.#options = options;
  }

  /** Begins. Throws Problem `replay-active`. */
  async start(order: ReplayOrder): Promise<ReplayRecord> {
    const record: ReplayRecord = {
      ...order,
      id: randomUUID(),
      state: "running",
      total: 0,
      moved: 0,
      failed: 0,
      kept: 0,
      startedAtMs: Date.now(),
      endedAtMs: undefined,
    };
    const other = await this.#options.records.begin(record);
    if (other !== undefined) throw new Problem("replay-active", { members: { id: other.id } });
    const running: Running = {
      record,
      savedAtMs: performance.now(),
      stop: new AbortController(),
      ended: Promise.resolve(),
    };
    this.#running.set(record.id, running);
    running.ended = this.#run(running);
    return record;
  }

  /** undefined for one that nobody knows. */
  async get(id: string): Promise<ReplayRecord | undefined> {
    return this.#running.get(id)?.record ?? (await this.#options.records.get(id));
  }

  /** Resolves when it has stopped, or was told to at the gateway that runs it. One that has ended stays as it is. */
  async cancel(id: string): Promise<void> {
    const running = this.#running.get(id);
    if (running === undefined) return this.#options.records.cancel(id);
    running.stop.abort();
    await running.ended;
  }

  /** Stops all. */
  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.cancel(id)));
  }

  async #run(running: Running): Promise<void> {
    const { app, onWarning } = this.#options;
    const { record, stop } = running;
    let state: ReplayState = "done";
    try {
      const onProgress = (change: Partial<ReplayRecord>): void => this.#progress(running, change);
      await runReplay({ app, record, signal: stop.signal, onProgress });
    } catch (error) {
      state = stop.signal.aborted ? "cancelled" : "failed";
      if (state === "failed") onWarning(`The replay of dead letters of ${record.queue} has failed`, error);
    }
    running.record = { ...running.record, state, endedAtMs: Date.now() };
    await this.#save(running);
    this.#running.delete(record.id);
  }

  #progress(running: Running, change: Partial<ReplayRecord>): void {
    running.record = { ...running.record, ...change };
    if (performance.now() - running.savedAtMs < SAVE_INTERVAL_MS) return;
    running.savedAtMs = performance.now();
    void this.#save(running);
  }

  async #save({ record, stop }: Running): Promise<void> {
    try {
      if (!(await this.#options.records.save(record))) stop.abort();
    } catch (error) {
      this.#options.onWarning("The progress of a replay could not be kept", error);
    }
  }
}
