/** Members in the order of their scores, then of their bytes. */

const MEMBER_OVERHEAD = 80;

export interface ScoredMember {
  readonly member: string;
  readonly score: number;
}

export class SortedSetValue {
  readonly type = "zset";
  readonly #scores = new Map<string, number>();
  readonly #order: ScoredMember[] = [];
  /** Memory, about. */
  bytes = 0;

  get size(): number {
    return this.#order.length;
  }

  get isEmpty(): boolean {
    return this.#order.length === 0;
  }

  /** All members, the lowest score first. */
  get order(): readonly ScoredMember[] {
    return this.#order;
  }

  score(member: string): number | undefined {
    return this.#scores.get(member);
  }

  set(member: string, score: number): void {
    this.delete(member);
    const entry = { member, score };
    this.#order.splice(this.#place(entry), 0, entry);
    this.#scores.set(member, score);
    this.bytes += member.length + MEMBER_OVERHEAD;
  }

  delete(member: string): boolean {
    const score = this.#scores.get(member);
    if (score === undefined) return false;
    this.#order.splice(this.#place({ member, score }), 1);
    this.#scores.delete(member);
    this.bytes -= member.length + MEMBER_OVERHEAD;
    return true;
  }

  rank(member: string): number | undefined {
    const score = this.#scores.get(member);
    return score === undefined ? undefined : this.#place({ member, score });
  }

  /** The first place whose entry does not stand before this one. */
  #place(entry: ScoredMember): number {
    return this.firstPlace((other) => !isBefore(other, entry));
  }

  /** The first place whose entry fits; entries that fit must follow those that do not. */
  firstPlace(fits: (entry: ScoredMember) => boolean): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#order[middle];
      if (entry !== undefined && fits(entry)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  copy(): SortedSetValue {
    const copy = new SortedSetValue();
    for (const { member, score } of this.#order) copy.set(member, score);
    return copy;
  }
}

function isBefore(left: ScoredMember, right: ScoredMember): boolean {
  return left.score < right.score || (left.score === right.score && left.member < right.member);
}
