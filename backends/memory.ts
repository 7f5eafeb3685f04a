/** `cache+memory://`: results inside this process, for tests and for applications that need no store. */
import type { ResultDocument } from "../protocol/index.ts";
import type {
  BackendFactory,
  BackendOptions,
  ResultBackend,
  ResultEntry,
  WaitOptions,
} from "./result-backend.ts";
import { createResultWaiters, type ResultWaiters } from "./result-waiters.ts";

/** Most results kept; the oldest go first. */
const MAX_RESULTS = 100_000;

interface MemoryResults {
  readonly documents: Map<string, { readonly bytes: Uint8Array; readonly storedAtMs: number }>;
  readonly waiters: ResultWaiters;
}

/** Results by URL, so that a worker and a caller in one process meet. */
const stores = new Map<string, MemoryResults>();

const createMemoryBackend: BackendFactory = (options: BackendOptions): ResultBackend => {
  const known = stores.get(options.url) ?? { documents: new Map(), waiters: createResultWaiters() };
  stores.set(options.url, known);
  return new MemoryBackend(known, options);
};

export default createMemoryBackend;

class MemoryBackend implements ResultBackend {
  readonly name = "memory";
  readonly replyTo = undefined;
  readonly shared = true;
  readonly #results: MemoryResults;
  readonly #options: BackendOptions;

  constructor(results: MemoryResults, options: BackendOptions) {
    this.#results = results;
    this.#options = options;
  }

  async store(entries: readonly ResultEntry[]): Promise<void> {
    const { documents, waiters } = this.#results;
    for (const { document } of entries) {
      const previous = await this.get(document.task_id);
      if (previous?.status === "SUCCESS") continue;
      // Through bytes, as every other store: what cannot be encoded must fail here too.
      const bytes = await this.#options.encoding.encode(document);
      documents.delete(document.task_id);
      documents.set(document.task_id, { bytes, storedAtMs: Date.now() });
      waiters.announce(document);
    }
    for (const id of documents.keys()) {
      if (documents.size <= MAX_RESULTS) break;
      documents.delete(id);
    }
  }

  async get(taskId: string): Promise<ResultDocument | undefined> {
    const stored = this.#results.documents.get(taskId);
    if (stored === undefined) return undefined;
    return (await this.#options.encoding.decode(stored.bytes)) as ResultDocument;
  }

  wait(taskId: string, options: WaitOptions = {}): Promise<ResultDocument> {
    const waiting = this.#results.waiters.wait(taskId, options);
    void this.get(taskId).then(
      (document) => document !== undefined && this.#results.waiters.announce(document),
    );
    return waiting;
  }

  async forget(taskIds: readonly string[]): Promise<void> {
    for (const id of taskIds) this.#results.documents.delete(id);
  }

  async cleanup(): Promise<number> {
    const { expiresSeconds } = this.#options;
    if (expiresSeconds === 0) return 0;
    const oldestMs = Date.now() - expiresSeconds * 1000;
    const old = [...this.#results.documents].filter(([, { storedAtMs }]) => storedAtMs < oldestMs);
    for (const [id] of old) this.#results.documents.delete(id);
    return old.length;
  }

  async close(): Promise<void> {
    this.#results.waiters.close();
  }
}
