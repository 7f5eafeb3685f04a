/**
 * What this process holds, across reconnects. A claim outlives the connection that made it: the task runs on, and its
 * acknowledgement may arrive when the next connection is up.
 */
import type { ClaimToPark } from "../queue-store.ts";

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
  readonly parks: readonly ClaimToPark[];
}

/** Nothing to settle. */
export const NOTHING: Unsettled = { acks: [], requeues: [], releases: [], parks: [] };

export class ClaimLedger {
  readonly #lives = new Map<string, Life>();
  #noted: Unsettled[] = [];
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
    this.#noted.push(settlements);
  }

  /** Hands over what was noted; undefined when there is nothing. */
  takeNoted(): Unsettled | undefined {
    const noted = this.#noted;
    if (noted.length === 0) return undefined;
    this.#noted = [];
    return {
      acks: noted.flatMap(({ acks }) => acks),
      requeues: noted.flatMap(({ requeues }) => requeues),
      releases: noted.flatMap(({ releases }) => releases),
      parks: noted.flatMap(({ parks }) => parks),
    };
  }
}
