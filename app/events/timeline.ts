/** Events in the order in which they happened, as far as anybody can tell. Source: kombu/clocks.py `timetuple`. */

/** When something happened, and to which task. */
export interface Moment {
  /** Logical time; 0 when nobody knows. */
  readonly clock: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** Who says so, as `host.pid`. */
  readonly origin: string;
  readonly uuid: string;
  /** Which task of that id. */
  readonly serial: number;
}

/** Logical clocks decide, ties go to the smaller origin; without clocks it is the time. This orders not every three events. */
function isBefore(one: Moment, other: Moment): boolean {
  if (one.clock === 0 || other.clock === 0) return one.timestamp < other.timestamp;
  return one.clock === other.clock ? one.origin < other.origin : one.clock < other.clock;
}

export class Timeline {
  readonly #limit: number;
  #moments: Moment[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The earliest first. */
  get moments(): readonly Moment[] {
    return this.#moments;
  }

  /** The earliest moment goes when there are too many. */
  add(moment: Moment): void {
    const moments = this.#moments;
    if (moments.length >= this.#limit) moments.shift();
    const last = moments.at(-1);
    if (last === undefined || isBefore(last, moment)) moments.push(moment);
    else moments.splice(this.#placeOf(moment), 0, moment);
  }

  /** Python's bisect, so that the same events stand in the same order there and here. */
  #placeOf(moment: Moment): number {
    let low = 0;
    let high = this.#moments.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const there = this.#moments[middle];
      if (there !== undefined && isBefore(moment, there)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Forgets the other moments. */
  keep(isKept: (moment: Moment) => boolean): void {
    this.#moments = this.#moments.filter(isKept);
  }
}
