/**
 * Soft and hard time limits of running tasks. The soft one asks the task to stop, the hard one ends it. A call's own limits
 * win over the task's, and those over the worker's (celery/worker/request.py).
 */
import { SoftTimeLimitExceeded } from "../app/index.ts";
import type { Job } from "./job.ts";

/** Seconds; undefined means none. */
export interface Limits {
  readonly soft: number | undefined;
  readonly hard: number | undefined;
}

export interface TimeLimitsOptions extends Limits {
  /** Ends the run. */
  readonly onHard: (job: Job, seconds: number) => void;
}

/** Longest delay a Node timer takes, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class TimeLimits {
  readonly #options: TimeLimitsOptions;
  readonly #ofTask = new Map<string, Limits>();
  readonly #timers = new Map<Job, readonly NodeJS.Timeout[]>();

  constructor(options: TimeLimitsOptions) {
    this.#options = options;
  }

  /** What remote control set, by task. */
  get changed(): ReadonlyMap<string, Limits> {
    return this.#ofTask;
  }

  /** Replaces the limits of a task, from its next run on; undefined for none. */
  set(task: string, limits: Limits): void {
    this.#ofTask.set(task, limits);
  }

  /** Once more for a job that begins anew. */
  start(job: Job): void {
    this.stop(job);
    const { soft, hard } = this.#limitsOf(job);
    if (soft === undefined && hard === undefined) return;
    const timers: NodeJS.Timeout[] = [];
    if (soft !== undefined) timers.push(after(soft, () => askToStop(job, new SoftTimeLimitExceeded(soft))));
    if (hard !== undefined) timers.push(after(hard, () => this.#options.onHard(job, hard)));
    this.#timers.set(job, timers);
  }

  stop(job: Job): void {
    const timers = this.#timers.get(job);
    if (timers === undefined) return;
    for (const timer of timers) clearTimeout(timer);
    this.#timers.delete(job);
  }

  #limitsOf({ request, task }: Job): Limits {
    const { soft, hard } = this.#options;
    const ofTask = this.#ofTask.get(task.name) ?? {
      soft: task.options.softTimeLimit ?? soft,
      hard: task.options.timeLimit ?? hard,
    };
    return {
      soft: request.softTimeLimitSeconds ?? ofTask.soft,
      hard: request.timeLimitSeconds ?? ofTask.hard,
    };
  }
}

/** Aborts the signal that the task may listen to. */
export function askToStop(job: Job, reason: Error): void {
  job.abort ??= new AbortController();
  if (job.abort.signal.aborted) return;
  job.abort.abort(reason);
  job.onAbort?.(reason);
}

function after(seconds: number, act: () => void): NodeJS.Timeout {
  return setTimeout(act, Math.min(MAX_TIMER_MS, seconds * 1000));
}
