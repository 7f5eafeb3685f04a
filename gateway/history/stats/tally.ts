/**
 * Counts what happens to tasks, by the minute and by the hour. Each gateway has records of its own, which it writes anew as they
 * grow, so that no two ever change the same one; a reader adds those of all gateways.
 */
import { randomUUID } from "node:crypto";
import { BoundedNames } from "../../metrics/bounded-names.ts";
import { getOrMake } from "../../state/get-or-make.ts";
import type { NewRecord, Records } from "../../state/state-store.ts";
import { type Bucket, type CountName, emptyBucket, writeBuckets } from "./bucket.ts";
import { addDuration } from "./histogram.ts";

/** How fine the records are. */
export interface Grain {
  readonly kind: string;
  readonly ms: number;
}
export const MINUTES: Grain = { kind: "stats-minutes", ms: 60_000 };
export const HOURS: Grain = { kind: "stats-hours", ms: 3_600_000 };

/** What is counted of one event. */
export interface Counted {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly task: string;
  readonly name: CountName;
  /** Seconds. */
  readonly wait?: number | undefined;
  readonly runtime?: number | undefined;
}

/** Names of tasks that are counted by themselves; all further ones are `other`. */
const MAX_TASKS = 100;
/** Events may be heard so late; older ones, and those of the future, count as of then and of now: clocks differ. */
const LATE_MS = 300_000;
/** How often what has changed is written. */
const WRITE_EVERY_MS = 2000;

/** A minute or an hour. */
interface Span {
  readonly startMs: number;
  readonly buckets: Map<string, Bucket>;
  isDirty: boolean;
}

export interface TallyOptions {
  readonly records: Records;
  readonly keepMs: number;
  readonly onWarning: (message: string, error?: unknown) => void;
}

export class Tally {
  readonly #options: TallyOptions;
  /** Sets this life of this gateway apart from all others. */
  readonly #self = randomUUID().slice(0, 13);
  readonly #names = new BoundedNames(MAX_TASKS);
  /** By when they begin, those that something may still be counted in. */
  readonly #spans: readonly { readonly grain: Grain; readonly open: Map<number, Span> }[] = [
    { grain: MINUTES, open: new Map() },
    { grain: HOURS, open: new Map() },
  ];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: TallyOptions) {
    this.#options = options;
  }

  count({ atMs, task, name, wait, runtime }: Counted): void {
    const nowMs = Date.now();
    const countedMs = Math.max(nowMs - LATE_MS, Math.min(nowMs, atMs));
    const label = this.#names.fit(task);
    for (const { grain, open } of this.#spans) {
      const bucket = bucketOf(open, Math.floor(countedMs / grain.ms) * grain.ms, label);
      bucket[name] += 1;
      if (wait !== undefined) addDuration(bucket.wait, wait);
      if (runtime !== undefined) addDuration(bucket.runtime, runtime);
    }
    this.#writeSoon();
  }

  #writeSoon(): void {
    this.#timer ??= setTimeout(() => void this.flush(), WRITE_EVERY_MS).unref();
  }

  /** Resolves when all that was counted is written, or could not be. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // One after another, so that an older record never follows a newer one.
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { records, keepMs, onWarning } = this.#options;
    for (const { grain, open } of this.#spans) {
      const dirty = [...open.values()].filter(({ isDirty }) => isDirty);
      for (const span of dirty) span.isDirty = false;
      const news = dirty.map(
        ({ startMs, buckets }): NewRecord => ({
          key: keyOf(grain, startMs, this.#self),
          value: writeBuckets(buckets),
          expiresAtMs: startMs + grain.ms + keepMs,
        }),
      );
      try {
        await records.putAll(grain.kind, news);
      } catch (error) {
        for (const span of dirty) span.isDirty = true;
        this.#writeSoon();
        onWarning("Statistics of tasks cannot be kept; trying again", error);
      }
    }
    this.#forget();
  }

  /** What nothing more is counted in. */
  #forget(): void {
    const nowMs = Date.now();
    for (const { grain, open } of this.#spans)
      for (const [startMs, { isDirty }] of open)
        if (!isDirty && startMs + grain.ms < nowMs - 2 * LATE_MS) open.delete(startMs);
  }
}

/** Of a task within a span, both made when there are none. */
function bucketOf(open: Map<number, Span>, startMs: number, task: string): Bucket {
  const span = getOrMake(open, startMs, () => ({ startMs, buckets: new Map(), isDirty: true }));
  span.isDirty = true;
  return getOrMake(span.buckets, task, emptyBucket);
}

/** Keys are in the order of their times. */
export function keyOf(grain: Grain, startMs: number, gateway: string): string {
  return `${String(Math.floor(startMs / grain.ms)).padStart(10, "0")} ${gateway}`;
}
