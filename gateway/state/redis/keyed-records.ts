/** Records in Redis, whatever their layout: what is written in one turn of the event loop leaves together. */
import { firstVersion } from "../first-version.ts";
import { getOrMake } from "../get-or-make.ts";
import type { KeyedRecords, NewRecord, PutOptions, StateRecord } from "../state-store.ts";
import { TurnBatch } from "./turn-batch.ts";

/** A record that shall be written. */
export interface RecordWrite {
  readonly key: string;
  readonly value: string;
  /** Milliseconds since 1970, or "" for never. */
  readonly expiry: string;
  /** The version that must stand: "0" none, "" any. */
  readonly wanted: string;
}

/** When a batch is written. */
export interface WriteTime {
  readonly nowMs: number;
  /** Of a record that was not there. */
  readonly firstVersion: number;
}

/** Where records lie. Their text is `<version> <expiry or nothing> <value>`. */
export interface RecordLayout {
  read(kind: string, key: string): Promise<string | null>;
  /** Resolves with the new version of each, or the text that stands instead, or "" where there should be one. */
  write(kind: string, writes: readonly RecordWrite[], time: WriteTime): Promise<readonly string[]>;
  remove(kind: string, key: string, ifVersion: number | undefined): Promise<boolean>;
}

/** Of the records of one script, which nobody else waits long for: characters, and what each costs beside them. */
const MAX_WEIGHT = 200_000;
const RECORD_WEIGHT = 1000;

/** What else a layout answers has a space in it, or is empty. */
const VERSION = /^\d+$/;

/** Lua: the version that stands, if any, then the record's text, the version that was written last, and its expiry. */
export const STANDING = `
local function standing(raw, now)
  if not raw then return end
  local last, expiry = string.match(raw, '^(%d+) (%d*) ')
  local isLive = expiry == '' or tonumber(expiry) > tonumber(now)
  return isLive and last or nil, raw, last, expiry
end
`;

export class RedisKeyedRecords implements KeyedRecords {
  readonly #layout: RecordLayout;
  readonly #writes = new Map<string, TurnBatch<RecordWrite, string>>();

  constructor(layout: RecordLayout) {
    this.#layout = layout;
  }

  /** Those that this process has written to. */
  get kinds(): Iterable<string> {
    return this.#writes.keys();
  }

  async get(kind: string, key: string): Promise<StateRecord | undefined> {
    const text = await this.#layout.read(kind, key);
    return text === null ? undefined : toLiveRecord(key, text);
  }

  async add(
    kind: string,
    key: string,
    value: string,
    { expiresAtMs }: { readonly expiresAtMs?: number } = {},
  ): Promise<StateRecord | undefined> {
    const answer = await this.#write(kind, { key, value, expiry: toExpiry(expiresAtMs), wanted: "0" });
    return toRecord(key, answer ?? "");
  }

  async put(
    kind: string,
    key: string,
    value: string,
    { ifVersion, expiresAtMs }: PutOptions = {},
  ): Promise<number | undefined> {
    const wanted = String(ifVersion ?? "");
    const answer = await this.#write(kind, { key, value, expiry: toExpiry(expiresAtMs), wanted });
    return answer !== undefined && VERSION.test(answer) ? Number(answer) : undefined;
  }

  async putAll(kind: string, records: readonly NewRecord[]): Promise<void> {
    await Promise.all(
      records.map(({ key, value, expiresAtMs }) =>
        this.#write(kind, { key, value, expiry: toExpiry(expiresAtMs), wanted: "" }),
      ),
    );
  }

  delete(kind: string, key: string, { ifVersion }: { readonly ifVersion?: number } = {}): Promise<boolean> {
    return this.#layout.remove(kind, key, ifVersion);
  }

  #write(kind: string, write: RecordWrite): Promise<string | undefined> {
    return getOrMake(this.#writes, kind, () => this.#batchOf(kind)).ask(write);
  }

  #batchOf(kind: string): TurnBatch<RecordWrite, string> {
    return new TurnBatch({
      ask: (writes) => {
        const nowMs = Date.now();
        return this.#layout.write(kind, writes, { nowMs, firstVersion: firstVersion(nowMs) });
      },
      weigh: ({ key, value }) => RECORD_WEIGHT + key.length + value.length,
      maxWeight: MAX_WEIGHT,
    });
  }
}

function toExpiry(expiresAtMs: number | undefined): string {
  return expiresAtMs === undefined ? "" : String(Math.ceil(expiresAtMs));
}

/** undefined for one that has expired. */
export function toLiveRecord(key: string, text: string): StateRecord | undefined {
  const record = toRecord(key, text);
  const isLive = record !== undefined && (record.expiresAtMs === null || record.expiresAtMs > Date.now());
  return isLive ? record : undefined;
}

function toRecord(key: string, text: string): StateRecord | undefined {
  const first = text.indexOf(" ");
  const second = text.indexOf(" ", first + 1);
  if (second < 0) return undefined;
  const expiry = text.slice(first + 1, second);
  return {
    key,
    value: text.slice(second + 1),
    version: Number(text.slice(0, first)),
    expiresAtMs: expiry === "" ? null : Number(expiry),
  };
}
