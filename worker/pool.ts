/** The pool seam: where tasks run. Scheduling is not its business; it is asked only when there is room. */
import type { Job } from "./job.ts";
import type { Outcome } from "./outcome.ts";

export interface Pool {
  readonly name: string;
  /** Tasks run at once. It may change while the pool runs. */
  readonly size: number;
  /** Processes that tasks run in. */
  readonly pids: readonly number[];
  /** Processes or threads started so far; absent where tasks run in this one. */
  readonly childrenStarted?: number;
  /** Runs tasks of any name: another program knows them. */
  readonly runsAnyTask?: boolean;
  /** Resolves when tasks can be run; rejects when they never will. */
  start?(): Promise<void>;
  /**
   * Runs one task. A task that throws is an {@link Outcome}; a rejected promise means that the pool itself broke.
   * A synchronous answer saves the fastest tasks a turn of the event loop. `job.abort` or `job.onAbort` asks the task to stop. `onStart` is
   * called when the task begins: a process may have to be started before.
   */
  run(job: Job, onStart: (job: Job) => void): Outcome | Promise<Outcome>;
  /** Ends a run by force, whatever the task does; nobody listens to its outcome any more. Absent where nothing can. */
  kill?(job: Job): void;
  /** Makes room for so many more tasks, or fewer; those that run are never ended for it. Absent where the size is fixed. */
  resize?(by: number): void;
  /** Replaces all processes by fresh ones as they become idle. */
  restart?(): void;
  /** Twice is fine. */
  close(): Promise<void>;
}

/** What a pool is made from. */
export interface PoolOptions {
  /** undefined takes the pool's default. */
  readonly concurrency: number | undefined;
  /** Runs a task in this process. */
  readonly execute: (job: Job) => Outcome | Promise<Outcome>;
  /** Stores a state between start and end. */
  readonly updateState: (job: Job, state: string, meta: unknown) => Promise<void>;
  /** Where processes load the app from, as the command line names it; undefined when nobody said. */
  readonly appModule: string | undefined;
  /** Node name of the worker. */
  readonly hostname: string;
  /** Tasks at once in each process. */
  readonly childConcurrency: number;
  /** Tasks after which a process is replaced; null means never. */
  readonly maxTasksPerChild: number | null;
  /** Resident memory, in KiB, beyond which a process is replaced; null means never. */
  readonly maxMemoryPerChild: number | null;
  /** What the pool's name points to, without its scheme: a URL, a command. */
  readonly target: string | undefined;
  /** Secrets that sign calls to other programs. */
  readonly poolSecrets: readonly string[];
  /** Largest answer of another program, in bytes. */
  readonly maxBytes: number;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** A pool module's default export. */
export type PoolFactory = (options: PoolOptions) => Pool | Promise<Pool>;
