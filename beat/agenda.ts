/** What is to be done when: a binary heap of names by time. */

interface Item {
  readonly name: string;
  readonly atMs: number;
}

export class Agenda {
  readonly #heap: Item[] = [];
  /** The time that counts for a name: an item of another time is out of date. */
  readonly #times = new Map<string, number>();

  /** Plans a name for a time, instead of what was planned for it; Infinity for never. */
  plan(name: string, atMs: number): void {
    // What is planned anew for the same time, as at each loading, is in the heap.
    if (this.#times.get(name) === atMs) return;
    this.#times.set(name, atMs);
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#heap.push({ name, atMs });
    this.#rise(this.#heap.length - 1);
  }

  drop(name: string): void {
    this.#times.delete(name);
  }

  /** When the next one is due; Infinity for nothing. */
  nextAtMs(): number {
    this.#dropStale();
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** The names that are due, the earliest first; they are planned no more. */
  take(nowMs: number): string[] {
    const due: string[] = [];
    while (this.nextAtMs() <= nowMs) {
      const name = this.#heap[0]?.name ?? "";
      this.#pop();
      this.#times.delete(name);
      due.push(name);
    }
    return due;
  }

  #dropStale(): void {
    for (
      let top = this.#heap[0];
      top !== undefined && this.#times.get(top.name) !== top.atMs;
      top = this.#heap[0]
    )
      this.#pop();
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(from: number): void {
    for (let at = from; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const least = [left, right].reduce((best, child) => (this.#isBefore(child, best) ? child : best), at);
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    return a !== undefined && b !== undefined && a.atMs < b.atMs;
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a === undefined || b === undefined) return;
    this.#heap[one] = b;
    this.#heap[other] = a;
  }
}
