/** Bounds on what may be held at one time. */
import { Problem } from "./problems.ts";

/** So many of something, or so many bytes: what is over is refused at once instead of queued. */
export class Budget {
  readonly #what: string;
  readonly #limit: number;
  #used = 0;

  /** `what` completes "Too many ..." */
  constructor(what: string, limit: number) {
    this.#what = what;
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Throws Problem `temporary-reduced-capacity`. Give back exactly what was taken. */
  take(amount: number = 1): void {
    if (this.#used + amount > this.#limit) {
      throw new Problem("temporary-reduced-capacity", {
        detail: `Too many ${this.#what}; the limit is ${this.#limit}. Nothing was done; try again shortly.`,
      });
    }
    this.#used += amount;
  }

  give(amount: number = 1): void {
    this.#used -= amount;
  }
}
