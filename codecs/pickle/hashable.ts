/** What Python takes as a key of a dict or an item of a set. */
import { ByteArray, FrozenSet, isPlainObject, Tuple } from "../../protocol/values.ts";

/** Throws TypeError for an item that Python cannot hash. */
export function requireHashable<T>(items: readonly T[]): readonly T[] {
  for (const item of items) {
    if (!isHashable(item))
      throw new TypeError("keys of a dict and items of a set must not be lists, dicts, sets or bytearrays");
  }
  return items;
}

function isHashable(value: unknown): boolean {
  if (value instanceof Tuple) return value.every(isHashable);
  // Its items were checked when it was made.
  if (value instanceof FrozenSet) return true;
  return !(
    Array.isArray(value) ||
    value instanceof Set ||
    value instanceof Map ||
    value instanceof ByteArray ||
    isPlainObject(value)
  );
}
