/** A clock that stands still until a test moves it. */
import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../beat/clock.ts";

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** Turns of the event loop in which everything that is under way comes to rest. */
const TURNS = 20;

export class FakeClock implements Clock {
  #nowMs: number;
  #elapsedMs = 0;
  readonly #sleepers = new Set<Sleeper>();

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  elapsed(): number {
    return this.#elapsedMs;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper = { atMs: this.#elapsedMs + durationMs, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", wake);
    });
  }

  /** Lets time pass, with everything that happens meanwhile. */
  async pass(durationMs: number): Promise<void> {
    const endMs = this.#elapsedMs + durationMs;
    await this.rest();
    for (;;) {
      const next = [...this.#sleepers].sort((one, other) => one.atMs - other.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      this.#move(next.atMs);
      next.wake();
      await this.rest();
    }
    this.#move(endMs);
  }

  /** Time passes at once, as for a process that was stopped: everybody wakes up too late. */
  async jump(durationMs: number): Promise<void> {
    this.#move(this.#elapsedMs + durationMs);
    await this.pass(0);
  }

  async rest(): Promise<void> {
    for (let count = 0; count < TURNS; count += 1) await turn();
  }

  #move(elapsedMs: number): void {
    this.#nowMs += elapsedMs - this.#elapsedMs;
    this.#elapsedMs = elapsedMs;
  }
}
