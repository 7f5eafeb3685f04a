/**
 * What this gateway has accepted. Celery's result stores know nothing of a task until it ends, so without an index an
 * accepted id and an invented one would look the same.
 */

/** One accepted task. */
export interface TaskEntry {
  readonly id: string;
  readonly task: string;
  readonly queue: string;
  /** The newest state that the gateway has seen; the result store may know a newer one. */
  readonly state: string;
  /** Milliseconds since 1970. */
  readonly submittedAtMs: number;
  /** Milliseconds since 1970; null until it is seen to have ended. */
  readonly doneAtMs: number | null;
  /** Milliseconds since 1970; null for a task that may run at once. */
  readonly etaMs: number | null;
  /** Sent with ignore_result: no state of it will ever be stored. */
  readonly ignoreResult: boolean;
}

/** What may change about an entry. */
export interface TaskChange {
  readonly id: string;
  readonly state: string;
  readonly doneAtMs: number | null;
}

export interface TaskFilter {
  readonly state?: string;
  readonly task?: string;
  /** Where the page before ended: its `next`. */
  readonly cursor?: string;
  /** Entries on a page at most. */
  readonly limit: number;
}

/** Newest first. */
export interface TaskPage {
  readonly entries: readonly TaskEntry[];
  /** Cursor of the next page; undefined on the last one. */
  readonly next: string | undefined;
}

/** The seam. What is recorded is found at once; how soon it is on disk is the index's own business. */
export interface TaskIndex {
  /** Opens what it needs. Rejects when it cannot. Twice is fine. */
  open(): Promise<void>;
  /** Takes note; never throws, never waits. */
  record(batch: readonly TaskEntry[]): void;
  /** Takes note of a new state; an unknown id is ignored. */
  update(change: TaskChange): void;
  find(id: string): Promise<TaskEntry | undefined>;
  list(filter: TaskFilter): Promise<TaskPage>;
  /** Writes what is not written yet. Twice is fine. */
  close(): Promise<void>;
}

/** How much an index remembers. */
export interface TaskRetention {
  /** Entries kept at most; the oldest go first. */
  readonly maxEntries: number;
}

/** Entries that an index in memory keeps, about 300 bytes each. */
export const DEFAULT_MEMORY_ENTRIES = 10_000;

/** An index that ends with the process. */
export function createMemoryTaskIndex({
  maxEntries = DEFAULT_MEMORY_ENTRIES,
}: Partial<TaskRetention> = {}): TaskIndex {
  return new MemoryTaskIndex(maxEntries);
}

interface Slot {
  entry: TaskEntry;
  readonly sequence: number;
}

class MemoryTaskIndex implements TaskIndex {
  readonly #byId = new Map<string, Slot>();
  /** Slots by sequence number modulo its length: a Map is slow at finding its oldest key. */
  readonly #ring: (Slot | undefined)[];
  #recorded = 0;

  constructor(maxEntries: number) {
    this.#ring = new Array<Slot | undefined>(maxEntries);
  }

  async open(): Promise<void> {}

  record(batch: readonly TaskEntry[]): void {
    for (const entry of batch) {
      const at = this.#recorded % this.#ring.length;
      const oldest = this.#ring[at];
      // Unless the same id was recorded again since.
      if (oldest !== undefined && this.#byId.get(oldest.entry.id) === oldest)
        this.#byId.delete(oldest.entry.id);
      const slot: Slot = { entry, sequence: this.#recorded };
      this.#ring[at] = slot;
      this.#byId.set(entry.id, slot);
      this.#recorded += 1;
    }
  }

  update({ id, state, doneAtMs }: TaskChange): void {
    const slot = this.#byId.get(id);
    if (slot !== undefined) slot.entry = { ...slot.entry, state, doneAtMs };
  }

  async find(id: string): Promise<TaskEntry | undefined> {
    return this.#byId.get(id)?.entry;
  }

  async list({ state, task, cursor, limit }: TaskFilter): Promise<TaskPage> {
    const entries: TaskEntry[] = [];
    const oldest = Math.max(0, this.#recorded - this.#ring.length);
    const newest =
      Math.min(cursor === undefined ? Number.POSITIVE_INFINITY : Number(cursor), this.#recorded) - 1;
    for (let sequence = newest; sequence >= oldest; sequence -= 1) {
      const entry = this.#ring[sequence % this.#ring.length]?.entry;
      if (entry === undefined) continue;
      if ((state !== undefined && entry.state !== state) || (task !== undefined && entry.task !== task))
        continue;
      if (entries.length === limit) return { entries, next: String(sequence + 1) };
      entries.push(entry);
    }
    return { entries, next: undefined };
  }

  async close(): Promise<void> {}
}
