/** Failed logins by address: who fails too often is not looked up any more until the minute is over. */
import { isIPv6 } from "node:net";

const WINDOW_MS = 60_000;
/** Addresses kept at most; the oldest go first. */
const MAX_ADDRESSES = 10_000;

interface Window {
  readonly endsAtMs: number;
  failed: number;
}

export class Failures {
  readonly #windows = new Map<string, Window>();
  readonly #limit: number;

  /** `limit` a minute; 0: no limit. */
  constructor(limit: number) {
    this.#limit = limit === 0 ? Number.POSITIVE_INFINITY : limit;
  }

  note(address: string, nowMs: number): void {
    const key = networkOf(address);
    const known = this.#windows.get(key);
    if (known !== undefined && nowMs < known.endsAtMs) {
      known.failed += 1;
      return;
    }
    this.#windows.delete(key);
    const [oldest] = this.#windows.keys();
    if (this.#windows.size >= MAX_ADDRESSES && oldest !== undefined) this.#windows.delete(oldest);
    this.#windows.set(key, { endsAtMs: nowMs + WINDOW_MS, failed: 1 });
  }

  /** Milliseconds until this address may try again; 0 when it may now. */
  blockedMs(address: string, nowMs: number): number {
    if (this.#windows.size === 0) return 0;
    const known = this.#windows.get(networkOf(address));
    return known === undefined || known.failed < this.#limit ? 0 : Math.max(0, known.endsAtMs - nowMs);
  }
}

/** One customer has many IPv6 addresses: those of a /64 count as one. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith("::ffff:")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(":").length;
  return [...groups, ...new Array<string>(Math.max(0, missing)).fill("0")].slice(0, 4).join(":");
}
