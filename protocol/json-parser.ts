/**
 * A JSON parser for what JSON.parse cannot read as Python does: integers of any size, NaN and Infinity, kombu's typed
 * values. Agrees with JSON.parse on everything else, duplicate keys (last wins) and `__proto__` (an own key) included.
 */
import { DecodeError, type ErrorCode } from "./errors.ts";
import { Float, type PlainObject, setOwn } from "./values.ts";

/** Turns kombu's `{"__type__", "__value__"}` into a value. Throws DecodeError. */
export type Revive = (type: unknown, value: unknown) => unknown;

/** How to parse. */
export interface JsonRules {
  readonly maxDepth: number;
  /** Typed values stay plain objects without it. */
  readonly revive: Revive | undefined;
  /** Floats without a fraction become {@link Float}, so that they are written as floats again. */
  readonly exactFloats?: boolean;
  /** The code of the DecodeError for text that is not JSON. */
  readonly code: ErrorCode;
}

/** CPython refuses longer integers (sys.get_int_max_str_digits), because reading them takes quadratic time. */
export const MAX_INTEGER_DIGITS = 4300;

interface Cursor {
  readonly text: string;
  readonly rules: JsonRules;
  at: number;
}

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const WORDS: readonly (readonly [string, unknown])[] = [
  ["null", null],
  ["true", true],
  ["false", false],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
];

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LOWEST_PRINTABLE = 0x20;

/** Throws DecodeError: `rules.code`, `too_deep`, or what `rules.revive` throws. */
export function parseJson(text: string, rules: JsonRules): unknown {
  const cursor: Cursor = { text, rules, at: 0 };
  const value = readValue(cursor, 0);
  skipSpace(cursor);
  if (cursor.at < text.length) throw unexpected(cursor, "text after the value");
  return value;
}

/** The error for a value that nests too deep, from wherever it is noticed. */
export function tooDeep(maxDepth: number, cause?: unknown): DecodeError {
  return new DecodeError(
    "too_deep",
    `The value nests deeper than ${maxDepth} levels, or than the stack allows; send flatter data, or raise maxDepth.`,
    { cause },
  );
}

function readValue(cursor: Cursor, depth: number): unknown {
  skipSpace(cursor);
  const first = cursor.text[cursor.at];
  if (first === '"') return readString(cursor);
  if (first !== "[" && first !== "{") return readScalar(cursor);
  if (depth >= cursor.rules.maxDepth) throw tooDeep(cursor.rules.maxDepth);
  cursor.at++;
  return first === "[" ? readArray(cursor, depth + 1) : readObject(cursor, depth + 1);
}

function readArray(cursor: Cursor, depth: number): unknown[] {
  const items: unknown[] = [];
  if (accept(cursor, "]")) return items;
  do items.push(readValue(cursor, depth));
  while (accept(cursor, ","));
  expect(cursor, "]");
  return items;
}

function readObject(cursor: Cursor, depth: number): unknown {
  const members: PlainObject = {};
  if (accept(cursor, "}")) return members;
  do {
    skipSpace(cursor);
    if (cursor.text[cursor.at] !== '"') throw unexpected(cursor, "no key");
    const key = readString(cursor);
    expect(cursor, ":");
    setOwn(members, key, readValue(cursor, depth));
  } while (accept(cursor, ","));
  expect(cursor, "}");
  const { revive } = cursor.rules;
  return revive && isTyped(members) ? revive(members["__type__"], members["__value__"]) : members;
}

function isTyped(members: PlainObject): boolean {
  return (
    Object.hasOwn(members, "__type__") &&
    Object.hasOwn(members, "__value__") &&
    Object.keys(members).length === 2
  );
}

function readString(cursor: Cursor): string {
  const { text, at: start } = cursor;
  let isPlain = true;
  let at = start + 1;
  for (; ; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) break;
    // NaN, past the end, is not >= either.
    if (!(code >= LOWEST_PRINTABLE)) {
      cursor.at = Math.min(at, text.length);
      throw unexpected(cursor, "a string without its end, or with a bare control character");
    }
    if (code === BACKSLASH) {
      isPlain = false;
      at++;
    }
  }
  cursor.at = at + 1;
  return isPlain ? text.slice(start + 1, at) : unescapeString(cursor, start);
}

function unescapeString(cursor: Cursor, start: number): string {
  try {
    return JSON.parse(cursor.text.slice(start, cursor.at)) as string;
  } catch {
    cursor.at = start;
    throw unexpected(cursor, "a string with a bad escape");
  }
}

function readScalar(cursor: Cursor): unknown {
  const { text, at } = cursor;
  for (const [word, value] of WORDS) {
    if (!text.startsWith(word, at)) continue;
    cursor.at += word.length;
    return value;
  }
  NUMBER.lastIndex = at;
  const match = NUMBER.exec(text);
  if (match === null) throw unexpected(cursor, at < text.length ? "an unknown token" : "the end");
  cursor.at += match[0].length;
  const isInteger = match[1] === undefined && match[2] === undefined;
  if (isInteger) return readInteger(cursor, match[0]);
  const number = Number(match[0]);
  return cursor.rules.exactFloats === true && Number.isInteger(number) ? new Float(number) : number;
}

function readInteger(cursor: Cursor, digits: string): number | bigint {
  if (digits.length - (digits.startsWith("-") ? 1 : 0) > MAX_INTEGER_DIGITS)
    throw unexpected(cursor, `an integer of more than ${MAX_INTEGER_DIGITS} digits`);
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}

function accept(cursor: Cursor, token: string): boolean {
  skipSpace(cursor);
  if (cursor.text[cursor.at] !== token) return false;
  cursor.at++;
  return true;
}

function expect(cursor: Cursor, token: string): void {
  if (!accept(cursor, token)) throw unexpected(cursor, `no "${token}"`);
}

function skipSpace(cursor: Cursor): void {
  const { text } = cursor;
  for (;;) {
    const code = text.charCodeAt(cursor.at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    cursor.at++;
  }
}

function unexpected(cursor: Cursor, what: string): DecodeError {
  return new DecodeError(cursor.rules.code, `Not JSON: ${what} at character ${cursor.at}.`);
}
