/** Who may call now: so many calls at once in all, and so many to one host, so that a slow one holds up nobody else. */

/** A number of places, handed on in the order of asking. */
class Places {
  #free: number;
  readonly #waiting: ((isMine: boolean) => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves to false when the waiting is called off. */
  take(): boolean | Promise<boolean> {
    if (this.#free === 0) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#free -= 1;
    return true;
  }

  giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next(true);
  }

  callOff(): void {
    for (const resolve of this.#waiting.splice(0)) resolve(false);
  }
}

export class Turns {
  readonly #all: Places;
  readonly #perHost: number;
  /** Hosts that somebody calls or waits for, and how many do. */
  readonly #hosts = new Map<string, { readonly places: Places; users: number }>();
  #isCalledOff = false;

  constructor(options: { readonly concurrency: number; readonly perHost: number }) {
    this.#all = new Places(options.concurrency);
    this.#perHost = options.perHost;
  }

  /** Resolves to what ends the turn, or to undefined once all waiting is called off. */
  async take(host: string): Promise<(() => void) | undefined> {
    const entry = this.#hosts.get(host) ?? { places: new Places(this.#perHost), users: 0 };
    this.#hosts.set(host, entry);
    entry.users += 1;
    const leave = (): void => {
      entry.users -= 1;
      if (entry.users === 0) this.#hosts.delete(host);
    };
    if (this.#isCalledOff || !(await entry.places.take())) {
      leave();
      return undefined;
    }
    const leaveHost = (): void => {
      entry.places.giveBack();
      leave();
    };
    // The host's place comes first: who waits for a slow host must not keep a place from the others.
    if (this.#isCalledOff || !(await this.#all.take())) {
      leaveHost();
      return undefined;
    }
    return () => {
      this.#all.giveBack();
      leaveHost();
    };
  }

  /** Nobody gets a turn any more. */
  callOff(): void {
    this.#isCalledOff = true;
    this.#all.callOff();
    for (const { places } of this.#hosts.values()) places.callOff();
  }
}
