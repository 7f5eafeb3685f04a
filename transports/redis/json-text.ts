/**
 * Changes single members of a JSON text and leaves the rest of its bytes alone. Parsing and writing again would not: a
 * message of a Python peer may hold integers beyond 2^53, 1.0, NaN, or escapes that must come back as they were.
 */

/** Where a value stands in a text: from `start` up to `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const SPACE = /[ \t\r\n]/;

function skipSpace(text: string, at: number): number {
  let next = at;
  while (next < text.length && SPACE.test(text.charAt(next))) next += 1;
  return next;
}

/** The index after the string that opens at `at`; the text's length when it never ends. */
function skipString(text: string, at: number): number {
  for (let next = at + 1; next < text.length; next += 1) {
    const character = text.charAt(next);
    if (character === "\\") next += 1;
    else if (character === '"') return next + 1;
  }
  return text.length;
}

function skipNested(text: string, at: number): number {
  let depth = 0;
  let next = at;
  while (next < text.length) {
    const character = text.charAt(next);
    if (character === '"') {
      next = skipString(text, next);
      continue;
    }
    if (character === "{" || character === "[") depth += 1;
    if (character === "}" || character === "]") depth -= 1;
    next += 1;
    if (depth === 0) return next;
  }
  return next;
}

/** The value that starts at `at` or after the space there. */
export function valueAt(text: string, at: number): Span {
  const start = skipSpace(text, at);
  const first = text.charAt(start);
  if (first === '"') return { start, end: skipString(text, start) };
  if (first === "{" || first === "[") return { start, end: skipNested(text, start) };
  let end = start;
  while (end < text.length && !/[,\]}\s]/.test(text.charAt(end))) end += 1;
  return { start, end };
}

/** The value of a member of the object at `object`; undefined when there is no object there, or no such member. */
export function memberOf(text: string, object: Span | undefined, name: string): Span | undefined {
  if (object === undefined || text.charAt(object.start) !== "{") return undefined;
  let at = skipSpace(text, object.start + 1);
  while (at < object.end && text.charAt(at) === '"') {
    const nameEnd = skipString(text, at);
    const found = text.slice(at + 1, nameEnd - 1) === name;
    const colon = skipSpace(text, nameEnd);
    if (text.charAt(colon) !== ":") return undefined;
    const value = valueAt(text, colon + 1);
    if (found) return value;
    const comma = skipSpace(text, value.end);
    if (text.charAt(comma) !== ",") return undefined;
    at = skipSpace(text, comma + 1);
  }
  return undefined;
}

/** Sets a member of the object that is reached by `path` from the top; without that object the text stays as it is. */
export function setMember(text: string, path: readonly string[], name: string, value: string): string {
  let object: Span | undefined = valueAt(text, 0);
  for (const step of path) object = memberOf(text, object, step);
  if (object === undefined || text.charAt(object.start) !== "{" || text.charAt(object.end - 1) !== "}")
    return text;
  const old = memberOf(text, object, name);
  if (old !== undefined) return text.slice(0, old.start) + value + text.slice(old.end);
  const inside = object.start + 1;
  const empty = text.charAt(skipSpace(text, inside)) === "}";
  return `${text.slice(0, inside)}${JSON.stringify(name)}: ${value}${empty ? "" : ", "}${text.slice(inside)}`;
}
