/** Entries with growing ids, `<milliseconds>-<number>`. */

const ENTRY_OVERHEAD = 64;

/** The two numbers of an id. */
export type StreamId = readonly [ms: bigint, number: bigint];

export interface StreamEntry {
  readonly id: StreamId;
  /** Field, value, field, value... */
  readonly fields: readonly Buffer[];
}

export const FIRST_ID: StreamId = [0n, 0n];
export const LAST_ID: StreamId = [2n ** 64n - 1n, 2n ** 64n - 1n];

export class StreamValue {
  readonly type = "stream";
  /** A stream stays when its last entry goes. */
  readonly isEmpty = false;
  #entries: StreamEntry[] = [];
  lastId: StreamId = FIRST_ID;
  /** Memory, about. */
  bytes = 0;

  get entries(): readonly StreamEntry[] {
    return this.#entries;
  }

  add(entry: StreamEntry): void {
    this.#entries.push(entry);
    this.lastId = entry.id;
    this.bytes += entryBytes(entry);
  }

  /** Keeps what fits; returns how many are gone. */
  keep(fits: (entry: StreamEntry, place: number) => boolean): number {
    const kept = this.#entries.filter(fits);
    const gone = this.#entries.length - kept.length;
    this.#entries = kept;
    this.bytes = kept.reduce((sum, entry) => sum + entryBytes(entry), 0);
    return gone;
  }

  copy(): StreamValue {
    const copy = new StreamValue();
    for (const entry of this.#entries) copy.add(entry);
    copy.lastId = this.lastId;
    return copy;
  }
}

function entryBytes({ fields }: StreamEntry): number {
  return fields.reduce((sum, field) => sum + field.length, ENTRY_OVERHEAD);
}

/** Below 0 when the left id is older. */
export function compareIds(left: StreamId, right: StreamId): number {
  const difference = left[0] === right[0] ? left[1] - right[1] : left[0] - right[0];
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
