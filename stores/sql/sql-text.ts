/**
 * Parts of SQL text. Lists of values come in lengths that are powers of two, so that there are few different texts and
 * their compiled statements are used again.
 */
import type { SqlValue } from "./database.ts";

/** `(?, ?, ?, ?)` for `IN`, and its values; the last value is repeated to fill the list. Never empty. */
export function inList(values: readonly SqlValue[]): {
  readonly text: string;
  readonly params: readonly SqlValue[];
} {
  const length = 2 ** Math.ceil(Math.log2(Math.max(1, values.length)));
  const filler: SqlValue[] = Array.from({ length: length - values.length }, () => values.at(-1) ?? null);
  return { text: `(${repeat("?", length)})`, params: [...values, ...filler] };
}

/** `(?, ?), (?, ?)`: the same row of placeholders `count` times. */
export function repeat(row: string, count: number): string {
  return Array.from({ length: count }, () => row).join(", ");
}

/** Cuts items into slices of 2^n, longest first. `longest` must be a power of two. */
export function* powerSlices<Item>(items: readonly Item[], longest: number): Generator<readonly Item[]> {
  let length = longest;
  for (let at = 0; at < items.length; at += length) {
    while (length > items.length - at) length /= 2;
    yield items.slice(at, at + length);
  }
}
