/** What is lost when this worker is ended now, so that whoever scales in can end the idlest one first. */
import type { Worker } from "../worker.ts";

/** Times are seconds. */
export interface DrainReport {
  /**
   * 0: nothing runs, and nothing is lost. Otherwise the seconds of work in progress, rounded up, plus one for each task.
   * What waits is given back to the broker, and costs nothing. It fits `controller.kubernetes.io/pod-deletion-cost`.
   */
  readonly score: number;
  readonly active: number;
  /** Due, and waiting for room. */
  readonly waiting: number;
  /** Waiting for their ETA. */
  readonly scheduled: number;
  readonly longestRunningSeconds: number;
  /** Of all tasks together. */
  readonly runningSeconds: number;
}

/** Kubernetes takes an int32. */
const MAX_SCORE = 2 ** 31 - 1;

/** `nowMs` is in milliseconds since 1970. */
export function drainReport({ jobs }: Pick<Worker, "jobs">, nowMs: number): DrainReport {
  const { active, waiting, scheduled } = jobs;
  const running = active.map(({ startedAtMs = nowMs }) => Math.max(0, nowMs - startedAtMs) / 1000);
  const runningSeconds = running.reduce((total, seconds) => total + seconds, 0);
  return {
    score: Math.min(MAX_SCORE, Math.ceil(runningSeconds) + active.length),
    active: active.length,
    waiting: waiting.length,
    scheduled: scheduled.length,
    longestRunningSeconds: running.reduce((longest, seconds) => Math.max(longest, seconds), 0),
    runningSeconds,
  };
}
