/** What is known of replays: in memory, so that a restarted gateway has forgotten them. Their letters are where they are. */

/** Which letters are sent again; absent parts allow all. */
export interface ReplayFilter {
  readonly reason?: string;
  readonly task?: string;
  /** When the letter died, in milliseconds since 1970, both ends included. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

export type ReplayState = "running" | "done" | "cancelled" | "failed";

/** A replay of the dead letters of one queue, and how far it is. */
export interface ReplayRecord {
  readonly id: string;
  readonly queue: string;
  /** Default: where each letter came from. */
  readonly toQueue: string | undefined;
  readonly filter: ReplayFilter;
  readonly ratePerSecond: number;
  readonly state: ReplayState;
  /** Letters there were when it began. */
  readonly total: number;
  /** Sent again. */
  readonly moved: number;
  /** Could not be sent, and stay. */
  readonly failed: number;
  /** Left out by the filter. */
  readonly kept: number;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
}

export interface ReplayRecords {
  /** Keeps a new record, unless another one of its queue is running: then it resolves with that one. */
  begin(record: ReplayRecord): Promise<ReplayRecord | undefined>;
  /** Keeps how far one is; resolves with false when it was cancelled meanwhile. */
  save(record: ReplayRecord): Promise<boolean>;
  get(id: string): Promise<ReplayRecord | undefined>;
  /** Cancels one that is running. */
  cancel(id: string): Promise<void>;
}

/** Records that are remembered; the oldest go. */
const MAX_RECORDS = 1000;

export function createMemoryReplayRecords(): ReplayRecords {
  const records = new Map<string, ReplayRecord>();
  return {
    async begin(record) {
      for (const other of records.values())
        if (other.queue === record.queue && other.state === "running") return other;
      const oldest = [...records.values()].find(({ state }) => state !== "running");
      if (records.size >= MAX_RECORDS && oldest !== undefined) records.delete(oldest.id);
      records.set(record.id, record);
      return undefined;
    },
    async save(record) {
      if (records.get(record.id)?.state === "cancelled") return false;
      records.set(record.id, record);
      return true;
    },
    async get(id) {
      return records.get(id);
    },
    async cancel(id) {
      const record = records.get(id);
      if (record?.state !== "running") return;
      records.set(id, { ...record, state: "cancelled", endedAtMs: Date.now() });
    },
  };
}
