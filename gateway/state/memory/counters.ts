/** Counters in this process. */
import { type CounterWindow, counterState } from "../counter-state.ts";
import type { CounterLimit, CounterState, Counters } from "../state-store.ts";
import { createSweep, type Sweep } from "./sweep.ts";

export class MemoryCounters implements Counters {
  readonly #windows = new Map<string, CounterWindow>();
  readonly #sweep: Sweep = createSweep(
    this.#windows,
    ({ endsAtMs }, nowMs) => endsAtMs <= nowMs,
    (key) => this.#windows.delete(key),
  );

  async take(key: string, amount: number, limit: CounterLimit, nowMs: number): Promise<CounterState> {
    const known = this.#windows.get(key);
    const window = known === undefined || known.endsAtMs <= nowMs ? undefined : known;
    const total = (window?.taken ?? 0) + amount;
    if (amount <= 0 || total > limit.limit) return counterState(amount <= 0, window, limit, nowMs);
    const taken = { endsAtMs: window?.endsAtMs ?? nowMs + limit.windowMs, taken: total };
    this.#windows.set(key, taken);
    this.#sweep(nowMs);
    return counterState(true, taken, limit, nowMs);
  }
}
