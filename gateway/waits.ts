/** Requests that wait for a task. A wait is an entry in a table, not a thread: thousands cost next to nothing. */
import type { App } from "../app/index.ts";
import { type ResultDocument, WaitTimeoutError } from "../protocol/index.ts";
import { Budget } from "./budget.ts";
import type { Exchange } from "./exchange.ts";

/** A wait that has begun. */
export interface Wait {
  /** The document waited for; undefined when the time is over, the caller has gone or the gateway closes. */
  readonly done: Promise<ResultDocument | undefined>;
  cancel(): void;
}

/** A place that is taken for a wait of any kind. */
export interface ReservedWait {
  /** Aborted when the caller goes away or the gateway closes. */
  readonly signal: AbortSignal;
  release(): void;
}

export class Waits {
  readonly #app: App;
  readonly #budget: Budget;
  readonly #running = new Set<AbortController>();
  #closed = false;

  constructor(app: App, limit: number) {
    this.#app = app;
    this.#budget = new Budget("requests wait for tasks", limit);
  }

  /** How many wait now. */
  get size(): number {
    return this.#running.size;
  }

  /**
   * A place among those who wait, taken before anything is sent; release it. Throws Problem `temporary-reduced-capacity`.
   */
  reserve(exchange: Exchange): ReservedWait {
    const { stop, release } = this.#take(exchange);
    return { signal: stop.signal, release };
  }

  #take(exchange: Exchange): { readonly stop: AbortController; readonly release: () => void } {
    this.#budget.take();
    const stop = new AbortController();
    this.#running.add(stop);
    exchange.onClose(() => stop.abort());
    if (this.#closed) stop.abort();
    const release = (): void => {
      if (this.#running.delete(stop)) this.#budget.give();
    };
    return { stop, release };
  }

  /**
   * Resolves when the wait is under way, so that a task published afterwards cannot end unseen. It ends with the first
   * document that `until` takes, and in any case with a final one. Throws Problem `temporary-reduced-capacity`.
   */
  async begin(
    exchange: Exchange,
    id: string,
    seconds: number,
    until?: (document: ResultDocument) => boolean,
  ): Promise<Wait> {
    const { stop, release } = this.#take(exchange);
    try {
      const done = this.#wait(id, seconds, stop, await this.#app.backend(), until).finally(release);
      // A task that could not be published leaves its wait unheard.
      done.catch(() => undefined);
      return { done, cancel: () => stop.abort() };
    } catch (error) {
      release();
      throw error;
    }
  }

  async #wait(
    id: string,
    seconds: number,
    stop: AbortController,
    backend: Awaited<ReturnType<App["backend"]>>,
    until: ((document: ResultDocument) => boolean) | undefined,
  ): Promise<ResultDocument | undefined> {
    let found: ResultDocument | undefined;
    const onChange = (document: ResultDocument): void => {
      if (until?.(document) !== true) return;
      found = document;
      stop.abort();
    };
    try {
      return await backend.wait(id, { timeoutMs: seconds * 1000, signal: stop.signal, onChange });
    } catch (error) {
      if (stop.signal.aborted || error instanceof WaitTimeoutError) return found;
      throw error;
    }
  }

  /** Ends all waits as if their time were over. */
  close(): void {
    this.#closed = true;
    for (const stop of [...this.#running]) stop.abort();
  }
}
