/** How stamps are merged. Source: celery/canvas.py `_merge_dictionaries` and `Signature._stamp_headers` of 5.7. */
import { isPlainObject, setOwn } from "../protocol/index.ts";
import type { DraftOptions } from "./draft.ts";

/** Stamps by name, and under `stamped_headers` which of them are stamps; the others become options of the signature. */
export type StampHeaders = Record<string, unknown>;

/** The stamps that a signature gets: those handed down, those of the visitor, and, with `own`, those it has. */
export function mergeStamps(
  handed: StampHeaders,
  visited: StampHeaders | undefined,
  own: DraftOptions | undefined,
  append: boolean,
): StampHeaders {
  const merged = named(handed);
  if (visited !== undefined) mergeInto(merged, named(visited), append);
  if (own !== undefined) {
    const names = new Set([...stampNames(merged), ...stampNames(own)]);
    merged["stamped_headers"] = [...names];
    const stamps = Object.entries(own).filter(([name]) => names.has(name));
    mergeInto(merged, copyStamps(Object.fromEntries(stamps)), append);
  }
  merged["stamped_headers"] = [...new Set(stampNames(merged))];
  return merged;
}

/** Names that `stamped_headers` lists. */
export function stampNames({ stamped_headers: names }: StampHeaders): readonly string[] {
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}

/** A copy that lists its names: all of them, when it does not say so itself. */
function named(headers: StampHeaders): StampHeaders {
  const names = "stamped_headers" in headers ? stampNames(headers) : Object.keys(headers);
  return { ...headers, stamped_headers: [...names] };
}

/**
 * What `target` has stays, and lists grow in place, for all signatures that hold them, as Celery's do. With `append`
 * two values of one name become a list.
 */
function mergeInto(target: StampHeaders, source: StampHeaders, append: boolean): void {
  for (const [name, value] of Object.entries(source)) {
    const present = target[name];
    if (!Object.hasOwn(target, name)) setOwn(target, name, value);
    else if (isPlainObject(present)) {
      if (isPlainObject(value)) mergeInto(present, value, append);
    } else if (Array.isArray(present) && Array.isArray(value)) for (const item of value) present.push(item);
    else if (append) setOwn(target, name, present === null ? [value] : [present, value].flat());
  }
}

/** A copy whose lists and objects are its own. */
export function copyStamps(headers: StampHeaders): StampHeaders {
  return copyValue(headers) as StampHeaders;
}

function copyValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyValue);
  if (!isPlainObject(value)) return value;
  const copy: StampHeaders = {};
  for (const [name, inner] of Object.entries(value)) setOwn(copy, name, copyValue(inner));
  return copy;
}
