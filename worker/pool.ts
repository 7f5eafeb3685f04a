/** The pool seam: where tasks run. Scheduling is not its business; it is asked only when there is room. */
import type { Job } from "./job.ts";
import type { Outcome } from "./outcome.ts";

export interface Pool {
  readonly name: string;
  /** Tasks run at once. */
  readonly size: number;
  /**
   * Runs one task. A task that throws is an {@link Outcome}; a rejected promise means that the pool itself broke.
   * A synchronous answer saves the fastest tasks a turn of the event loop.
   */
  run(job: Job): Outcome | Promise<Outcome>;
  /** Twice is fine. */
  close(): Promise<void>;
}

/** What a pool is made from. */
export interface PoolOptions {
  /** undefined takes the pool's default. */
  readonly concurrency: number | undefined;
  /** Runs a task in this process. */
  readonly execute: (job: Job) => Outcome | Promise<Outcome>;
}

/** A pool module's default export. */
export type PoolFactory = (options: PoolOptions) => Pool;
