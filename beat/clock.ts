/** Time as beat sees it; tests have one of their own. */
import { setTimeout as sleep } from "node:timers/promises";

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that nobody can set back; stands still while the machine is suspended. */
  elapsed(): number;
  /** Resolves after so long, or when `signal` aborts. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** Longest that Node's timers can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const SYSTEM_CLOCK: Clock = {
  now: Date.now,
  elapsed: () => performance.now(),
  async sleep(durationMs, signal) {
    try {
      await sleep(Math.min(durationMs, MAX_TIMER_MS), undefined, signal === undefined ? {} : { signal });
    } catch {
      // Aborted: that is one way for a sleep to end.
    }
  },
};
