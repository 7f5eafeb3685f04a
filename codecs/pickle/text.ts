/** Strings of protocol 0, which have escapes. */
import { malformed } from "./cursor.ts";

const ESCAPE = /\\(?:([0-7]{1,3})|x([\da-fA-F]{2})|([\s\S]?))/g;
const SIMPLE: Readonly<Record<string, string>> = {
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** A `repr()` of Python 2's str, quotes included, as its bytes. */
export function unescapeString(line: Buffer): Buffer {
  const text = line.toString("latin1");
  const quote = text.at(0);
  if (text.length < 2 || (quote !== "'" && quote !== '"') || !text.endsWith(quote))
    throw malformed("a string has no quotes around it");
  const plain = text.slice(1, -1).replace(ESCAPE, (_, octal?: string, hex?: string, letter = "") => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    const meant = Object.hasOwn(SIMPLE, letter) ? SIMPLE[letter] : undefined;
    if (meant === undefined && (letter === "" || letter === "x"))
      throw malformed("an escape in a string is cut short");
    return meant ?? `\\${letter}`;
  });
  return Buffer.from(plain, "latin1");
}

const CODE_POINT = /\\u([\da-fA-F]{4})|\\U([\da-fA-F]{8})/g;

/** Python's raw-unicode-escape: Latin-1 in which only \u and \U are escapes. */
export function unescapeUnicode(line: Buffer): string {
  return line.toString("latin1").replace(CODE_POINT, (_, short?: string, long?: string) => {
    const code = Number.parseInt(short ?? long ?? "", 16);
    if (code > 0x10ffff) throw malformed("a character is beyond Unicode");
    return String.fromCodePoint(code);
  });
}
