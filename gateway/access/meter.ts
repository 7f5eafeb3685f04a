/** One quota of one caller: counted in the state, from which this gateway takes portions so that it need not ask each time. */
import type { Awaitable } from "../../codecs/index.ts";
import type { Counters } from "../state/state-store.ts";
import type { Quota, QuotaName } from "./policy.ts";

export interface MeterOptions {
  readonly counters: Counters;
  readonly key: string;
  readonly name: QuotaName;
  readonly quota: Quota;
}

/** Part of a quota that is taken in advance: a hundredth, so that small ones are counted one by one. */
const PORTION = 0.01;
/** How old the count that answers tell may be; other gateways take from it, too. */
const LOOK_MS = 1000;

export class Meter {
  readonly name: QuotaName;
  readonly quota: Quota;
  readonly #counters: Counters;
  readonly #key: string;
  /** Taken from the state, and not used yet. */
  #own = 0;
  /** Left in the state when it was asked last. */
  #left: number;
  #endsAtMs = 0;
  #askedAtMs = 0;
  #asking: Promise<unknown> = Promise.resolve();

  constructor({ counters, key, name, quota }: MeterOptions) {
    this.#counters = counters;
    this.#key = key;
    this.name = name;
    this.quota = quota;
    this.#left = quota.quota;
  }

  /** False when there is not as much left; then nothing is taken. */
  take(amount: number): Awaitable<boolean> {
    if (this.#own >= amount && Date.now() < this.#endsAtMs) {
      this.#own -= amount;
      return true;
    }
    return this.#inTurn(() => this.#take(amount));
  }

  /** Brings what answers tell up to date. */
  look(): Awaitable<void> {
    const nowMs = Date.now();
    if (nowMs < this.#endsAtMs && nowMs - this.#askedAtMs < LOOK_MS) return undefined;
    return this.#inTurn(async () => {
      this.#expire();
      await this.#ask(0);
    });
  }

  remaining(): number {
    return this.#own + this.#left;
  }

  /** Until there is more; at least 1. */
  resetSeconds(): number {
    const untilMs = this.#endsAtMs - Date.now();
    return untilMs > 0 ? Math.ceil(untilMs / 1000) : this.quota.window;
  }

  /** One question at a time, so that a portion is not taken twice. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#asking.then(work);
    this.#asking = result.catch(() => undefined);
    return result;
  }

  async #take(amount: number): Promise<boolean> {
    this.#expire();
    const missing = amount - this.#own;
    const portion = Math.floor(this.quota.quota * PORTION);
    // Whoever was before in the line may have taken a portion.
    const isThere = missing <= 0 || (portion > missing && (await this.#ask(portion)));
    if (!isThere && !(await this.#ask(missing))) return false;
    this.#own -= amount;
    return true;
  }

  /** Takes so much into what is its own; false when there is not as much. */
  async #ask(amount: number): Promise<boolean> {
    const nowMs = Date.now();
    const limit = { limit: this.quota.quota, windowMs: this.quota.window * 1000 };
    const { taken, remaining, resetMs } = await this.#counters.take(this.#key, amount, limit, nowMs);
    this.#endsAtMs = nowMs + resetMs;
    this.#askedAtMs = nowMs;
    this.#left = remaining;
    if (taken) this.#own += amount;
    return taken;
  }

  /** What was taken from a window ends with it. */
  #expire(): void {
    if (Date.now() >= this.#endsAtMs) this.#own = 0;
  }
}
