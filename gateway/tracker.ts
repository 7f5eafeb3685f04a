/** What the gateway knows of its tasks: accepts them into the index, takes note of every state seen, and tells who watches. */
import type { App } from "../app/index.ts";
import { isReady, type ResultDocument, STATE_PRECEDENCE } from "../protocol/index.ts";
import type { TaskEntry, TaskIndex } from "./task-index.ts";
import { withOffset } from "./times.ts";

/** A listener for accepted tasks and for changes of state. */
export type TaskListener = (entry: TaskEntry) => void;

export interface TrackerOptions {
  readonly app: App;
  readonly index: TaskIndex;
  /** Told of every task that is accepted, and of every new state that is seen. */
  readonly onState: (task: string, state: string) => void;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** Unfinished tasks that are watched while somebody listens; the newest count. */
const MAX_WATCHED = 200;
/** Unfinished tasks whose state a listing asks for, and how old the answers may be. */
const MAX_REFRESHED = 200;
const REFRESH_INTERVAL_MS = 1000;
/** Tasks whose last state is remembered, so that no change is counted twice. */
const MAX_COUNTED = 10_000;
/** States that are over once a task tells of states of its own, such as PROGRESS. */
const BEGINNINGS: ReadonlySet<string> = new Set(["RECEIVED", "STARTED"]);
const CELERYS: ReadonlySet<string | null> = new Set([...STATE_PRECEDENCE, "SCHEDULED", "LOST"]);
/** Longest name of a state that is kept. */
const MAX_STATE = 255;

export class Tracker {
  readonly #options: TrackerOptions;
  readonly #listeners = new Set<TaskListener>();
  /** Stops the watch of an unfinished task, oldest first. */
  readonly #watched = new Map<string, AbortController>();
  /** The last states that were counted: several may see the same change. */
  readonly #counted = new Map<string, string>();
  #refreshedAtMs = 0;
  #refreshing: Promise<void> = Promise.resolve();

  constructor(options: TrackerOptions) {
    this.#options = options;
  }

  /** Takes note of accepted tasks; resolves when a killed process would still know them. Rejects with BackendError. */
  async accept(...entries: readonly TaskEntry[]): Promise<void> {
    await this.#options.index.record(entries);
    for (const { task, state } of entries) this.#options.onState(task, state);
    if (this.#listeners.size === 0) return;
    for (const entry of entries) {
      this.tell(entry);
      this.watch(entry);
    }
  }

  find(id: string): Promise<TaskEntry | undefined> {
    return this.#options.index.find(id);
  }

  /** The newest document of a task; undefined while there is none, or when none are kept. */
  async read(id: string): Promise<ResultDocument | undefined> {
    const { app } = this.#options;
    return app.keepsResults ? (await app.backend()).get(id) : undefined;
  }

  /** Takes note of a document that was read, when it says something new about an entry. */
  saw(document: ResultDocument, entry: TaskEntry | undefined): void {
    const state = document.status.slice(0, MAX_STATE).replaceAll("\0", "");
    if (entry === undefined || entry.state === state) return;
    const change = { id: entry.id, state, doneAtMs: isReady(state) ? doneAtMs(document) : null };
    this.#options.index.update(change);
    this.#count(entry, state);
    this.tell({ ...entry, ...change });
  }

  /** A worker has told of a state. */
  heard({ id, task, state }: Pick<TaskEntry, "id" | "task" | "state">): void {
    this.#count({ id, task }, state);
  }

  /** Whether an event comes late: the task has told of itself since. */
  isPast({ id, state }: Pick<TaskEntry, "id" | "state">): boolean {
    const last = this.#counted.get(id);
    return last !== undefined && BEGINNINGS.has(state) && !CELERYS.has(last);
  }

  #count({ id, task }: Pick<TaskEntry, "id" | "task">, state: string): void {
    if (this.#counted.get(id) === state) return;
    this.#counted.delete(id);
    this.#counted.set(id, state);
    const [oldest] = this.#counted.keys();
    if (this.#counted.size > MAX_COUNTED && oldest !== undefined) this.#counted.delete(oldest);
    this.#options.onState(task, state);
  }

  /** Calls `listener` for every task accepted and every state seen from now on. Returns how to stop. */
  listen(listener: TaskListener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) void this.#watchRecent();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#unwatchAll();
    };
  }

  /** Tells all listeners of a task as it is now. */
  tell(entry: TaskEntry): void {
    for (const listener of [...this.#listeners]) listener(entry);
  }

  async #watchRecent(): Promise<void> {
    try {
      const entries = await this.#unfinished(MAX_WATCHED);
      if (this.#listeners.size > 0) for (const entry of [...entries].reverse()) this.watch(entry);
    } catch (error) {
      this.#options.onWarning("Recent tasks cannot be watched", error);
    }
  }

  async #unfinished(limit: number): Promise<readonly TaskEntry[]> {
    const { entries } = await this.#options.index.list({ limit });
    return entries.filter(({ state, ignoreResult }) => !isReady(state) && !ignoreResult);
  }

  /** Watches an unfinished task, wherever it was accepted, as long as somebody listens. */
  watch(entry: TaskEntry): void {
    const { app } = this.#options;
    if (this.#listeners.size === 0 || !app.keepsResults || entry.ignoreResult || isReady(entry.state)) return;
    if (this.#watched.has(entry.id)) return;
    const [oldest] = this.#watched;
    if (this.#watched.size >= MAX_WATCHED && oldest !== undefined) this.#unwatch(...oldest);
    const stop = new AbortController();
    this.#watched.set(entry.id, stop);
    let seen = entry;
    const onChange = (document: ResultDocument): void => {
      this.saw(document, seen);
      seen = { ...seen, state: document.status };
    };
    void app
      .backend()
      .then((backend) => backend.wait(entry.id, { signal: stop.signal, onChange }))
      // An unwatched task, or a result that cannot be read: a listing shows what there is.
      .catch(() => undefined)
      .then(() => this.#watched.get(entry.id) === stop && this.#watched.delete(entry.id));
  }

  #unwatch(id: string, stop: AbortController): void {
    this.#watched.delete(id);
    stop.abort();
  }

  #unwatchAll(): void {
    for (const [id, stop] of [...this.#watched]) this.#unwatch(id, stop);
  }

  /** Reads the states of unfinished recent tasks, so that a listing is not out of date; at most once a second. */
  refresh(): Promise<void> {
    const nowMs = Date.now();
    if (!this.#options.app.keepsResults || nowMs - this.#refreshedAtMs < REFRESH_INTERVAL_MS) {
      return this.#refreshing;
    }
    this.#refreshedAtMs = nowMs;
    this.#refreshing = this.#refresh().catch((error: unknown) => {
      this.#options.onWarning("The states of recent tasks cannot be read", error);
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const entries = await this.#unfinished(MAX_REFRESHED);
    const backend = await this.#options.app.backend();
    const readOne = async (entry: TaskEntry): Promise<void> => {
      const document = await backend.get(entry.id);
      if (document !== undefined) this.saw(document, entry);
    };
    const results = await Promise.allSettled(entries.map(readOne));
    const failed = results.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  /** Stops watching. */
  close(): void {
    this.#listeners.clear();
    this.#unwatchAll();
  }
}

/** Milliseconds since 1970; now for a document that does not say. */
function doneAtMs({ date_done }: ResultDocument): number {
  const parsedMs = Date.parse(withOffset(date_done ?? ""));
  return Number.isNaN(parsedMs) ? Date.now() : parsedMs;
}
