/** What a leader knows and its seat does not know yet. */
import type { BeatLogger } from "./beat-options.ts";
import type { EntryState } from "./entry.ts";
import type { Lease } from "./lease.ts";
import type { Seat } from "./seat.ts";

export interface UnsavedOptions {
  readonly seat: Seat;
  readonly lease: Lease;
  readonly logger: BeatLogger;
}

export class Unsaved {
  readonly #options: UnsavedOptions;
  readonly #states = new Map<string, EntryState | undefined>();

  constructor(options: UnsavedOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#states.size === 0;
  }

  /** To be written with the next save(); undefined is to be forgotten. */
  note(name: string, state: EntryState | undefined): void {
    this.#states.set(name, state);
  }

  /** Writes everything; false when the seat did not take it, or is another's, or soon may be. */
  async save(): Promise<boolean> {
    const { seat, lease, logger } = this.#options;
    if (this.isEmpty) return lease.isOurs();
    const changes = new Map(this.#states);
    try {
      if (!(await seat.write(lease.term, changes))) {
        lease.lose();
        return false;
      }
    } catch (error) {
      logger.error({ err: error }, "Beat's memory cannot be written; nothing is sent until it can");
      return false;
    }
    for (const [name, state] of changes) if (this.#states.get(name) === state) this.#states.delete(name);
    return lease.isOurs();
  }
}
