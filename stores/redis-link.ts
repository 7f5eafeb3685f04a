/** A connection to Redis that is opened when it is needed, and again after it ended. */
import type { Redis } from "ioredis";
import { CelerityError, toError } from "../protocol/index.ts";
import { isRefusal, isTemporaryRefusal, type OpenRedisOptions, openRedis, unavailable } from "./redis.ts";
import type { RedisTarget } from "./redis-url.ts";

export interface RedisLinkOptions extends OpenRedisOptions {
  readonly target: RedisTarget;
  /** Called with every new client before anybody else gets it. */
  readonly onOpened?: (client: Redis) => void;
  /** Called when the connection ended and was not closed. */
  readonly onEnded?: () => void;
}

/** First and longest pause between two attempts. */
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1000;

export class RedisLink {
  readonly #options: RedisLinkOptions;
  readonly #stop = new AbortController();
  #opening: Promise<Redis> | undefined;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
  }

  /** The open connection, or a new one. */
  client(): Promise<Redis> {
    if (this.#stop.signal.aborted) return Promise.reject(closed());
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<Redis> {
    const { target, onOpened, onEnded } = this.#options;
    const { client, ended } = await openRedis(target, this.#options);
    void ended.then(() => {
      this.#opening = undefined;
      if (!this.#stop.signal.aborted) onEnded?.();
    });
    if (this.#stop.signal.aborted) client.disconnect();
    onOpened?.(client);
    return client;
  }

  /**
   * Does something that may be done twice, and again while the server is away or in trouble, for `budgetMs` in all.
   * Rejects with the unavailable error of the link's role; with the server's own answer when that will not change.
   */
  async run<Result>(work: (client: Redis) => Promise<Result>, budgetMs: number): Promise<Result> {
    const deadlineAtMs = performance.now() + budgetMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
      try {
        return await work(await this.client());
      } catch (error) {
        if (!mayPass(error) || this.#stop.signal.aborted) throw this.#failure(error);
        if (performance.now() + pauseMs > deadlineAtMs) throw this.#failure(error);
        await this.#pause(pauseMs * (0.5 + Math.random() / 2));
      }
    }
  }

  #failure(error: unknown): Error {
    if (this.#stop.signal.aborted) return closed();
    if (error instanceof CelerityError) return error;
    return unavailable(this.#options.target, this.#options.role, toError(error));
  }

  #pause(durationMs: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, durationMs);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  /** Closes the connection; what is under way rejects. Twice is fine. */
  close(): void {
    this.#stop.abort();
    this.#opening?.then((client) => client.disconnect()).catch(() => undefined);
  }
}

function closed(): CelerityError {
  return new CelerityError("closed", "The connection to Redis was closed.");
}

/** Trouble that time may cure: no connection, or a server that is loading, full, or no longer the master. */
function mayPass(error: unknown): boolean {
  const { cause } = toError(error);
  const answer = isRefusal(error) ? error : isRefusal(cause) ? cause : undefined;
  if (answer !== undefined) return isTemporaryRefusal(answer);
  // Errors of our own without an answer behind them: what could not be reached, but not what cannot be encoded.
  return !(error instanceof CelerityError) || error.code.endsWith("_unavailable");
}
