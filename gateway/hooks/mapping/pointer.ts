/** JSON Pointer (RFC 6901): a path to a value in a document. */

/** The parts of a pointer, unescaped; none for the whole document. */
export type JsonPointer = readonly string[];

const ARRAY_INDEX = /^(?:0|[1-9]\d{0,8})$/;
const BROKEN_ESCAPE = /~(?![01])/;

/** undefined for text that is no pointer. */
export function parsePointer(text: string): JsonPointer | undefined {
  if (text === "") return [];
  if (!text.startsWith("/") || BROKEN_ESCAPE.test(text)) return undefined;
  return text
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** A name as a part of a pointer. */
export function pointerPart(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** The value there; undefined for none, which JSON never has. Looks at own members only. */
export function resolvePointer(document: unknown, pointer: JsonPointer): unknown {
  let value = document;
  for (const part of pointer) {
    if (typeof value !== "object" || value === null) return undefined;
    if (Array.isArray(value) ? !ARRAY_INDEX.test(part) : !Object.hasOwn(value, part)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return value;
}
