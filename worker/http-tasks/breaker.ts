/** Hosts that fail again and again are left alone for a while; then one call finds out whether they are back. */

/** Failures in a row after which a host is left alone. */
const THRESHOLD = 5;
/** For how long, in milliseconds. */
const PAUSE_MS = 30_000;
/** Hosts that are remembered; they are those that failed last. */
const MAX_HOSTS = 10_000;

interface Trouble {
  readonly failures: number;
  readonly pausedUntilMs: number;
}

export class Breaker {
  readonly #hosts = new Map<string, Trouble>();

  /** Milliseconds until the host may be called; 0 for now. Whoever gets 0 after a pause is the one that tries. */
  waitMs(host: string, nowMs: number): number {
    const trouble = this.#hosts.get(host);
    if (trouble === undefined || trouble.failures < THRESHOLD) return 0;
    if (trouble.pausedUntilMs > nowMs) return trouble.pausedUntilMs - nowMs;
    this.#hosts.set(host, { ...trouble, pausedUntilMs: nowMs + PAUSE_MS });
    return 0;
  }

  succeeded(host: string): void {
    this.#hosts.delete(host);
  }

  failed(host: string, nowMs: number): void {
    const failures = (this.#hosts.get(host)?.failures ?? 0) + 1;
    // Put at the end of the map: its first one is forgotten first.
    this.#hosts.delete(host);
    this.#hosts.set(host, { failures, pausedUntilMs: nowMs + PAUSE_MS });
    const [oldest] = this.#hosts.keys();
    if (this.#hosts.size > MAX_HOSTS && oldest !== undefined) this.#hosts.delete(oldest);
  }
}
