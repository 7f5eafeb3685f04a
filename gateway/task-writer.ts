/**
 * Writes what an index takes note of: at once when nothing is being written, and what comes meanwhile together in the next
 * batch, so that a busy gateway writes few large batches and an idle one makes nobody wait.
 */
import { StateError, toStateError } from "./state/state-error.ts";
import { acceptObserved, applyChange, type TaskChange, type TaskEntry } from "./task-index.ts";

/** What is written in one step: changes are of entries that were written before. */
export interface TaskBatch {
  readonly entries: ReadonlyMap<string, TaskEntry>;
  readonly changes: ReadonlyMap<string, TaskChange>;
}

export interface TaskWriterOptions {
  readonly write: (batch: TaskBatch) => Promise<void>;
  /** Removes some of the entries that are too old or too much; resolves with whether there may be more. */
  readonly prune: () => Promise<boolean>;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** Entries, and changes, that wait to be written at most, should the store be slow. */
const MAX_PENDING = 50_000;
/** Superfluous entries are removed after so many new ones, or so much time. */
const PRUNE_EVERY_ENTRIES = 1000;
const PRUNE_EVERY_MS = 60_000;

/** A batch that is being filled or written; `written` is shared by all whose entries are in it. */
class Batch implements TaskBatch {
  readonly entries: Map<string, TaskEntry> = new Map();
  readonly changes: Map<string, TaskChange> = new Map();
  readonly written: Promise<void>;
  settle: (error?: StateError) => void = () => undefined;

  constructor() {
    this.written = new Promise((resolve, reject) => {
      this.settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    // A batch of changes alone has nobody who waits for it.
    this.written.catch(() => undefined);
  }

  get isEmpty(): boolean {
    return this.entries.size === 0 && this.changes.size === 0;
  }
}

export class TaskWriter {
  readonly #options: TaskWriterOptions;
  #pending = new Batch();
  #writing: Batch | undefined;
  /** Scheduled, or at work. */
  #isBusy = false;
  #isPruneDue = true;
  #writtenSincePruned = 0;
  #prunedAtMs = 0;

  constructor(options: TaskWriterOptions) {
    this.#options = options;
  }

  /** Resolves when the entries are written; rejects with StateError when they could not be. */
  record(entries: readonly TaskEntry[]): Promise<void> {
    const pending = this.#pending;
    if (entries.length === 0) return Promise.resolve();
    if (pending.entries.size + entries.length > MAX_PENDING) {
      return Promise.reject(new StateError("The task index cannot be written as fast as tasks come."));
    }
    for (const entry of entries) {
      const known = pending.entries.get(entry.id);
      if (known === undefined) pending.entries.set(entry.id, entry);
      else if (known.origin === "observed" && entry.origin === undefined)
        pending.entries.set(entry.id, acceptObserved(known, entry));
    }
    this.#schedule();
    return pending.written;
  }

  update(change: TaskChange): void {
    const { changes } = this.#pending;
    if (changes.size >= MAX_PENDING) return;
    const known = changes.get(change.id);
    if (known === undefined) changes.set(change.id, change);
    else if (change.unlessDone !== true || known.doneAtMs === null)
      changes.set(change.id, mergeChanges(known, change));
    this.#schedule();
  }

  /** An entry that is not written yet. */
  unwritten(id: string): TaskEntry | undefined {
    return this.#writing?.entries.get(id) ?? this.#pending.entries.get(id);
  }

  /** The entry with the changes that are not written yet. */
  changed(entry: TaskEntry): TaskEntry {
    const [older, newer] = [this.#writing?.changes.get(entry.id), this.#pending.changes.get(entry.id)];
    const changed = older === undefined ? entry : applyChange(entry, older);
    return newer === undefined ? changed : applyChange(changed, newer);
  }

  /** Resolves when all that was taken note of before the call is written, or could not be. */
  async flush(): Promise<void> {
    await this.#writing?.written.catch(() => undefined);
    if (this.#pending.isEmpty) return;
    const { written } = this.#pending;
    this.#schedule();
    await written.catch(() => undefined);
  }

  #schedule(): void {
    if (this.#isBusy || this.#pending.isEmpty) return;
    this.#isBusy = true;
    // What comes in the same turn of the event loop goes along.
    setImmediate(() => void this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    while (!this.#pending.isEmpty) {
      const batch = this.#pending;
      this.#pending = new Batch();
      this.#writing = batch;
      const error = await this.#options.write(batch).then(() => undefined, toStateError);
      this.#writing = undefined;
      batch.settle(error);
      if (error === undefined) await this.#prune(batch.entries.size);
      // Those whose entries were lost are told by the rejection.
      else if (batch.changes.size > 0)
        this.#options.onWarning("New states of tasks could not be noted", error);
    }
    this.#isBusy = false;
  }

  /** Nobody waits for it but the next batch. */
  async #prune(written: number): Promise<void> {
    this.#writtenSincePruned += written;
    const nowMs = Date.now();
    const isDue =
      this.#isPruneDue ||
      this.#writtenSincePruned >= PRUNE_EVERY_ENTRIES ||
      nowMs - this.#prunedAtMs >= PRUNE_EVERY_MS;
    if (!isDue) return;
    this.#writtenSincePruned = 0;
    this.#prunedAtMs = nowMs;
    try {
      this.#isPruneDue = await this.#options.prune();
    } catch (error) {
      this.#options.onWarning("Old entries of the task index could not be removed", error);
    }
  }
}

/** Both in one: it counts for tasks that have ended when one of them does. */
function mergeChanges(older: TaskChange, newer: TaskChange): TaskChange {
  const { unlessDone: _, ...merged } = { ...older, ...newer };
  return older.unlessDone === true && newer.unlessDone === true ? { ...merged, unlessDone: true } : merged;
}
