/**
 * Which job runs when: at once while the pool has room, else in order of arrival, else when its ETA comes, else never
 * (expired, revoked). Knows nothing of brokers and results.
 */
import { EtaSchedule } from "./eta.ts";
import type { Job } from "./job.ts";
import { failure, type Outcome, revoked } from "./outcome.ts";
import type { Pool } from "./pool.ts";
import { RateLimits, type RateTurns } from "./rate-limits.ts";
import { askToStop, type TimeLimits } from "./time-limits.ts";

export interface SchedulerOptions {
  readonly pool: Pool;
  /** Runs a job, in the pool or beside it; see {@link Pool.run}. */
  readonly run: Pool["run"];
  /** Called when a job begins. */
  readonly onStart: (job: Job) => void;
  /** Runs beside the pool, within bounds of its own: it takes no place, and waits for none. */
  readonly isBeside?: (job: Job) => boolean;
  readonly limits: TimeLimits;
  /** Starts a second of tasks that set no rate limit; undefined for no limit. */
  readonly rateLimit: number | undefined;
  readonly disableRateLimits: boolean;
  /** Rate limits that other workers share; undefined: this worker counts for itself. */
  readonly rateTurns: RateTurns | undefined;
  readonly onWarning: (message: string, error?: unknown) => void;
  /** Called when a job has ended, run or not. */
  readonly onEnd: (job: Job, outcome: Outcome) => void;
  /** Should the job end as REVOKED instead of running? */
  readonly isRevoked: (job: Job) => boolean;
}

/** How a task ends that was told to stop, or whose process was. */
const BROKEN_OFF: ReadonlySet<Outcome["state"]> = new Set<Outcome["state"]>(["FAILURE", "LOST"]);

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #active = new Set<Job>();
  readonly #eta: EtaSchedule = new EtaSchedule((job) => this.#due(job));
  readonly rateLimits: RateLimits;
  /** Jobs that wait for room; `#head` is the next one, so that taking it moves nothing. */
  #waiting: Job[] = [];
  #head = 0;
  #besideCount = 0;
  #idle: (() => void) | undefined;
  #stopped = false;
  #aborted = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.rateLimits = new RateLimits({
      isDisabled: options.disableRateLimits,
      shared: options.rateTurns,
      onWarning: options.onWarning,
      fallback: options.rateLimit,
      onAllowed: (job) => this.#enqueue(job),
    });
  }

  /** Jobs being run. */
  get active(): ReadonlySet<Job> {
    return this.#active;
  }

  /** Jobs that are due and wait for room, or for their rate limit. */
  get waiting(): readonly Job[] {
    return [...this.#waiting.slice(this.#head), ...this.rateLimits.waiting];
  }

  /** Jobs that wait for their ETA. */
  get scheduled(): readonly Job[] {
    return [...this.#eta.jobs()];
  }

  get scheduledCount(): number {
    return this.#eta.size;
  }

  /** Jobs being run that take no place in the pool. */
  get besideCount(): number {
    return this.#besideCount;
  }

  get #hasRoom(): boolean {
    return this.#active.size - this.#besideCount < this.#options.pool.size;
  }

  /** False for a job that runs beside the pool. */
  takesPlace(job: Job): boolean {
    return this.#options.isBeside?.(job) !== true;
  }

  add(job: Job): void {
    const { etaMs } = job.request;
    if (etaMs !== undefined) {
      const nowMs = Date.now();
      if (etaMs > nowMs && this.refusal(job) === undefined) {
        this.#eta.add(job, nowMs);
        return;
      }
    }
    this.#due(job);
  }

  #due(job: Job): void {
    if (this.rateLimits.allows(job)) this.#enqueue(job);
  }

  #enqueue(job: Job): void {
    const startsNow = !this.takesPlace(job) || (this.#hasRoom && this.#head === this.#waiting.length);
    if (startsNow) this.#start(job);
    else this.#waiting.push(job);
  }

  #start(job: Job): void {
    // The broker has taken it back (its connection ended): another worker has it by now.
    if (job.delivery.lost) return;
    const refused = this.refusal(job);
    if (refused !== undefined) {
      this.#options.onEnd(job, refused);
      return;
    }
    this.#active.add(job);
    if (!this.takesPlace(job)) this.#besideCount += 1;
    const running = this.#options.run(job, this.#onStart);
    if (running instanceof Promise) {
      running.then(
        (outcome) => this.#end(job, outcome),
        (error: unknown) => this.#end(job, failure(error)),
      );
    } else this.#end(job, running);
  }

  readonly #onStart = (job: Job): void => {
    job.startedAtMs = Date.now();
    this.#options.onStart(job);
    this.#options.limits.start(job);
  };

  /** The end of a job that must not run. */
  refusal(job: Job): Outcome | undefined {
    const { expiresMs } = job.request;
    if (expiresMs !== undefined && Date.now() > expiresMs) return revoked("expired");
    return this.#options.isRevoked(job) ? revoked("revoked") : undefined;
  }

  #end(job: Job, outcome: Outcome): void {
    // A run that was ended by force has had its outcome.
    if (!this.#active.delete(job)) return;
    if (!this.takesPlace(job)) this.#besideCount -= 1;
    this.#options.limits.stop(job);
    // What was told to stop with its worker has not failed: it goes on in another one.
    if (this.#aborted && BROKEN_OFF.has(outcome.state)) job.delivery.reject({ requeue: true });
    else this.#options.onEnd(job, outcome);
    this.#fill();
    if (this.#active.size === 0) this.#idle?.();
  }

  #filling = false;

  /** Starts what waits while there is room. A job that ends at once does not call itself deeper. */
  #fill(): void {
    if (this.#filling || this.#stopped) return;
    this.#filling = true;
    while (this.#head < this.#waiting.length && this.#hasRoom) {
      const job = this.#waiting[this.#head];
      this.#head += 1;
      if (job !== undefined) this.#start(job);
    }
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    }
    this.#filling = false;
  }

  /** Starts no further job and returns those that were not started. */
  stop(): Job[] {
    this.#stopped = true;
    const left = [...this.#waiting.slice(this.#head), ...this.rateLimits.clear(), ...this.#eta.clear()];
    this.#waiting = [];
    this.#head = 0;
    return left;
  }

  /** Resolves when no job runs. */
  async idle(): Promise<void> {
    if (this.#active.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  /** Asks all running jobs to stop, through their AbortSignal; those that do not succeed from now on go back to their queue. */
  abortActive(reason: Error): void {
    this.#aborted = true;
    for (const job of this.#active) askToStop(job, reason);
  }

  /** Ends a running job with an outcome of the caller's. The task is asked to stop, and killed where the pool can. */
  endByForce(job: Job, outcome: Outcome, reason: Error): void {
    if (!this.#active.has(job)) return;
    askToStop(job, reason);
    this.#options.pool.kill?.(job);
    this.#end(job, outcome);
  }

  /** Starts what waits, after the pool has grown. */
  fill(): void {
    this.#fill();
  }
}
