/** Plain data that kombu's JSON decoder would take for a Python value; strangers may not send it. */

/** JSON Pointer of the first object with just the keys `__type__` and `__value__`, at any depth; undefined without one. */
export function findEnvelope(value: unknown, pointer: string): string | undefined {
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
