/**
 * What this gateway has accepted. Celery's result stores know nothing of a task until it ends, so without an index an
 * accepted id and an invented one would look the same.
 */

import { DecodeError } from "../protocol/index.ts";

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
  /** Words of the caller's, to find the task by. */
  readonly tags: readonly string[];
  /** Of the credential that it was sent with; null without one. */
  readonly tenant: string | null;
  /** Id of the credential that it was sent with. */
  readonly owner: string | null;
  /** The task that this one repeats. */
  readonly replayedFrom: string | null;
  /** Somebody else has sent it: it was seen in events. Absent: a gateway accepted it. */
  readonly origin?: "observed";
}

/** What may change about an entry. */
export interface TaskChange {
  readonly id: string;
  readonly state: string;
  readonly doneAtMs: number | null;
  /** Another time to run; default: as it was. Milliseconds since 1970. */
  readonly etaMs?: number;
  /** Nothing changes when the task has ended: this was heard late, perhaps. */
  readonly unlessDone?: true;
}

/** Which tasks a listing shows: those that all given members fit. */
export interface TaskFilter {
  readonly state?: string;
  readonly task?: string;
  readonly queue?: string;
  /** One of the entry's tags. */
  readonly tag?: string;
  /** Submitted at this time or later; milliseconds since 1970. */
  readonly sinceMs?: number;
  /** Submitted before this time. */
  readonly untilMs?: number;
  readonly tenant?: string;
  readonly owner?: string;
  /** What its id begins with, or its name has in it; a to z and A to Z are the same. */
  readonly q?: string;
  /** Where the page before ended: its `next`. See {@link isTaskCursor}. */
  readonly cursor?: string;
  /** Entries on a page at most. */
  readonly limit: number;
}

/** Newest first. With filters a page may be short, or empty, though there are more. */
export interface TaskPage {
  readonly entries: readonly TaskEntry[];
  /** Cursor of the next page; undefined on the last one. */
  readonly next: string | undefined;
}

/** The seam. What is recorded is found at once. Errors are BackendError `backend_unavailable`. */
export interface TaskIndex {
  /** Opens what it needs. Rejects when it cannot. Twice is fine. */
  open(): Promise<void>;
  /**
   * Resolves when the entries are kept so that a killed process would still know them. An id that is known stays as it is; but a
   * task that was only observed, and is now said to be accepted, keeps nothing but its state.
   */
  record(batch: readonly TaskEntry[]): Promise<void>;
  /** Takes note of a new state, soon; an unknown id is ignored. */
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
  /** Entries older than this go; an index in memory keeps them. */
  readonly maxAgeSeconds: number;
}

/** What indexes beyond the process keep: as many, and for a week. */
export const DEFAULT_STORED_ENTRIES = 100_000;
export const DEFAULT_MAX_AGE_SECONDS: number = 7 * 86_400;

/** Entries that an index in memory keeps, about 300 bytes each. */
export const DEFAULT_MEMORY_ENTRIES = 10_000;

/** Whether this could be the `next` of a page. */
export function isTaskCursor(text: string): boolean {
  return CURSOR.test(text);
}

const CURSOR = /^c[0-9a-z]{1,10}$/;

/** The cursor of entries before this sequence number. */
export function toTaskCursor(sequence: number): string {
  return `c${sequence.toString(36)}`;
}

/** Throws DecodeError for text that is no cursor. */
export function readTaskCursor(text: string): number {
  if (isTaskCursor(text)) return Number.parseInt(text.slice(1), 36);
  throw new DecodeError(
    "bad_body",
    "The cursor of a page of tasks must be the one that the page before gave.",
  );
}

/** Whether a listing with this filter shows the entry. */
export function fitsFilter(entry: TaskEntry, filter: TaskFilter): boolean {
  return (
    fits(entry.state, filter.state) &&
    fits(entry.task, filter.task) &&
    fits(entry.queue, filter.queue) &&
    fits(entry.tenant, filter.tenant) &&
    fits(entry.owner, filter.owner) &&
    (filter.q === undefined || fitsSearch(entry, foldCase(filter.q))) &&
    (filter.tag === undefined || entry.tags.includes(filter.tag)) &&
    (filter.sinceMs === undefined || entry.submittedAtMs >= filter.sinceMs) &&
    (filter.untilMs === undefined || entry.submittedAtMs < filter.untilMs)
  );
}

function fitsSearch({ id, task }: TaskEntry, folded: string): boolean {
  return foldCase(id).startsWith(folded) || foldCase(task).includes(folded);
}

/** Only what every database folds in the same way. */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase());
}

/** What the index knows of a task that was observed before its gateway told of it. */
export function acceptObserved(observed: TaskEntry, accepted: TaskEntry): TaskEntry {
  return { ...accepted, state: observed.state, doneAtMs: observed.doneAtMs };
}

/** The entry after a change. */
export function applyChange(entry: TaskEntry, { unlessDone, ...change }: TaskChange): TaskEntry {
  return unlessDone === true && entry.doneAtMs !== null ? entry : { ...entry, ...change };
}

function fits(value: string | null, wanted: string | undefined): boolean {
  return wanted === undefined || value === wanted;
}

/** An index that ends with the process. */
export function createMemoryTaskIndex({
  maxEntries = DEFAULT_MEMORY_ENTRIES,
}: Partial<Pick<TaskRetention, "maxEntries">> = {}): TaskIndex {
  return new MemoryTaskIndex(maxEntries);
}

interface Slot {
  entry: TaskEntry;
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

  async record(batch: readonly TaskEntry[]): Promise<void> {
    for (const entry of batch) {
      const known = this.#byId.get(entry.id);
      if (known !== undefined) {
        if (known.entry.origin === "observed" && entry.origin === undefined)
          known.entry = acceptObserved(known.entry, entry);
        continue;
      }
      const at = this.#recorded % this.#ring.length;
      const oldest = this.#ring[at];
      if (oldest !== undefined) this.#byId.delete(oldest.entry.id);
      const slot: Slot = { entry };
      this.#ring[at] = slot;
      this.#byId.set(entry.id, slot);
      this.#recorded += 1;
    }
  }

  update(change: TaskChange): void {
    const slot = this.#byId.get(change.id);
    if (slot !== undefined) slot.entry = applyChange(slot.entry, change);
  }

  async find(id: string): Promise<TaskEntry | undefined> {
    return this.#byId.get(id)?.entry;
  }

  async list(filter: TaskFilter): Promise<TaskPage> {
    const { cursor, limit } = filter;
    const entries: TaskEntry[] = [];
    const oldest = Math.max(0, this.#recorded - this.#ring.length);
    const newest =
      Math.min(cursor === undefined ? Number.POSITIVE_INFINITY : readTaskCursor(cursor), this.#recorded) - 1;
    for (let sequence = newest; sequence >= oldest; sequence -= 1) {
      const entry = this.#ring[sequence % this.#ring.length]?.entry;
      if (entry === undefined || !fitsFilter(entry, filter)) continue;
      if (entries.length === limit) return { entries, next: toTaskCursor(sequence + 1) };
      entries.push(entry);
    }
    return { entries, next: undefined };
  }

  async close(): Promise<void> {}
}
