/** Jobs that wait for their time. They stay unacknowledged at the broker, so a crash loses none. */
import type { Job } from "./job.ts";

/** Longest delay a Node timer takes, in milliseconds; longer waits are cut into pieces. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class EtaSchedule {
  readonly #onDue: (job: Job) => void;
  readonly #waiting = new Map<Job, NodeJS.Timeout>();

  constructor(onDue: (job: Job) => void) {
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Jobs that wait, in no order. */
  jobs(): Iterable<Job> {
    return this.#waiting.keys();
  }

  /** Keeps the job until its ETA. */
  add(job: Job, nowMs: number): void {
    const leftMs = (job.request.etaMs ?? nowMs) - nowMs;
    const timer = setTimeout(() => this.#fire(job), Math.min(MAX_TIMER_MS, Math.max(0, leftMs)));
    this.#waiting.set(job, timer);
  }

  #fire(job: Job): void {
    const nowMs = Date.now();
    if ((job.request.etaMs ?? 0) > nowMs) {
      this.add(job, nowMs);
      return;
    }
    this.#waiting.delete(job);
    this.#onDue(job);
  }

  /** Stops all timers and returns the jobs that were not due. */
  clear(): Job[] {
    const jobs = [...this.#waiting.keys()];
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    return jobs;
  }
}
