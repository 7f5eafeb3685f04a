/**
 * JSON from strangers, read strictly: what parsers in other languages would refuse or read differently is refused here,
 * not passed on. Numbers stay exact: integers beyond 2^53 become bigint.
 */
import { isUtf8 } from "node:buffer";
import { MAX_INTEGER_DIGITS, parseJson } from "../protocol/index.ts";
import { Problem } from "./problems.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const BYTE_ORDER_MARK = 0xfeff;
/** Integers of fewer digits are exact as doubles. */
const WIDE_DIGITS = 16;
/** With the u flag a surrogate is matched only when it is alone. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** What one pass over the text tells before anything is built. */
interface Shape {
  /** Colons outside of strings: members, duplicates included. */
  readonly members: number;
  readonly longestDigits: number;
}

/** Throws Problem `bad-unicode`, `too-deep`, `bad-json`, `number-range` or `duplicate-key`. */
export function parseBody(bytes: Buffer, maxDepth: number): unknown {
  if (!isUtf8(bytes)) throw new Problem("bad-unicode", { detail: "The body is not UTF-8." });
  const text = bytes.toString("utf8");
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) {
    throw new Problem("bad-unicode", { detail: "The body starts with a byte order mark; leave it out." });
  }
  const { members, longestDigits } = measure(text, maxDepth);
  const value = parse(text, maxDepth, longestDigits);
  // Only an escape can make half a surrogate pair: the bytes are UTF-8.
  if (inspect(value, text.includes("\\u")) !== members) throw duplicateKey(text);
  return value;
}

function measure(text: string, maxDepth: number): Shape {
  let depth = 0;
  let members = 0;
  let digits = 0;
  let longestDigits = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= DIGIT_0 && code <= DIGIT_9) {
      digits++;
      if (digits > longestDigits) longestDigits = digits;
      continue;
    }
    digits = 0;
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COLON) members++;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > maxDepth) {
        const detail = `The body nests deeper than ${maxDepth} levels.`;
        throw new Problem("too-deep", { detail, members: { limit: maxDepth } });
      }
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return { members, longestDigits };
}

/** The closing quote of the string that opens at `start`, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at++;
  }
  return text.length;
}

function parse(text: string, maxDepth: number, longestDigits: number): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Problem("bad-json", { detail: `The body is not JSON: ${position(error)}` });
  }
  if (longestDigits > MAX_INTEGER_DIGITS) {
    throw numberRange(`an integer has more than ${MAX_INTEGER_DIGITS} digits`);
  }
  // JSON.parse has judged it; this one reads it again, exactly.
  return longestDigits < WIDE_DIGITS
    ? value
    : parseJson(text, { maxDepth, revive: undefined, code: "bad_body" });
}

/** Where the parser stopped, without the excerpt that V8 quotes: the body may be secret, and this is logged. */
function position(error: unknown): string {
  const found = /at position (\d+)/.exec(String(error))?.[1];
  return found === undefined ? "it ends too early, or has a stray character." : `see character ${found}.`;
}

/** Looks at every value once and counts the members. */
function inspect(value: unknown, hasEscapes: boolean): number {
  if (typeof value === "string") {
    if (hasEscapes) requireWellFormed(value);
    return 0;
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw numberRange("a number is beyond the range of a double");
    return 0;
  }
  if (typeof value !== "object" || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) {
    for (const item of value) members += inspect(item, hasEscapes);
    return members;
  }
  const object = value as Readonly<Record<string, unknown>>;
  for (const key in object) {
    if (hasEscapes) requireWellFormed(key);
    members += 1 + inspect(object[key], hasEscapes);
  }
  return members;
}

function requireWellFormed(text: string): void {
  if (LONE_SURROGATE.test(text)) {
    throw new Problem("bad-unicode", { detail: "A string holds half of a surrogate pair." });
  }
}

function numberRange(what: string): Problem {
  return new Problem("number-range", { detail: `In the body ${what}.` });
}

/** Names the key: the second look, for texts that are known to have one. */
function duplicateKey(text: string): Problem {
  const open: Set<string>[] = [];
  let last = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "{" || char === "[") open.push(new Set());
    else if (char === "}" || char === "]") open.pop();
    else if (char === '"') {
      const end = endOfString(text, at);
      last = text.slice(at, end + 1);
      at = end;
    } else if (char === ":") {
      const key = String(JSON.parse(last));
      const keys = open.at(-1);
      if (keys?.has(key) === true) {
        const shown = JSON.stringify(key.slice(0, 64));
        return new Problem("duplicate-key", { detail: `The key ${shown} is there twice in one object.` });
      }
      keys?.add(key);
    }
  }
  return new Problem("duplicate-key");
}
