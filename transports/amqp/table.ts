/**
 * Reads AMQP 0-9-1 field tables, with the types as RabbitMQ and its clients use them.
 * Source: https://www.rabbitmq.com/amqp-0-9-1-errata#section_3 and amqp/serialization.py of py-amqp 5.4.
 */
import { isUtf8 } from "node:buffer";
import { Decimal, DecodeError, type PlainObject } from "../../protocol/index.ts";

/** Deepest nesting of tables and lists; every level costs a sender 5 bytes, and us a stack frame. */
const MAX_DEPTH = 200;

const NON_ASCII = /[\x80-\xff]/;

/** The last header name met in each slot. */
const names: (string | undefined)[] = new Array(256).fill(undefined);

/**
 * A reading position in the bytes of one content header. Reading past the end throws RangeError. Most of the cost of a
 * delivery is here, so strings are parts of one string made of all bytes, and names are looked up before they are made.
 */
export class TableReader {
  readonly #bytes: Buffer;
  readonly #latin1: string;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#latin1 = bytes.toString("latin1");
  }

  uint8(): number {
    const value = this.#bytes.readUInt8(this.#offset);
    this.#offset += 1;
    return value;
  }

  uint16(): number {
    const value = this.#bytes.readUInt16BE(this.#offset);
    this.#offset += 2;
    return value;
  }

  /** A timestamp, in whole seconds. */
  uint64(): number {
    const value = this.#bytes.readBigUInt64BE(this.#offset);
    this.#offset += 8;
    return Number(value);
  }

  /** A string of at most 255 bytes. */
  shortString(): string {
    const start = this.#offset + 1;
    const end = start + this.uint8();
    return this.#text(start, end);
  }

  table(): PlainObject {
    return this.#table(0);
  }

  #table(depth: number): PlainObject {
    const end = this.#end();
    const table: PlainObject = {};
    while (this.#offset < end) {
      const name = this.#name();
      const value = this.#value(depth);
      // A plain assignment to this name would set the prototype.
      if (name === "__proto__") Object.defineProperty(table, name, { value, enumerable: true });
      else table[name] = value;
    }
    return table;
  }

  /** Header names are few, and come again with every message. */
  #name(): string {
    const bytes = this.#bytes;
    const start = this.#offset + 1;
    const length = bytes[this.#offset] ?? 0;
    const slot = (length * 31 + (bytes[start] ?? 0) * 7 + (bytes[start + length - 1] ?? 0)) % names.length;
    const known = names[slot];
    if (known?.length === length) {
      let same = 0;
      while (same < length && known.charCodeAt(same) === bytes[start + same]) same += 1;
      if (same === length) {
        this.#offset = start + length;
        return known;
      }
    }
    const name = this.shortString();
    // As long as its bytes: ASCII, so that bytes can be compared with it.
    if (name.length === length) names[slot] = name;
    return name;
  }

  #list(depth: number): unknown[] {
    const end = this.#end();
    const list: unknown[] = [];
    while (this.#offset < end) list.push(this.#value(depth));
    return list;
  }

  #value(depth: number): unknown {
    const type = this.uint8();
    switch (type) {
      case 0x53: // S
        return this.#longString();
      case 0x56: // V
        return null;
      case 0x46: // F
        return this.#table(deeper(depth));
      case 0x41: // A
        return this.#list(deeper(depth));
      case 0x78: // x
        return this.#byteArray();
      case 0x44: // D
        return this.#decimal();
      default: {
        const read = FIXED[type];
        if (read === undefined) throw unknownType(type);
        const value = read.from(this.#bytes, this.#offset);
        this.#offset += read.size;
        return value;
      }
    }
  }

  /** Text, or the bytes themselves where they are no UTF-8: py-amqp does the same. */
  #longString(): string | Uint8Array {
    const end = this.#end();
    const start = this.#offset;
    const text = this.#text(start, end);
    if (!text.includes("\uFFFD") || isUtf8(this.#bytes.subarray(start, end))) return text;
    return Uint8Array.from(this.#bytes.subarray(start, end));
  }

  #byteArray(): Uint8Array {
    const end = this.#end();
    const bytes = Uint8Array.from(this.#bytes.subarray(this.#offset, end));
    this.#offset = end;
    return bytes;
  }

  #decimal(): Decimal {
    const places = this.uint8();
    const digits = this.#bytes.readInt32BE(this.#offset);
    this.#offset += 4;
    if (places === 0) return new Decimal(String(digits));
    const text = String(Math.abs(digits)).padStart(places + 1, "0");
    const sign = digits < 0 ? "-" : "";
    return new Decimal(`${sign}${text.slice(0, -places)}.${text.slice(-places)}`);
  }

  /** Reads a length of 4 bytes; answers where what follows ends. */
  #end(): number {
    const end = this.#offset + 4 + this.#bytes.readUInt32BE(this.#offset);
    if (end > this.#bytes.length) throw new RangeError("a length points past the end");
    this.#offset += 4;
    return end;
  }

  #text(start: number, end: number): string {
    if (end > this.#bytes.length) throw new RangeError("a length points past the end");
    this.#offset = end;
    const text = this.#latin1.slice(start, end);
    return NON_ASCII.test(text) ? this.#bytes.toString("utf8", start, end) : text;
  }
}

interface FixedSize {
  readonly size: number;
  readonly from: (bytes: Buffer, offset: number) => unknown;
}

/** Values of a known size, by type letter. */
const FIXED: Readonly<Record<number, FixedSize>> = byLetter({
  t: { size: 1, from: (bytes, offset) => bytes.readUInt8(offset) !== 0 },
  b: { size: 1, from: (bytes, offset) => bytes.readInt8(offset) },
  B: { size: 1, from: (bytes, offset) => bytes.readUInt8(offset) },
  s: { size: 2, from: (bytes, offset) => bytes.readInt16BE(offset) },
  U: { size: 2, from: (bytes, offset) => bytes.readInt16BE(offset) },
  u: { size: 2, from: (bytes, offset) => bytes.readUInt16BE(offset) },
  I: { size: 4, from: (bytes, offset) => bytes.readInt32BE(offset) },
  i: { size: 4, from: (bytes, offset) => bytes.readUInt32BE(offset) },
  // amqplib knows only "l"; py-amqp writes "L" for every integer beyond 32 bits.
  l: { size: 8, from: int64 },
  L: { size: 8, from: int64 },
  f: { size: 4, from: (bytes, offset) => bytes.readFloatBE(offset) },
  d: { size: 8, from: (bytes, offset) => bytes.readDoubleBE(offset) },
  T: { size: 8, from: (bytes, offset) => new Date(Number(bytes.readBigUInt64BE(offset)) * 1000) },
});

function byLetter(types: Readonly<Record<string, FixedSize>>): Readonly<Record<number, FixedSize>> {
  return Object.fromEntries(Object.entries(types).map(([letter, type]) => [letter.charCodeAt(0), type]));
}

function int64(bytes: Buffer, offset: number): number | bigint {
  const value = bytes.readBigInt64BE(offset);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function deeper(depth: number): number {
  if (depth >= MAX_DEPTH)
    throw new DecodeError("too_deep", `The headers nest deeper than ${MAX_DEPTH} levels.`);
  return depth + 1;
}

function unknownType(type: number): DecodeError {
  return new DecodeError(
    "bad_envelope",
    `The headers hold a value of type "${String.fromCharCode(type)}", which AMQP 0-9-1 does not have.`,
  );
}
