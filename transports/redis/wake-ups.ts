/**
 * Tells when a queue may have got a message, without a blocking pop: a popped message that the connection no longer
 * delivers is lost. The server remembers the keys a connection asked for (CLIENT TRACKING) and, when one changes, says so on
 * the subscribing connection. Servers and proxies that do not offer this are asked again and again instead.
 */
import type { Redis } from "ioredis";
import { isRefusal } from "../../stores/redis.ts";

const CHANNEL = "__redis__:invalidate";

/** A connection that listens. Its number is asked for before it subscribes: afterwards it may ask nothing. */
export interface Listener {
  readonly client: Redis;
  /** Rejects where the server does not tell. */
  readonly id: Promise<number>;
}

export interface WakeUpOptions {
  /** The connection that reads the queues. */
  readonly client: Redis;
  /** Opens or returns the connection that listens, with the server's number for it. */
  readonly subscriber: () => Promise<Listener>;
  /** Pause between looks where the server does not notify. */
  readonly pollingIntervalMs: number;
  /** Longest wait where it does: what a notification that went missing costs. */
  readonly safetyMs: number;
  readonly onWarning: (message: string, error?: unknown) => void;
}

export class WakeUps {
  readonly #options: WakeUpOptions;
  readonly #waiting = new Map<string, Set<() => void>>();
  /** True when the server notifies, false when it must be polled. */
  #notifies: Promise<boolean> | undefined;

  constructor(options: WakeUpOptions) {
    this.#options = options;
  }

  /** Resolves when one of the lists may hold something, when `signal` aborts, or after `safetyMs`. */
  async wait(lists: readonly string[], signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#notifies ??= this.#track();
    if (!(await this.#notifies)) return this.#sleep([], this.#options.pollingIntervalMs, signal);
    if (lists.length === 0) return this.#sleep([], this.#options.safetyMs, signal);
    // Listening before asking: what arrives between the two is announced.
    await this.#sleep(lists, this.#options.safetyMs, signal, (wake) => {
      const { client } = this.#options;
      // In one turn, so that nothing comes between: the first makes the server remember the keys of the second.
      void client.client("CACHING", "YES").catch(wake);
      client.exists(...lists).then((found) => {
        if (found > 0) wake();
      }, wake);
    });
  }

  /** Ends all waits, because the connection ended. */
  wakeAll(): void {
    this.#onChanged(undefined);
  }

  #sleep(
    lists: readonly string[],
    durationMs: number,
    signal: AbortSignal,
    arm?: (wake: () => void) => void,
  ): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        for (const list of lists) this.#forget(list, wake);
        resolve();
      };
      const timer = setTimeout(wake, durationMs);
      signal.addEventListener("abort", wake, { once: true });
      if (signal.aborted) return wake();
      for (const list of lists) this.#remember(list, wake);
      arm?.(wake);
    });
  }

  #remember(list: string, wake: () => void): void {
    const waiting = this.#waiting.get(list) ?? new Set();
    waiting.add(wake);
    this.#waiting.set(list, waiting);
  }

  #forget(list: string, wake: () => void): void {
    const waiting = this.#waiting.get(list);
    waiting?.delete(wake);
    if (waiting?.size === 0) this.#waiting.delete(list);
  }

  async #track(): Promise<boolean> {
    const { client, subscriber, onWarning } = this.#options;
    const { client: listener, id } = await subscriber();
    try {
      const redirect = await id;
      listener.on("messageBuffer", (channel: Buffer, keys: unknown) => {
        if (channel.toString() === CHANNEL) this.#onChanged(keys);
      });
      await listener.subscribe(CHANNEL);
      await client.client("TRACKING", "ON", "REDIRECT", redirect, "OPTIN");
      return true;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      onWarning(
        `Redis does not notify (CLIENT TRACKING); polling every ${this.#options.pollingIntervalMs} ms`,
        error,
      );
      return false;
    }
  }

  /** Without keys the server forgot all it knew (FLUSHDB): everybody looks again. */
  #onChanged(keys: unknown): void {
    const changed = Array.isArray(keys) ? keys.map(String) : [...this.#waiting.keys()];
    for (const key of changed) for (const wake of [...(this.#waiting.get(key) ?? [])]) wake();
  }
}
