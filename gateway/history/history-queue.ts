/** What waits to be written: filled by requests and events, which never wait for it, and emptied a few times a second. */
export interface HistoryQueueOptions<Item> {
  readonly write: (items: readonly Item[]) => Promise<void>;
  readonly onWarning: (message: string, error?: unknown) => void;
  /** Items that wait at most; the oldest are left out. */
  readonly limit?: number;
}

/** Time for which items are gathered. */
const GATHER_MS = 100;
const MAX_WAITING = 20_000;
/** Items of one write. */
const MAX_BATCH = 500;
/** What is left out is told at most as often. */
const WARN_EVERY_MS = 60_000;

export class HistoryQueue<Item> {
  readonly #options: HistoryQueueOptions<Item>;
  readonly #limit: number;
  #waiting: Item[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #dropped = 0;
  #untold = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: HistoryQueueOptions<Item>) {
    this.#options = options;
    this.#limit = options.limit ?? MAX_WAITING;
  }

  /** Items that were left out so far. */
  get dropped(): number {
    return this.#dropped;
  }

  push(item: Item): void {
    // Many at once, since moving the others costs as much as one.
    if (this.#waiting.length >= this.#limit) this.#drop(Math.ceil(this.#limit / 20));
    this.#waiting.push(item);
    this.#timer ??= setTimeout(() => void this.flush(), GATHER_MS).unref();
  }

  #drop(count: number): void {
    this.#waiting.splice(0, count);
    this.#lost(count, undefined);
  }

  #lost(count: number, error: unknown): void {
    this.#dropped += count;
    this.#untold += count;
    const nowMs = performance.now();
    if (nowMs - this.#toldAtMs < WARN_EVERY_MS) return;
    const what = `${this.#untold} events of tasks are missing from the history`;
    const why = error === undefined ? ": they come faster than they can be written" : "";
    this.#toldAtMs = nowMs;
    this.#untold = 0;
    this.#options.onWarning(what + why, error);
  }

  /** Resolves when all that waited is written, or could not be. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#writeAll());
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, MAX_BATCH);
      this.#waiting = this.#waiting.slice(MAX_BATCH);
      await this.#options.write(batch).catch((error: unknown) => this.#lost(batch.length, error));
    }
  }
}
