/** Spaces things evenly in time: never sooner than their rate says, but for what a timer was late. */
import { setTimeout as sleep } from "node:timers/promises";

/** Longest that lateness is made up for, in milliseconds. */
const TOLERANCE_MS = 10;

export class Pace {
  readonly #intervalMs: number;
  #nextAtMs = 0;

  constructor(perSecond: number) {
    this.#intervalMs = 1000 / perSecond;
  }

  /** Resolves when the next one may go; rejects with AbortError when the signal says so before. */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const nowMs = performance.now();
    const atMs = Math.max(this.#nextAtMs, nowMs - TOLERANCE_MS);
    this.#nextAtMs = atMs + this.#intervalMs;
    if (atMs > nowMs) await sleep(atMs - nowMs, undefined, { signal });
  }
}
