/**
 * JSON as Python's json module and kombu read and write it: with exact integers of any size, NaN and Infinity literals,
 * and typed values (protocol/typed-values.ts). Plain JSON, which nearly all messages are, goes through JSON itself.
 */
import type { ErrorCode } from "./errors.ts";
import { MAX_INTEGER_DIGITS, parseJson, type Revive, tooDeep } from "./json-parser.ts";
import { type TreeRules, toPlainTree } from "./plain-tree.ts";
import { toTypedValue } from "./typed-values.ts";
import { Float, isPlainObject, type PlainObject } from "./values.ts";

/** How to read. */
export interface ReadJsonOptions {
  /** Deepest nesting of arrays and objects. Default: {@link DEFAULT_MAX_DEPTH}. */
  readonly maxDepth?: number;
  /** Typed values stay plain objects without it. */
  readonly revive?: Revive;
  /** Whether floats without a fraction become {@link Float} (slower). Default: false, they become plain numbers. */
  readonly exactFloats?: boolean;
  /** The code of the DecodeError for text that is not JSON. Default: `bad_body`. */
  readonly code?: ErrorCode;
}

/** Well inside what CPython's json (about 1000 levels) and pickle (about 500) can read. */
export const DEFAULT_MAX_DEPTH = 200;

/** Integers of fewer digits are exact as numbers. */
const WIDE_DIGITS = 16;

/** Reads one JSON value. Integers beyond 2^53 become bigint. Throws DecodeError `options.code` or `too_deep`, and nothing else. */
export function readPythonJson(text: string, options: ReadJsonOptions = {}): unknown {
  const { maxDepth = DEFAULT_MAX_DEPTH, revive, exactFloats = false, code = "bad_body" } = options;
  // A text of 2n characters cannot nest deeper than n and be JSON. Longer ones are measured before anything is built.
  if (text.length > 2 * maxDepth && nestsDeeper(text, maxDepth)) throw tooDeep(maxDepth);
  const isPlain = !hasWideDigits(text) && !(revive !== undefined && mayHoldTypes(text));
  if (isPlain && !(exactFloats && MAYBE_FLOAT.test(text))) {
    try {
      return JSON.parse(text);
    } catch {
      // NaN, Infinity or no JSON at all: the parser below reads the first two, and says what is wrong with the last.
    }
  }
  try {
    return parseJson(text, { maxDepth, revive, exactFloats, code });
  } catch (error) {
    // The parser recurses, so a limit in the thousands can exceed the stack before it is reached.
    throw error instanceof RangeError ? tooDeep(maxDepth, error) : error;
  }
}

const MAYBE_FLOAT = /\d[.eE]/;

/** A run of 16 digits covers one of the positions 15, 31, 47, ...: only those are looked at. */
function hasWideDigits(text: string): boolean {
  for (let at = WIDE_DIGITS - 1; at < text.length; at += WIDE_DIGITS) {
    if (isDigit(text.charCodeAt(at)) && digitsAround(text, at) >= WIDE_DIGITS) return true;
  }
  return false;
}

function digitsAround(text: string, at: number): number {
  let start = at;
  while (start > 0 && isDigit(text.charCodeAt(start - 1))) start--;
  let end = at;
  while (isDigit(text.charCodeAt(end))) end++;
  return end - start;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** The key may be spelled with escapes; `_` is 5f. */
function mayHoldTypes(text: string): boolean {
  return text.includes("__type__") || text.includes("\\u005");
}

function nestsDeeper(text: string, maxDepth: number): boolean {
  // Counting brackets is quick, and few messages have more of them than the limit.
  const brackets = countUpTo(maxDepth + 1, text, "[") + countUpTo(maxDepth + 1, text, "{");
  return brackets > maxDepth && measuresDeeper(text, maxDepth);
}

function countUpTo(limit: number, text: string, char: string): number {
  let count = 0;
  for (let at = text.indexOf(char); at !== -1 && count < limit; at = text.indexOf(char, at + 1)) count++;
  return count;
}

function measuresDeeper(text: string, maxDepth: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = endOfString(text, at);
      if (at === -1) return false;
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > maxDepth) return true;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return false;
}

/** The closing quote of the string that opens at `start`, -1 without one. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return -1;
}

/**
 * Writes a value as Python would read it back. Undefined members are left out, undefined items become null. Throws
 * EncodeError naming the place (`$[0].when`) of what has no JSON form.
 */
export function writePythonJson(value: unknown, maxDepth: number = DEFAULT_MAX_DEPTH): string {
  if (isPlain(value, maxDepth)) return JSON.stringify(value) ?? "null";
  return writeTree(toPlainTree(value, { ...JSON_RULES, maxDepth }));
}

/** True when JSON.stringify writes the value exactly. */
function isPlain(value: unknown, room: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return true;
    case "number":
      return isPlainNumber(value);
    case "object":
      return value === null || (room > 0 && isPlainContainer(value, room - 1));
    default:
      return false;
  }
}

/** JSON.stringify writes -0 as 0, NaN as null, and 2^53 and more without a dot, which reads back as an integer. */
function isPlainNumber(value: number): boolean {
  if (Number.isInteger(value)) return Number.isSafeInteger(value) && !Object.is(value, -0);
  return Number.isFinite(value);
}

function isPlainContainer(value: object, room: number): boolean {
  if (Array.isArray(value)) {
    for (const item of value) if (!isPlain(item, room)) return false;
    return true;
  }
  if (!isPlainObject(value)) return false;
  for (const key in value) if (!isPlain(value[key], room)) return false;
  return true;
}

const JSON_RULES: Omit<TreeRules, "maxDepth"> = {
  format: "JSON",
  number: (value) => value,
  text: (value) => value,
  bigint(value) {
    const digits = String(value).replace("-", "").length;
    if (digits > MAX_INTEGER_DIGITS)
      throw new RangeError(`an integer has ${digits} digits, and Python reads ${MAX_INTEGER_DIGITS} at most`);
    return value;
  },
  object: (value) => (value instanceof Float ? value : toTypedValue(value)),
};

function writeTree(tree: unknown): string {
  if (typeof tree === "bigint") return String(tree);
  if (typeof tree === "number") return writeNumber(tree);
  if (tree instanceof Float) return writeFloat(Number(tree));
  if (Array.isArray(tree)) return `[${tree.map(writeTree).join(",")}]`;
  if (typeof tree !== "object" || tree === null) return JSON.stringify(tree);
  const members = Object.entries(tree as PlainObject);
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${writeTree(member)}`).join(",")}}`;
}

function writeNumber(value: number): string {
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : writeFloat(value);
}

function writeFloat(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
