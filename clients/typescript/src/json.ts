/** JSON with integers of any size. */

/** Strings are matched whole, so that digits within them are left alone. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const INTEGER = /^-?\d+$/;

/** `isExact`: integers beyond 2^53 become bigints. Throws SyntaxError. */
export function parseJson(text: string, isExact: boolean): unknown {
  if (!isExact) return JSON.parse(text);
  // Integers that a number cannot hold become strings that nobody can have written, and those become bigints.
  const mark = `${crypto.randomUUID()}:`;
  const marked = text.replace(TOKEN, (token) =>
    INTEGER.test(token) && !Number.isSafeInteger(Number(token)) ? `"${mark}${token}"` : token,
  );
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === "string" && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value,
  );
}

/** Bigints become integers. */
export function writeJson(value: unknown): string {
  const mark = `${crypto.randomUUID()}:`;
  const text = JSON.stringify(value, (_, member: unknown) =>
    typeof member === "bigint" ? `${mark}${member}` : member,
  );
  return text.replace(new RegExp(`"${mark}(-?\\d+)"`, "g"), "$1");
}
