/** What became of deliveries at this gateway since it started. */

export type Tally = "accepted" | "duplicate" | "ignored" | "failed" | "greeted" | "refused";

/** Why a delivery got 401. */
export interface Refusal {
  readonly atMs: number;
  readonly reason: string;
  readonly hint: string | undefined;
}

export interface HookTally {
  readonly counts: Readonly<Record<Tally, number>>;
  readonly lastRefusal: Refusal | undefined;
}

const NOTHING: HookTally = {
  counts: { accepted: 0, duplicate: 0, ignored: 0, failed: 0, greeted: 0, refused: 0 },
  lastRefusal: undefined,
};

/** By the key of a hook: as many as there are hooks. */
export class Tallies {
  readonly #byKey = new Map<string, HookTally>();

  get(key: string): HookTally {
    return this.#byKey.get(key) ?? NOTHING;
  }

  count(key: string, what: Tally): void {
    const { counts, lastRefusal } = this.get(key);
    this.#byKey.set(key, { counts: { ...counts, [what]: counts[what] + 1 }, lastRefusal });
  }

  refuse(key: string, lastRefusal: Refusal): void {
    this.count(key, "refused");
    this.#byKey.set(key, { ...this.get(key), lastRefusal });
  }
}
