/**
 * Returns parked messages to their queues in time, for stores that have nobody to do it: every process that consumes a
 * queue looks, and whoever comes first moves what is due. It looks when the earliest message that it knows of is due, once a
 * second while something is parked, because others park too, and now and then while nothing is.
 */

/** Longest pause between two looks while something is parked. */
const PARKED_MS = 1000;
/** And while nothing is. */
const IDLE_MS = 5000;
/** How long the same trouble is not reported again. */
const QUIET_MS = 60_000;

export interface DueWatchOptions {
  /** Moves what is due; resolves with the milliseconds until the next is, 0 for more now, undefined when nothing is parked. */
  readonly look: () => Promise<number | undefined>;
  /** A look failed; there will be another. */
  readonly onError: (error: unknown) => void;
}

export class DueWatch {
  readonly #options: DueWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #lookAtMs = Number.POSITIVE_INFINITY;
  #looking: Promise<void> = Promise.resolve();
  #isStarted = false;
  #isStopped = false;
  #reportedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: DueWatchOptions) {
    this.#options = options;
  }

  /** Looks, and goes on looking; once, however often it is called. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#schedule(0);
  }

  /** Something was parked that is due in so many milliseconds. */
  expect(leftMs: number): void {
    if (this.#isStarted) this.#schedule(pauseOf(leftMs));
  }

  /** Sets the timer, unless it is set for an earlier time. */
  #schedule(pauseMs: number): void {
    const atMs = performance.now() + pauseMs;
    if (this.#isStopped || atMs >= this.#lookAtMs) return;
    clearTimeout(this.#timer);
    this.#lookAtMs = atMs;
    this.#timer = setTimeout(() => {
      this.#lookAtMs = Number.POSITIVE_INFINITY;
      // One after the other: what was parked during a look may be due before it ends.
      this.#looking = this.#looking.then(() => this.#look()).then((nextMs) => this.#schedule(nextMs));
    }, pauseMs);
    this.#timer.unref();
  }

  /** Resolves with the pause until the next look. */
  async #look(): Promise<number> {
    try {
      const leftMs = await this.#options.look();
      return leftMs === undefined ? IDLE_MS : pauseOf(leftMs);
    } catch (error) {
      if (!this.#isStopped && performance.now() - this.#reportedAtMs > QUIET_MS) {
        this.#reportedAtMs = performance.now();
        this.#options.onError(error);
      }
      return PARKED_MS;
    }
  }

  /** Resolves when no look is under way and none will come. Twice is fine. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }
}

function pauseOf(leftMs: number): number {
  return Math.min(Math.max(0, leftMs), PARKED_MS);
}
