/** One numbered database: keys, when they expire, and who is told of changes. */
import { Refusal } from "../resp/replies.ts";
import type { Value, ValueOf, ValueType } from "./values.ts";

const KEY_OVERHEAD = 64;

interface Entry {
  readonly value: Value;
  expiresAtMs: number | undefined;
  /** What it counts for in the memory of all. */
  countedBytes: number;
}

export interface DatabaseOptions {
  readonly index: number;
  /** Called for every key that was set, changed, expired or deleted. */
  readonly onChanged: (database: Database, key: string) => void;
  /** Called with the bytes that a change added. */
  readonly onBytes: (difference: number) => void;
}

export class Database {
  readonly index: number;
  readonly #options: DatabaseOptions;
  #entries = new Map<string, Entry>();
  /** Keys that expire. */
  readonly #mortal = new Set<string>();

  constructor(options: DatabaseOptions) {
    this.index = options.index;
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get mortalKeys(): Iterable<string> {
    return this.#mortal;
  }

  get mortalCount(): number {
    return this.#mortal.size;
  }

  /** Keys that live, in the order they were made. */
  keys(): readonly string[] {
    return [...this.#entries.keys()].filter((key) => this.get(key) !== undefined);
  }

  get(key: string): Value | undefined {
    return this.#live(key)?.value;
  }

  /** Throws WRONGTYPE when the key holds something else. */
  typed<Type extends ValueType>(key: string, type: Type): ValueOf<Type> | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (value.type !== type)
      throw new Refusal("WRONGTYPE Operation against a key holding the wrong kind of value");
    return value as ValueOf<Type>;
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry?.expiresAtMs === undefined || entry.expiresAtMs > Date.now()) return entry;
    this.delete(key);
    return undefined;
  }

  /** Sets a key anew; `expiresAtMs` undefined means for ever. */
  set(key: string, value: Value, expiresAtMs?: number): void {
    const old = this.#entries.get(key);
    this.#entries.set(key, { value, expiresAtMs: undefined, countedBytes: old?.countedBytes ?? 0 });
    this.#mortal.delete(key);
    if (expiresAtMs !== undefined) this.#setExpiry(key, expiresAtMs);
    this.changed(key);
  }

  /** Gives a key another value; when it expires stays as it is. */
  replace(key: string, value: Value): void {
    this.set(key, value, this.expiresAtMs(key) ?? undefined);
  }

  /** Must be called after the value of a key was changed in place. Empty ones go. */
  changed(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    if (entry.value.isEmpty) {
      this.delete(key);
      return;
    }
    const bytes = entry.value.bytes + key.length + KEY_OVERHEAD;
    this.#options.onBytes(bytes - entry.countedBytes);
    entry.countedBytes = bytes;
    this.#options.onChanged(this, key);
  }

  delete(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    const isLive = entry.expiresAtMs === undefined || entry.expiresAtMs > Date.now();
    this.#entries.delete(key);
    this.#mortal.delete(key);
    this.#options.onBytes(-entry.countedBytes);
    this.#options.onChanged(this, key);
    return isLive;
  }

  /** When a key expires, in milliseconds since 1970; null: never; undefined: there is no such key. */
  expiresAtMs(key: string): number | null | undefined {
    const entry = this.#live(key);
    return entry === undefined ? undefined : (entry.expiresAtMs ?? null);
  }

  /** A time that has passed deletes the key. */
  expire(key: string, atMs: number | undefined): void {
    if (atMs !== undefined && atMs <= Date.now()) {
      this.delete(key);
      return;
    }
    this.#setExpiry(key, atMs);
    this.#options.onChanged(this, key);
  }

  #setExpiry(key: string, atMs: number | undefined): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.expiresAtMs = atMs;
    if (atMs === undefined) this.#mortal.delete(key);
    else this.#mortal.add(key);
  }

  /** Returns the keys that are gone. */
  clear(): readonly string[] {
    const keys = [...this.#entries.keys()];
    for (const key of keys) this.delete(key);
    return keys;
  }
}
