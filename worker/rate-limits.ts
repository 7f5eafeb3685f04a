/**
 * How often tasks of one name may start: a token bucket that holds one token, as in Celery, for each task with a limit, in
 * each worker or in all of them together. What has to wait keeps its order.
 * Source: celery/worker/consumer/consumer.py, celery/utils/time.py `rate`.
 */
import { ConfigurationError } from "../protocol/index.ts";
import type { Job } from "./job.ts";

const PER_SECOND: Readonly<Record<string, number>> = { s: 1, m: 1 / 60, h: 1 / 3600 };

/** `10/s`, `100/m`, `5/h`, or a number a second, as starts a second; 0 and null are undefined: no limit. Throws ConfigurationError. */
export function parseRate(rate: string | number | null | undefined): number | undefined {
  if (rate === null || rate === undefined) return undefined;
  const [, digits = "", unit = "s"] = /^(\d+(?:\.\d+)?)(?:\/([smh]?))?$/.exec(String(rate).trim()) ?? [];
  if (digits === "") {
    throw new ConfigurationError(`Invalid rate limit ${JSON.stringify(rate)}; write 10/s, 100/m or 5/h.`);
  }
  const perSecond = Number(digits) * (PER_SECOND[unit] ?? 1);
  return perSecond === 0 ? undefined : perSecond;
}

/** Turns that several workers share. */
export interface RateTurns {
  /** Milliseconds to wait before asking again; 0: the turn is taken. */
  take(task: string, perSecond: number): Promise<number>;
  close(): Promise<void>;
}

export interface RateLimitsOptions {
  /** For tasks without a limit of their own; starts a second. */
  readonly fallback: number | undefined;
  /** Limits that tasks set themselves do not count. */
  readonly isDisabled: boolean;
  /** undefined: each worker counts for itself. */
  readonly shared: RateTurns | undefined;
  /** Called when a job that had to wait may start. */
  readonly onAllowed: (job: Job) => void;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** A limit that remote control set: as it was written, and as starts a second. */
export interface ChangedRate {
  readonly written: string | number | null;
  readonly perSecond: number | undefined;
}

interface Bucket {
  readonly task: string;
  readonly perSecond: number;
  /** When this worker may start the next one, in milliseconds since 1970. */
  nextAtMs: number;
  readonly waiting: Job[];
  timer: NodeJS.Timeout | undefined;
  isAsking: boolean;
}

export class RateLimits {
  readonly #options: RateLimitsOptions;
  readonly #changed = new Map<string, ChangedRate>();
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: RateLimitsOptions) {
    this.#options = options;
  }

  /** What remote control set, by task. */
  get changed(): ReadonlyMap<string, ChangedRate> {
    return this.#changed;
  }

  /** Jobs that wait for their turn. */
  get waiting(): readonly Job[] {
    return [...this.#buckets.values()].flatMap(({ waiting }) => waiting);
  }

  /** True when the job may start now; otherwise it is kept, and `onAllowed` is called in its turn. */
  allows(job: Job): boolean {
    const perSecond = this.#rateOf(job);
    if (perSecond === undefined) return true;
    const bucket = this.#bucket(job.task.name, perSecond);
    if (this.#options.shared === undefined && bucket.waiting.length === 0 && Date.now() >= bucket.nextAtMs) {
      bucket.nextAtMs = Date.now() + 1000 / perSecond;
      return true;
    }
    bucket.waiting.push(job);
    this.#arm(bucket);
    return false;
  }

  /** Replaces the limit of a task at once; null for none. Throws as parseRate does. */
  set(task: string, written: string | number | null): void {
    this.#changed.set(task, { written, perSecond: parseRate(written) });
    const bucket = this.#buckets.get(task);
    if (bucket === undefined) return;
    const left = this.#drop(bucket);
    for (const job of left) if (this.allows(job)) this.#options.onAllowed(job);
  }

  /** Lets nothing go any more, and returns what waited. */
  clear(): readonly Job[] {
    return [...this.#buckets.values()].flatMap((bucket) => this.#drop(bucket));
  }

  #drop(bucket: Bucket): readonly Job[] {
    clearTimeout(bucket.timer);
    this.#buckets.delete(bucket.task);
    return bucket.waiting.splice(0);
  }

  #rateOf({ task }: Job): number | undefined {
    const changed = this.#changed.get(task.name);
    if (changed !== undefined) return changed.perSecond;
    if (this.#options.isDisabled) return undefined;
    const own = task.options.rateLimit;
    return own === undefined ? this.#options.fallback : parseRate(own);
  }

  #bucket(task: string, perSecond: number): Bucket {
    const known = this.#buckets.get(task);
    if (known !== undefined) return known;
    const bucket: Bucket = { task, perSecond, nextAtMs: 0, waiting: [], timer: undefined, isAsking: false };
    this.#buckets.set(task, bucket);
    return bucket;
  }

  #arm(bucket: Bucket): void {
    if (bucket.isAsking) return;
    bucket.timer ??= setTimeout(() => this.#turn(bucket), Math.max(0, bucket.nextAtMs - Date.now()));
  }

  #turn(bucket: Bucket): void {
    bucket.timer = undefined;
    const { shared } = this.#options;
    if (shared === undefined) this.#take(bucket, 0);
    else void this.#ask(bucket, shared).then((waitMs) => this.#take(bucket, waitMs));
  }

  #take(bucket: Bucket, waitMs: number): void {
    const intervalMs = 1000 / bucket.perSecond;
    if (waitMs > 0) bucket.nextAtMs = Date.now() + waitMs;
    else {
      // From when it was due, not from now: a late timer must not lower the rate for good.
      bucket.nextAtMs = Math.max(bucket.nextAtMs, Date.now() - intervalMs) + intervalMs;
      const job = bucket.waiting.shift();
      if (job !== undefined) this.#options.onAllowed(job);
    }
    if (bucket.waiting.length > 0) this.#arm(bucket);
  }

  /** How long to wait, in milliseconds. While the shared turns cannot be reached, this worker keeps the rate by itself. */
  async #ask(bucket: Bucket, shared: RateTurns): Promise<number> {
    bucket.isAsking = true;
    try {
      return await shared.take(bucket.task, bucket.perSecond);
    } catch (error) {
      this.#options.onWarning(
        `The rate limit of ${bucket.task} cannot be shared; this worker counts by itself`,
        error,
      );
      return 0;
    } finally {
      bucket.isAsking = false;
    }
  }
}
