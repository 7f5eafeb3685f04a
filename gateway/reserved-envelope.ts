/** Refuses what kombu's JSON decoder would turn into Python types: a caller over HTTP sends plain data only. */
import { findEnvelope } from "../protocol/index.ts";
import type { Caller } from "./access/caller.ts";
import { Problem } from "./problems.ts";

/** The check below, unless the caller may choose Python types. */
export function requirePlainUnlessAllowed(caller: Caller, value: unknown, pointer: string): void {
  if (!caller.has("python-types")) requirePlainValues(value, pointer);
}

/** Throws Problem `reserved-envelope` for an object with just the keys `__type__` and `__value__`, at any depth. */
export function requirePlainValues(value: unknown, pointer: string): void {
  const found = findEnvelope(value, pointer);
  if (found === undefined) return;
  const detail =
    'an object with just "__type__" and "__value__" is reserved; rename a key, or add another one';
  throw new Problem("reserved-envelope", { members: { errors: [{ pointer: found, detail }] } });
}
