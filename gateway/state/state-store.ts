/**
 * What a gateway must remember between requests, and what several gateways must agree on. Features keep their facts here
 * (idempotency keys, held tasks, webhook deliveries, API keys, ...), in a few shapes; one driver for each place they can lie in.
 *
 * Every operation is atomic over all gateways that share the store, and outlives a killed process once it has resolved; a power
 * failure may take the last moments. After an error an operation may have been done all the same. Times are milliseconds since
 * 1970 by the gateway's clock; fractions may be rounded. Kinds and topics are constants of the code (`idempotency`, `held`) of up
 * to 64 characters; keys and ids are well-formed text of up to 512 characters without NUL; values are JSON text of up to 4 MiB.
 * Errors are StateError, a BackendError `backend_unavailable`.
 */
export interface StateStore {
  readonly records: Records;
  /** Records that are found by their key alone, for less: those of which every request may make one. Kinds are in one of the two. */
  readonly unlisted: KeyedRecords;
  readonly agenda: Agenda;
  readonly feed: Feed;
  readonly counters: Counters;
  /** Connects, and creates what is missing. Rejects when it cannot. Twice is fine. */
  open(): Promise<void>;
  /** Twice is fine. */
  close(): Promise<void>;
}

/** Something kept under a key. */
export interface StateRecord {
  readonly key: string;
  readonly value: string;
  /** Grows with each change of this key; for compare-and-set. */
  readonly version: number;
  /** null: never. */
  readonly expiresAtMs: number | null;
}

export interface PutOptions {
  /** Default: never. */
  readonly expiresAtMs?: number;
  /** Only when the record has this version now; 0: only when there is none. */
  readonly ifVersion?: number;
}

/** A record to keep under its key. */
export interface NewRecord {
  readonly key: string;
  readonly value: string;
  /** Default: never. */
  readonly expiresAtMs?: number | undefined;
}

export interface ListOptions {
  /** Default: all keys of the kind. */
  readonly prefix?: string;
  /** Keys after this one, in the order of code points. */
  readonly after?: string;
  readonly limit: number;
}

/** Records by kind and key. An expired one is as good as gone. */
export interface KeyedRecords {
  get(kind: string, key: string): Promise<StateRecord | undefined>;
  /** Resolves with undefined when it was added, or with the record that stands there already. */
  add(
    kind: string,
    key: string,
    value: string,
    options?: { readonly expiresAtMs?: number },
  ): Promise<StateRecord | undefined>;
  /** Resolves with the new version, or undefined when `ifVersion` does not hold. */
  put(kind: string, key: string, value: string, options?: PutOptions): Promise<number | undefined>;
  /** Puts all of them, whatever stands there, for less than one by one; keys are distinct. After an error some may be put. */
  putAll(kind: string, records: readonly NewRecord[]): Promise<void>;
  /** False when there was none, or `ifVersion` does not hold. */
  delete(kind: string, key: string, options?: { readonly ifVersion?: number }): Promise<boolean>;
}

export interface Records extends KeyedRecords {
  /** By key, ascending; fewer than `limit` only at the end. */
  list(kind: string, options: ListOptions): Promise<readonly StateRecord[]>;
}

/** Something to do at a time. */
export interface AgendaEntry {
  readonly id: string;
  readonly dueAtMs: number;
  readonly value: string;
}

/** An entry that one gateway works on; nobody else gets it before the lease ends. */
export interface ClaimedEntry extends AgendaEntry {
  /** Proves the claim. */
  readonly claim: string;
}

export interface ClaimOptions {
  readonly nowMs: number;
  readonly leaseMs: number;
  readonly limit: number;
}

/** Things to do, by topic: each is done by one gateway at a time, and again by another when that one is lost. */
export interface Agenda {
  /** Adds an entry, or replaces the one of this id, whose claim ends with that. */
  put(topic: string, entry: AgendaEntry): Promise<void>;
  /** With the time it is due, or its lease ends. */
  get(topic: string, id: string): Promise<AgendaEntry | undefined>;
  /** Takes entries that are due, the earliest first. */
  claim(topic: string, options: ClaimOptions): Promise<readonly ClaimedEntry[]>;
  /** Removes a claimed entry; false when the claim has passed to somebody else. */
  settle(topic: string, entry: ClaimedEntry): Promise<boolean>;
  /** Gives a claimed entry back, due again at another time; false when the claim has passed to somebody else. */
  postpone(
    topic: string,
    entry: ClaimedEntry,
    change: { readonly dueAtMs: number; readonly value: string },
  ): Promise<boolean>;
  /** Gives an entry that nobody works on now another time and value, in one step; false when there is no such entry. */
  change(topic: string, entry: AgendaEntry, nowMs: number): Promise<boolean>;
  /** Removes an entry that nobody works on now; resolves with it, or with undefined. */
  remove(topic: string, id: string, nowMs: number): Promise<AgendaEntry | undefined>;
  /** How many entries there are, and when the next is due; null without one. */
  summary(topic: string): Promise<{ readonly count: number; readonly nextDueAtMs: number | null }>;
}

/** What was said, and its place in the order. */
export interface FeedEntry {
  /** Greater than the ids of all entries before it in the topic; a safe integer. */
  readonly id: number;
  readonly value: string;
}

/** Newest news by topic, for streams that go on after a break, at whichever gateway. */
export interface Feed {
  /** Keeps the newest `keep` entries, or somewhat more. */
  append(topic: string, value: string, keep: number): Promise<number>;
  /** Entries after an id, the oldest first; 0 is before all. */
  read(
    topic: string,
    options: { readonly after: number; readonly limit: number },
  ): Promise<readonly FeedEntry[]>;
  /** Id of the newest entry; 0 without one. */
  newest(topic: string): Promise<number>;
  /** Calls `listener` soon after something was appended by any gateway. Returns how to stop. */
  watch(topic: string, listener: () => void): () => void;
}

export interface CounterLimit {
  /** Most that may be taken in a window. */
  readonly limit: number;
  readonly windowMs: number;
}

/** What a counter says after it was asked. */
export interface CounterState {
  readonly taken: boolean;
  /** Left of the window, never below 0. */
  readonly remaining: number;
  /** Milliseconds until the window ends and `limit` is there again. */
  readonly resetMs: number;
}

/** Counters of fixed windows that begin with the first take: quotas over all gateways. */
export interface Counters {
  /** Takes `amount` if the window has as much left. */
  take(key: string, amount: number, limit: CounterLimit, nowMs: number): Promise<CounterState>;
}
