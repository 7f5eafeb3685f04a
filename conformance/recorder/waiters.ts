/** Clients that wait for keys, in the order they came. Source: blocked.c of Redis. */
import type { Database } from "./data/database.ts";
import type { ValueType } from "./data/values.ts";
import type { Reply } from "./resp/replies.ts";

export interface BlockedOptions {
  readonly database: Database;
  readonly keys: readonly string[];
  /** What one of the keys must hold before it is worth a try. */
  readonly type: ValueType;
  /** Undefined: for ever. */
  readonly timeoutMs: number | undefined;
  /** Tries again after one of the keys has changed; undefined to wait on. Throws Refusal. */
  readonly attempt: () => Reply | undefined;
  readonly onTimeout: Reply;
}

/** What a command answers that has to wait. */
export class Blocked {
  readonly options: BlockedOptions;

  constructor(options: BlockedOptions) {
    this.options = options;
  }
}

interface Waiter {
  readonly options: BlockedOptions;
  readonly names: readonly string[];
  readonly done: (attempt: () => Reply) => void;
}

export class Waiters {
  readonly #byName = new Map<string, Set<Waiter>>();
  readonly #ready = new Set<string>();

  get size(): number {
    return this.#byName.size;
  }

  /** Calls `done` once with what answers the client. Returns how to stop waiting. */
  add({ options }: Blocked, done: (attempt: () => Reply) => void): () => void {
    const names = [...new Set(options.keys)].map((key) => nameOf(options.database, key));
    const stop = (): void => {
      clearTimeout(timer);
      this.#remove(waiter);
    };
    const waiter: Waiter = {
      options,
      names,
      done: (answer) => {
        stop();
        done(answer);
      },
    };
    const { timeoutMs, onTimeout } = options;
    const timer =
      timeoutMs === undefined ? undefined : setTimeout(() => waiter.done(() => onTimeout), timeoutMs);
    for (const name of names) {
      const waiters = this.#byName.get(name) ?? new Set();
      this.#byName.set(name, waiters.add(waiter));
    }
    return stop;
  }

  #remove(waiter: Waiter): void {
    for (const name of waiter.names) {
      const waiters = this.#byName.get(name);
      waiters?.delete(waiter);
      if (waiters?.size === 0) this.#byName.delete(name);
    }
  }

  /** A key has changed; nobody is served before {@link serve}. */
  onChanged(database: Database, key: string): void {
    if (this.#byName.size === 0) return;
    const name = nameOf(database, key);
    if (this.#byName.has(name)) this.#ready.add(name);
  }

  /** Serves who can be served. What one of them changes may serve another. */
  serve(): void {
    for (const name of this.#ready) {
      this.#ready.delete(name);
      for (const waiter of [...(this.#byName.get(name) ?? [])]) {
        const reply = attempted(waiter.options);
        if (reply !== undefined) waiter.done(reply);
      }
    }
  }
}

/** The outcome of an attempt, an error too; undefined when there is nothing yet. */
function attempted({ database, keys, type, attempt }: BlockedOptions): (() => Reply) | undefined {
  if (!keys.some((key) => database.get(key)?.type === type)) return undefined;
  try {
    const reply = attempt();
    return reply === undefined ? undefined : () => reply;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function nameOf(database: Database, key: string): string {
  return `${database.index}:${key}`;
}
