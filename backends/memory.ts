/** `cache+memory://`: results inside this process, for tests and for applications that need no store. */
import type { ResultDocument, ResultTuple } from "../protocol/index.ts";
import type { ChordStore } from "./chord-store.ts";
import { createMemoryChords, type MemoryCounts } from "./chords/memory-chords.ts";
import { type GroupRecord, groupTupleOf, orDecodeError } from "./group-record.ts";
import type {
  BackendFactory,
  BackendOptions,
  FoundDocument,
  ResultBackend,
  ResultEntry,
  WaitOptions,
} from "./result-backend.ts";
import { createResultWaiters, type ResultWaiters } from "./result-waiters.ts";

/** Most results kept; the oldest go first. */
const MAX_RESULTS = 100_000;

interface Stored {
  readonly bytes: Uint8Array;
  readonly storedAtMs: number;
}

interface MemoryResults {
  readonly documents: Map<string, Stored>;
  readonly groups: Map<string, Stored>;
  readonly waiters: ResultWaiters;
  readonly counts: MemoryCounts;
}

/** Results by URL, so that a worker and a caller in one process meet. */
const stores = new Map<string, MemoryResults>();

const createMemoryBackend: BackendFactory = (options: BackendOptions): ResultBackend => {
  const known = stores.get(options.url) ?? {
    documents: new Map(),
    groups: new Map(),
    waiters: createResultWaiters(),
    counts: new Map(),
  };
  stores.set(options.url, known);
  return new MemoryBackend(known, options);
};

export default createMemoryBackend;

class MemoryBackend implements ResultBackend {
  readonly name = "memory";
  readonly replyTo = undefined;
  readonly shared = true;
  readonly chords: ChordStore;
  readonly #results: MemoryResults;
  readonly #options: BackendOptions;

  constructor(results: MemoryResults, options: BackendOptions) {
    this.chords = createMemoryChords(results.counts);
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
      keep(documents, document.task_id, bytes);
      waiters.announce(document);
    }
  }

  async get(taskId: string): Promise<ResultDocument | undefined> {
    const stored = this.#results.documents.get(taskId);
    if (stored === undefined) return undefined;
    return (await this.#options.encoding.decode(stored.bytes)) as ResultDocument;
  }

  getMany(taskIds: readonly string[]): Promise<readonly FoundDocument[]> {
    return Promise.all(taskIds.map((id) => this.get(id).catch(orDecodeError)));
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

  async saveGroup(groupId: string, group: ResultTuple): Promise<void> {
    const record: GroupRecord = { result: group };
    keep(this.#results.groups, groupId, await this.#options.encoding.encode(record));
  }

  async restoreGroup(groupId: string): Promise<ResultTuple | undefined> {
    const stored = this.#results.groups.get(groupId);
    if (stored === undefined) return undefined;
    return groupTupleOf(await this.#options.encoding.decode(stored.bytes), groupId);
  }

  async deleteGroup(groupId: string): Promise<void> {
    this.#results.groups.delete(groupId);
  }

  async cleanup(): Promise<number> {
    const { expiresSeconds } = this.#options;
    if (expiresSeconds === 0) return 0;
    const { documents, groups } = this.#results;
    const oldestMs = Date.now() - expiresSeconds * 1000;
    return removeOlder(documents, oldestMs) + removeOlder(groups, oldestMs);
  }

  async close(): Promise<void> {
    this.#results.waiters.close();
  }
}

/** As the newest; the oldest go when there are too many. */
function keep(kept: Map<string, Stored>, id: string, bytes: Uint8Array): void {
  kept.delete(id);
  kept.set(id, { bytes, storedAtMs: Date.now() });
  for (const oldest of kept.keys()) {
    if (kept.size <= MAX_RESULTS) break;
    kept.delete(oldest);
  }
}

/** Says how many. */
function removeOlder(kept: Map<string, Stored>, thanMs: number): number {
  const old = [...kept].filter(([, { storedAtMs }]) => storedAtMs < thanMs);
  for (const [id] of old) kept.delete(id);
  return old.length;
}
