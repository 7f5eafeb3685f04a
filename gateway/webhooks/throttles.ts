/** Pauses that targets have asked for, known to all gateways. */
import type { Records } from "../state/state-store.ts";
import { THROTTLES } from "./places.ts";

export class Throttles {
  readonly #records: Records;

  constructor(records: Records) {
    this.#records = records;
  }

  /** Milliseconds since 1970 until which a target is to be left alone; 0 for one that has not asked. */
  async until(target: string): Promise<number> {
    return Number((await this.#records.get(THROTTLES, target))?.value ?? 0);
  }

  async pause(target: string, untilMs: number): Promise<void> {
    await this.#records.put(THROTTLES, target, String(untilMs), { expiresAtMs: untilMs });
  }
}

/** Places for calls at one time, by host. */
export class HostPlaces {
  readonly #limit: number;
  readonly #taken = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How to give the place back; undefined when there is none. */
  take(url: string): (() => void) | undefined {
    const host = URL.canParse(url) ? new URL(url).host : url;
    const taken = this.#taken.get(host) ?? 0;
    if (taken >= this.#limit) return undefined;
    this.#taken.set(host, taken + 1);
    return () => {
      const left = (this.#taken.get(host) ?? 1) - 1;
      if (left === 0) this.#taken.delete(host);
      else this.#taken.set(host, left);
    };
  }
}
