/** Works off one topic of the agenda, side by side with other gateways. */
import type { Agenda, ClaimedEntry } from "../state/state-store.ts";

export interface AgendaLoopOptions {
  readonly agenda: Agenda;
  readonly topic: string;
  /** How long others leave a claimed entry alone. */
  readonly leaseMs: number;
  /** Entries worked on at one time. */
  readonly limit: number;
  readonly pollMs: number;
  readonly now: () => number;
  /** Settles or postpones the entry; one that is left alone comes back when its lease ends. */
  readonly work: (entry: ClaimedEntry) => Promise<void>;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** Longest pause while the store cannot be reached. */
const MAX_PAUSE_MS = 30_000;

export class AgendaLoop {
  readonly #options: AgendaLoopOptions;
  readonly #running = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #wakesAtMs = Number.POSITIVE_INFINITY;
  /** The turn that is wanted after the next one. */
  #thenAtMs = Number.POSITIVE_INFINITY;
  #turning: Promise<void> | undefined;
  #failures = 0;
  #isOpen = false;

  constructor(options: AgendaLoopOptions) {
    this.#options = options;
  }

  /** Twice is fine. */
  start(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#wakeIn(0);
  }

  /** Something is due at a time; sooner than the next poll, perhaps. */
  wakeAt(dueAtMs: number): void {
    // A timer may be a moment early.
    this.#wakeIn(Math.max(0, dueAtMs - this.#options.now() + 1));
  }

  /** Takes nothing new, and waits for what runs. */
  async stop(): Promise<void> {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    await this.#turning;
    await Promise.all(this.#running);
  }

  #wakeIn(delayMs: number): void {
    const atMs = performance.now() + delayMs;
    if (!this.#isOpen) return;
    this.#thenAtMs = Math.min(this.#thenAtMs, Math.max(atMs, this.#wakesAtMs));
    if (atMs >= this.#wakesAtMs) return;
    this.#wakesAtMs = atMs;
    // The end of a turn sets the timer.
    if (this.#turning === undefined) this.#setTimer();
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#turn(), Math.max(0, this.#wakesAtMs - performance.now()));
  }

  #turn(): void {
    const { pollMs, onWarning } = this.#options;
    this.#wakesAtMs = this.#thenAtMs;
    this.#thenAtMs = Number.POSITIVE_INFINITY;
    let pauseMs = pollMs;
    this.#turning = this.#claim()
      .then(() => {
        this.#failures = 0;
      })
      .catch((error: unknown) => {
        this.#failures += 1;
        pauseMs = Math.min(MAX_PAUSE_MS, pollMs * 2 ** Math.min(this.#failures, 10));
        onWarning("Callbacks cannot be read from the gateway's store", error);
      })
      .then(() => {
        this.#wakesAtMs = Math.min(this.#wakesAtMs, performance.now() + pauseMs);
        this.#turning = undefined;
        if (this.#isOpen) this.#setTimer();
      });
  }

  async #claim(): Promise<void> {
    const { agenda, topic, leaseMs, limit, now } = this.#options;
    const free = limit - this.#running.size;
    if (free <= 0) return;
    const entries = await agenda.claim(topic, { nowMs: now(), leaseMs, limit: free });
    for (const entry of entries) this.#work(entry);
  }

  #work(entry: ClaimedEntry): void {
    const { work, limit, onWarning } = this.#options;
    const running = work(entry)
      .catch((error: unknown) => onWarning("A callback is tried again later", error))
      .then(() => {
        // Then there may be more that is due.
        const wasFull = this.#running.size >= limit;
        this.#running.delete(running);
        if (wasFull) this.#wakeIn(0);
      });
    this.#running.add(running);
  }
}
