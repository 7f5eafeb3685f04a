/**
 * What is known of replays, for all gateways of a store. Whoever runs a replay holds its queue under a lease, which it renews
 * with every save; a replay that runs without its lease was left by a gateway that died.
 */
import type { Records, StateRecord } from "../state/state-store.ts";

/** Which letters are sent again; absent parts allow all. */
export interface ReplayFilter {
  readonly reason?: string;
  readonly task?: string;
  /** When the letter died, in milliseconds since 1970, both ends included. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

/** `interrupted`: its gateway ended before it. */
export type ReplayState = "running" | "done" | "cancelled" | "failed" | "interrupted";

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
  /** Of tasks or queues that its caller may not use: they stay. */
  readonly refused: number;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
}

/** How a replay stands after it was saved: `lost` when another one has its queue. */
export type Standing = "mine" | "cancelled" | "lost";

const KIND = "replay";
/** By queue: the id of the replay that runs. */
const ACTIVE = "replay-active";
/** How long a replay is remembered that nobody saves any more. */
const KEEP_MS = 86_400_000;
/** After a gateway's death its replays count as running for so long. */
export const LEASE_MS = 15_000;
const MAX_TRIES = 5;

export class ReplayRecords {
  readonly #records: Records;
  readonly #leaseMs: number;

  constructor(records: Records, leaseMs: number = LEASE_MS) {
    this.#records = records;
    this.#leaseMs = leaseMs;
  }

  /** Keeps a new record, unless another one of its queue is running: then it resolves with the id of that one. */
  async begin(record: ReplayRecord): Promise<string | undefined> {
    const { id, queue } = record;
    const lease = { expiresAtMs: Date.now() + this.#leaseMs };
    const other = await this.#records.add(ACTIVE, queue, id, lease);
    if (other !== undefined) return other.value;
    await this.#put(record);
    return undefined;
  }

  /** Keeps how far one is, and renews its lease or ends it. One that was cancelled elsewhere stays as it is. */
  async save(record: ReplayRecord): Promise<Standing> {
    const { id, queue, state } = record;
    const [there, lease] = await Promise.all([this.#records.get(KIND, id), this.#records.get(ACTIVE, queue)]);
    const isMine = lease?.value === id;
    if (there !== undefined && read(there).state === "cancelled") {
      if (isMine) await this.#release(lease);
      return "cancelled";
    }
    if (state === "running" && !isMine) return "lost";
    // Somebody may cancel it in between: the next save finds that.
    if ((await this.#put(record, there?.version)) === undefined) return isMine ? "mine" : "lost";
    if (state === "running") {
      const options = { expiresAtMs: Date.now() + this.#leaseMs, ...(lease && { ifVersion: lease.version }) };
      await this.#records.put(ACTIVE, queue, id, options);
    } else if (isMine) await this.#release(lease);
    return "mine";
  }

  async get(id: string): Promise<ReplayRecord | undefined> {
    const found = await this.#records.get(KIND, id);
    if (found === undefined) return undefined;
    const record = read(found);
    if (record.state !== "running") return record;
    const lease = await this.#records.get(ACTIVE, record.queue);
    return lease?.value === id ? record : { ...record, state: "interrupted" };
  }

  /** Cancels one that is running, wherever it does. */
  async cancel(id: string): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const found = await this.#records.get(KIND, id);
      if (found === undefined) return;
      const record = read(found);
      if (record.state !== "running") return;
      const cancelled = { ...record, state: "cancelled", endedAtMs: Date.now() } as const;
      if ((await this.#put(cancelled, found.version)) !== undefined) return;
    }
  }

  async #put(record: ReplayRecord, ifVersion?: number): Promise<number | undefined> {
    return this.#records.put(KIND, record.id, JSON.stringify(record), {
      expiresAtMs: Date.now() + KEEP_MS,
      ...(ifVersion === undefined ? {} : { ifVersion }),
    });
  }

  async #release({ key, version }: StateRecord): Promise<void> {
    await this.#records.delete(ACTIVE, key, { ifVersion: version });
  }
}

function read({ value }: StateRecord): ReplayRecord {
  return JSON.parse(value) as ReplayRecord; // What stands there, a gateway wrote.
}
