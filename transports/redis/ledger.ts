/**
 * What this process holds, across reconnects. A claim outlives the connection that made it: the task runs on, and its
 * acknowledgement may arrive when the next connection is up.
 */
/** One consuming connection, living or ended. */
export interface Life {
  readonly id: string;
  /** Claims that are held. */
  readonly tags: Set<string>;
  ended: boolean;
  /** True while a claim may exist on the server that this process never heard of. */
  uncertain: boolean;
}

/** Settlements that did not reach the server yet. */
export interface Unsettled {
  readonly acks: readonly string[];
  readonly requeues: readonly string[];
  readonly releases: readonly string[];
}

export class ClaimLedger {
  readonly #lives = new Map<string, Life>();
  #acks: string[] = [];
  #requeues: string[] = [];
  #releases: string[] = [];
  /** Sends what was noted; set by the connection that is up. */
  sendNoted: () => void = () => undefined;

  begin(id: string): Life {
    const life = { id, tags: new Set<string>(), ended: false, uncertain: false };
    this.#lives.set(id, life);
    return life;
  }

  /** Forgets a life and all it held. */
  drop(life: Life): void {
    this.#lives.delete(life.id);
  }

  ended(): readonly Life[] {
    return [...this.#lives.values()].filter((life) => life.ended);
  }

  /** True when the life is the last one that still has a connection. */
  isLast(life: Life | undefined): boolean {
    return [...this.#lives.values()].every((other) => other === life || other.ended);
  }

  holds(tag: string): boolean {
    for (const life of this.#lives.values()) if (life.tags.has(tag)) return true;
    return false;
  }

  forget(tags: readonly string[]): void {
    // There is one life, or a few after a bad hour: asking each is cheaper than reading the life out of the tag.
    for (const life of this.#lives.values()) for (const tag of tags) life.tags.delete(tag);
  }

  /** Keeps settlements for the next chance to send them. */
  note(settlements: Unsettled): void {
    this.#acks.push(...settlements.acks);
    this.#requeues.push(...settlements.requeues);
    this.#releases.push(...settlements.releases);
  }

  /** Hands over what was noted; undefined when there is nothing. */
  takeNoted(): Unsettled | undefined {
    if (this.#acks.length + this.#requeues.length + this.#releases.length === 0) return undefined;
    const noted = { acks: this.#acks, requeues: this.#requeues, releases: this.#releases };
    this.#acks = [];
    this.#requeues = [];
    this.#releases = [];
    return noted;
  }
}
