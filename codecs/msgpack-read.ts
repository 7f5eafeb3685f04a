/**
 * Reads msgpack that another wrote, checking and building in one pass: what a length claims is never allocated ahead, and
 * extension types are refused. Source: the msgpack specification and msgpack-python's unpackb.
 */
import { isUtf8 } from "node:buffer";
import { DecodeError } from "../protocol/errors.ts";
import { tooDeep } from "../protocol/json-parser.ts";
import { Float, type PlainObject, setOwn } from "../protocol/values.ts";
import { byteAt, recallKey, rememberKey } from "./msgpack-keys.ts";

/** Text is cut out of a string of this many bytes of the body. A piece keeps the string alive, so it is no longer. */
const WINDOW_BYTES = 4096;
/** Longer text is read by itself. */
const MAX_CUT_BYTES = 256;

/** How to read. */
export interface MsgpackRules {
  readonly maxDepth: number;
  /** Whether floats without a fraction become {@link Float}. */
  readonly exactFloats: boolean;
}

/** Throws DecodeError `bad_body` or `too_deep` unless the bytes are exactly one value that Python could have written. */
export function readMsgpack(bytes: Buffer, rules: MsgpackRules): unknown {
  const reader = new Reader(bytes, rules);
  const value = reader.readValue(0);
  reader.requireEnd();
  return value;
}

class Reader {
  readonly #bytes: Buffer;
  readonly #maxDepth: number;
  readonly #exactFloats: boolean;
  #at = 0;
  /** The bytes from `#windowStart` as one character each: right for ASCII, and only that is cut out of it. */
  #window = "";
  #windowStart = 0;

  constructor(bytes: Buffer, { maxDepth, exactFloats }: MsgpackRules) {
    this.#bytes = bytes;
    this.#maxDepth = maxDepth;
    this.#exactFloats = exactFloats;
  }

  requireEnd(): void {
    if (this.#at < this.#bytes.length) throw bad("there are bytes after the value");
  }

  readValue(depth: number): unknown {
    const type = this.#readUint(1);
    if (type < 0x80) return type;
    if (type < 0x90) return this.#readMap(type & 0x0f, depth);
    if (type < 0xa0) return this.#readArray(type & 0x0f, depth);
    if (type < 0xc0) return this.#readText(type & 0x1f);
    if (type >= 0xe0) return type - 0x100;
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#readBytes(this.#readUint(1 << (type - 0xc4)));
      case 0xca:
        return this.#toFloat(this.#bytes.readFloatBE(this.#skip(4)));
      case 0xcb:
        return this.#toFloat(this.#bytes.readDoubleBE(this.#skip(8)));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#readUint(1 << (type - 0xcc));
      case 0xcf:
        return narrow(this.#bytes.readBigUInt64BE(this.#skip(8)));
      case 0xd0:
        return this.#bytes.readInt8(this.#skip(1));
      case 0xd1:
        return this.#bytes.readInt16BE(this.#skip(2));
      case 0xd2:
        return this.#bytes.readInt32BE(this.#skip(4));
      case 0xd3:
        return narrow(this.#bytes.readBigInt64BE(this.#skip(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#readText(this.#readUint(1 << (type - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#readArray(this.#readUint(2 << (type - 0xdc)), depth);
      case 0xde:
      case 0xdf:
        return this.#readMap(this.#readUint(2 << (type - 0xde)), depth);
      default:
        throw bad(`type byte 0x${type.toString(16)} is an extension or unassigned`);
    }
  }

  #readArray(length: number, depth: number): unknown[] {
    this.#enter(length, depth);
    const items: unknown[] = [];
    for (let at = 0; at < length; at++) items.push(this.readValue(depth + 1));
    return items;
  }

  #readMap(length: number, depth: number): PlainObject {
    this.#enter(length * 2, depth);
    const members: PlainObject = {};
    for (let at = 0; at < length; at++) {
      const key = this.#readKey();
      setOwn(members, key, this.readValue(depth + 1));
    }
    return members;
  }

  #enter(values: number, depth: number): void {
    if (depth >= this.#maxDepth) throw tooDeep(this.#maxDepth);
    // Every value takes a byte at least.
    if (values > this.#bytes.length - this.#at) throw truncated();
  }

  #readKey(): string {
    const type = this.#readUint(1);
    if (type >= 0xa0 && type < 0xc0) return this.#readShortKey(type & 0x1f);
    if (type < 0xd9 || type > 0xdb) throw bad("a key of a map is not a string");
    return this.#readText(this.#readUint(1 << (type - 0xd9)));
  }

  #readShortKey(length: number): string {
    const start = this.#skip(length);
    const known = recallKey(this.#bytes, start, length);
    if (known !== undefined) return known;
    const key = this.#textAt(start, length);
    rememberKey(key, this.#bytes, start, length);
    return key;
  }

  #readText(length: number): string {
    return this.#textAt(this.#skip(length), length);
  }

  #textAt(start: number, length: number): string {
    const bytes = this.#bytes;
    const end = start + length;
    let bits = 0;
    for (let at = start; at < end; at++) bits |= byteAt(bytes, at);
    if (bits < 0x80)
      return length <= MAX_CUT_BYTES ? this.#cut(start, end) : bytes.toString("latin1", start, end);
    const text = bytes.toString("utf8", start, end);
    // What is not UTF-8 becomes U+FFFD, so that only then it must be asked.
    if (text.includes("\ufffd") && !isUtf8(bytes.subarray(start, end))) throw bad("a string is not UTF-8");
    return text;
  }

  #cut(start: number, end: number): string {
    if (end > this.#windowStart + this.#window.length) {
      this.#windowStart = start;
      this.#window = this.#bytes.toString("latin1", start, start + WINDOW_BYTES);
    }
    return this.#window.slice(start - this.#windowStart, end - this.#windowStart);
  }

  /** A copy, so that it does not keep the body alive. */
  #readBytes(length: number): Uint8Array {
    const start = this.#skip(length);
    return new Uint8Array(this.#bytes.subarray(start, start + length));
  }

  #toFloat(value: number): number | Float {
    return this.#exactFloats && Number.isInteger(value) ? new Float(value) : value;
  }

  #readUint(size: number): number {
    const start = this.#skip(size);
    let value = 0;
    for (let at = start; at < start + size; at++) value = value * 0x100 + byteAt(this.#bytes, at);
    return value;
  }

  /** Passes over the next bytes; returns where they start. */
  #skip(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) throw truncated();
    this.#at = start + length;
    return start;
  }
}

function narrow(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

function truncated(): DecodeError {
  return bad("it ends early, or a length claims more bytes than there are");
}

function bad(problem: string): DecodeError {
  return new DecodeError("bad_body", `The body is not msgpack that Python would write: ${problem}.`);
}
