/** Refuses what kombu's JSON decoder would turn into Python types: a caller over HTTP sends plain data only. */
import { Problem } from "./problems.ts";

/** Throws Problem `reserved-envelope` for an object with just the keys `__type__` and `__value__`, at any depth. */
export function requirePlainValues(value: unknown, pointer: string): void {
  const found = findEnvelope(value, pointer);
  if (found === undefined) return;
  const detail =
    'an object with just "__type__" and "__value__" is reserved; rename a key, or add another one';
  throw new Problem("reserved-envelope", { members: { errors: [{ pointer: found, detail }] } });
}

function findEnvelope(value: unknown, pointer: string): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!Array.isArray(value) && isEnvelope(value)) return pointer;
  for (const key in value) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    // Paths are built for containers only: there are few of them, and many scalars.
    if (typeof member !== "object" || member === null) continue;
    const found = findEnvelope(member, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isEnvelope(value: object): boolean {
  return (
    Object.hasOwn(value, "__type__") && Object.hasOwn(value, "__value__") && Object.keys(value).length === 2
  );
}
