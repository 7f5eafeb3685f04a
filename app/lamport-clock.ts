/** Celery's logical clock: it orders events and control messages of many nodes. Source: kombu/clocks.py. */
export class LamportClock {
  #value = 0;

  get value(): number {
    return this.#value;
  }

  /** Before something is sent. */
  forward(): number {
    this.#value += 1;
    return this.#value;
  }

  /** When something is received. */
  adjust(other: unknown): number {
    const seen = typeof other === "number" && Number.isSafeInteger(other) ? other : 0;
    this.#value = Math.max(this.#value, seen) + 1;
    return this.#value;
  }
}
