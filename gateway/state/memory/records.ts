/** Records in this process. */
import { compareCodePoints } from "../code-points.ts";
import { getOrMake } from "../get-or-make.ts";
import type { ListOptions, NewRecord, PutOptions, Records, StateRecord } from "../state-store.ts";
import { createSweep, type Sweep } from "./sweep.ts";

export class MemoryRecords implements Records {
  readonly #kinds = new Map<string, Kind>();

  #kind(name: string): Kind {
    return getOrMake(this.#kinds, name, () => new Kind());
  }

  async get(kind: string, key: string): Promise<StateRecord | undefined> {
    return this.#kind(kind).get(key);
  }

  async add(
    kind: string,
    key: string,
    value: string,
    options: { readonly expiresAtMs?: number } = {},
  ): Promise<StateRecord | undefined> {
    const records = this.#kind(kind);
    const standing = records.get(key);
    if (standing === undefined) records.set(key, value, options.expiresAtMs);
    return standing;
  }

  async put(
    kind: string,
    key: string,
    value: string,
    { ifVersion, expiresAtMs }: PutOptions = {},
  ): Promise<number | undefined> {
    const records = this.#kind(kind);
    if (ifVersion !== undefined && ifVersion !== (records.get(key)?.version ?? 0)) return undefined;
    return records.set(key, value, expiresAtMs).version;
  }

  async putAll(kind: string, records: readonly NewRecord[]): Promise<void> {
    const standing = this.#kind(kind);
    for (const { key, value, expiresAtMs } of records) standing.set(key, value, expiresAtMs);
  }

  async delete(
    kind: string,
    key: string,
    { ifVersion }: { readonly ifVersion?: number } = {},
  ): Promise<boolean> {
    const records = this.#kind(kind);
    const standing = records.get(key);
    if (standing === undefined || (ifVersion !== undefined && standing.version !== ifVersion)) return false;
    records.delete(key);
    return true;
  }

  async list(kind: string, options: ListOptions): Promise<readonly StateRecord[]> {
    return this.#kind(kind).list(options);
  }
}

/** The records of one kind. */
class Kind {
  readonly #byKey = new Map<string, StateRecord>();
  readonly #sweep: Sweep;
  /** All keys in order; undefined when one was added or removed since. */
  #keys: readonly string[] | undefined;
  /** Of all records, so that a key that is deleted and added anew never has an old version again. */
  #version = 0;

  constructor() {
    this.#sweep = createSweep(this.#byKey, isExpired, (key) => this.delete(key));
  }

  get(key: string): StateRecord | undefined {
    const record = this.#byKey.get(key);
    return record === undefined || isExpired(record, Date.now()) ? undefined : record;
  }

  set(key: string, value: string, expiresAtMs: number | undefined): StateRecord {
    this.#version += 1;
    const record = { key, value, version: this.#version, expiresAtMs: expiresAtMs ?? null };
    if (!this.#byKey.has(key)) this.#keys = undefined;
    this.#byKey.set(key, record);
    this.#sweep(Date.now());
    return record;
  }

  delete(key: string): void {
    if (this.#byKey.delete(key)) this.#keys = undefined;
  }

  list({ prefix = "", after = "", limit }: ListOptions): readonly StateRecord[] {
    this.#keys ??= [...this.#byKey.keys()].sort(compareCodePoints);
    const found: StateRecord[] = [];
    for (let at = this.#firstAfter(this.#keys, prefix, after); found.length < limit; at += 1) {
      const key = this.#keys[at];
      if (key === undefined || !key.startsWith(prefix)) break;
      const record = this.get(key);
      if (record !== undefined) found.push(record);
    }
    return found;
  }

  /** Index of the first key that is not before the prefix and is after `after`. */
  #firstAfter(keys: readonly string[], prefix: string, after: string): number {
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const key = keys[middle] ?? "";
      const isBefore = compareCodePoints(key, prefix) < 0 || compareCodePoints(key, after) <= 0;
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isExpired({ expiresAtMs }: StateRecord, nowMs: number): boolean {
  return expiresAtMs !== null && expiresAtMs <= nowMs;
}
