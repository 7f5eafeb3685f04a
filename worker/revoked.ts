/** Revoked tasks, by id and by stamp: bounded, and ids are forgotten in time, as in Celery (celery/worker/state.py). */
import { isPlainObject } from "../protocol/index.ts";

const MAX_IDS = 50_000;
const KEPT_MS = 10_800_000;
/** Celery forgets no stamp; a stranger could fill the memory with them. */
const MAX_STAMPS = 50_000;

/** What is kept across restarts. */
export interface RevokedRecord {
  /** Ids, and when they were revoked, in milliseconds since 1970. */
  readonly ids: readonly (readonly [string, number])[];
  readonly stamps: readonly (readonly [string, readonly string[]])[];
}

export class RevokedTasks {
  /** Id and when it was revoked; oldest first. */
  readonly #ids = new Map<string, number>();
  readonly #stamps = new Map<string, Set<string>>();
  #stampCount = 0;

  add(taskId: string, atMs: number = Date.now()): void {
    this.#ids.delete(taskId);
    this.#ids.set(taskId, atMs);
    for (const [id, revokedAtMs] of this.#ids) {
      if (this.#ids.size <= MAX_IDS && revokedAtMs > Date.now() - KEPT_MS) break;
      this.#ids.delete(id);
    }
  }

  has(taskId: string): boolean {
    if (this.#ids.size === 0) return false;
    const atMs = this.#ids.get(taskId);
    return atMs !== undefined && atMs > Date.now() - KEPT_MS;
  }

  /** Oldest first, without those that are forgotten. */
  ids(): string[] {
    return [...this.#ids.keys()].filter((id) => this.has(id));
  }

  /** Every task that has one of these values in this stamp is revoked. */
  addStamps(header: string, values: readonly string[]): void {
    const known = this.#stamps.get(header) ?? new Set<string>();
    this.#stamps.set(header, known);
    for (const value of values) {
      if (known.has(value) || this.#stampCount >= MAX_STAMPS) continue;
      known.add(value);
      this.#stampCount += 1;
    }
  }

  /** Do the message headers of a task have a revoked stamp? */
  hasStampOf(headers: Readonly<Record<string, unknown>>): boolean {
    const { stamps } = headers;
    if (this.#stamps.size === 0 || !isPlainObject(stamps)) return false;
    for (const [header, revoked] of this.#stamps) {
      const value = Object.hasOwn(stamps, header) ? stamps[header] : undefined;
      const values: readonly unknown[] = Array.isArray(value) ? value : [value];
      if (values.some((one) => typeof one === "string" && revoked.has(one))) return true;
    }
    return false;
  }

  /** For {@link restore}. */
  record(): RevokedRecord {
    return {
      ids: [...this.#ids].filter(([id]) => this.has(id)),
      stamps: [...this.#stamps].map(([header, values]) => [header, [...values]]),
    };
  }

  restore({ ids, stamps }: RevokedRecord): void {
    for (const [id, atMs] of ids) this.add(id, atMs);
    for (const [header, values] of stamps) this.addStamps(header, values);
  }
}
