/** Writes plain values as msgpack-python's packb does: text as str, bytes as bin, no extensions. */
import { Float, isPlainObject, type PlainObject } from "../protocol/values.ts";

const FIRST_BYTES = 16 * 1024;
/** A longer buffer is not kept for the next message. */
const MAX_KEPT_BYTES = 1024 * 1024;
/** Longer text is faster to write by Node. */
const SHORT_TEXT = 64;
/** Bytes of a type and a length, or of a number. */
const HEAD = 9;

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Taken away while a message is being written: a getter in its value could write another. */
let spare: Buffer | undefined;

/** undefined for a value that is not plain data all through, or that nests deeper than `maxDepth`. */
export function writeMsgpack(value: unknown, maxDepth: number): Buffer | undefined {
  const writer = new Writer(spare ?? Buffer.allocUnsafeSlow(FIRST_BYTES));
  spare = undefined;
  const message = writer.write(value, maxDepth) ? writer.copy() : undefined;
  if (writer.bytes.length <= MAX_KEPT_BYTES) spare = writer.bytes;
  return message;
}

/** True for integers that msgpack holds. */
export function fitsMsgpack(value: bigint): boolean {
  return value >= MIN_INT64 && value <= MAX_UINT64;
}

/** True for text that UTF-8 holds. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

class Writer {
  bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  copy(): Buffer {
    const message = Buffer.allocUnsafe(this.#at);
    message.set(this.#written());
    return message;
  }

  /** Faster than what subarray() of a Buffer makes. */
  #written(): Uint8Array {
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset, this.#at);
  }

  /** False for what is not plain: then what was written so far is of no use. `room` is how deep the value may nest. */
  write(value: unknown, room: number): boolean {
    if (typeof value === "string") return this.#writeText(value);
    this.#reserve(HEAD);
    switch (typeof value) {
      case "number":
        return this.#writeNumber(value);
      case "bigint":
        return this.#writeBigint(value);
      case "boolean":
        return this.#writeByte(value ? 0xc3 : 0xc2);
      case "undefined":
        return this.#writeByte(0xc0);
      case "object":
        return value === null ? this.#writeByte(0xc0) : this.#writeObject(value, room);
      default:
        return false;
    }
  }

  #writeObject(value: object, room: number): boolean {
    const isArray = Array.isArray(value);
    if (!isArray && !isPlainObject(value)) return this.#writeOther(value);
    // Asked for like this because Reflect.get() is slow.
    const { toJSON } = value as { readonly toJSON?: unknown };
    if (room <= 0 || typeof toJSON === "function") return false;
    return isArray ? this.#writeArray(value, room - 1) : this.#writeMap(value, room - 1);
  }

  #writeOther(value: object): boolean {
    if (value instanceof Uint8Array) return this.#writeBytes(value);
    return value instanceof Float && this.#writeDouble(Number(value));
  }

  #writeArray(items: readonly unknown[], room: number): boolean {
    this.#writeCount(items.length, 0x90, 0xdc);
    for (let at = 0; at < items.length; at++) if (!this.write(items[at], room)) return false;
    return true;
  }

  #writeMap(members: PlainObject, room: number): boolean {
    const keys = Object.keys(members);
    this.#writeCount(keys.length, 0x80, 0xde);
    for (const key of keys) {
      const member = members[key];
      // It would have to be left out, but the count is written.
      if (member === undefined) return false;
      if (!this.#writeText(key) || !this.write(member, room)) return false;
    }
    return true;
  }

  #writeText(text: string): boolean {
    const { length } = text;
    if (length > SHORT_TEXT) return this.#writeLongText(text);
    this.#reserve(HEAD + length);
    const { bytes } = this;
    let to = this.#at;
    if (length >= 32) bytes[to++] = 0xd9;
    bytes[to++] = length < 32 ? 0xa0 | length : length;
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at);
      if (code >= 0x80) return this.#writeLongText(text);
      bytes[to++] = code;
    }
    this.#at = to;
    return true;
  }

  #writeLongText(text: string): boolean {
    const length = Buffer.byteLength(text, "utf8");
    if (length > text.length && !isWellFormed(text)) return false;
    this.#reserve(HEAD + length);
    if (length < 32) this.#writeByte(0xa0 | length);
    else this.#writeLength(0xd9, length);
    this.#at += this.bytes.write(text, this.#at, "utf8");
    return true;
  }

  #writeBytes(value: Uint8Array): boolean {
    this.#reserve(HEAD + value.length);
    this.#writeLength(0xc4, value.length);
    this.bytes.set(value, this.#at);
    this.#at += value.length;
    return true;
  }

  #writeNumber(value: number): boolean {
    if ((value | 0) === value) return this.#writeInt32(value);
    if (!Number.isSafeInteger(value)) return this.#writeDouble(value);
    return value > 0 && value <= 0xffff_ffff
      ? this.#writeUint(0xce, value, 4)
      : this.#writeBigint(BigInt(value));
  }

  #writeInt32(value: number): boolean {
    if (Object.is(value, -0)) return this.#writeDouble(value);
    if (value >= 0) return value < 0x80 ? this.#writeByte(value) : this.#writeLength(0xcc, value);
    if (value >= -0x20) return this.#writeByte(value & 0xff);
    if (value >= -0x80) return this.#writeUint(0xd0, value, 1);
    if (value >= -0x8000) return this.#writeUint(0xd1, value, 2);
    return this.#writeUint(0xd2, value, 4);
  }

  #writeDouble(value: number): boolean {
    this.bytes[this.#at] = 0xcb;
    this.#at = this.bytes.writeDoubleBE(value, this.#at + 1);
    return true;
  }

  #writeBigint(value: bigint): boolean {
    if (!fitsMsgpack(value)) return false;
    const isSigned = value <= MAX_INT64;
    this.bytes[this.#at] = isSigned ? 0xd3 : 0xcf;
    this.#at = isSigned
      ? this.bytes.writeBigInt64BE(value, this.#at + 1)
      : this.bytes.writeBigUInt64BE(value, this.#at + 1);
    return true;
  }

  /** The items of an array or the members of a map. */
  #writeCount(count: number, shortType: number, type: number): void {
    if (count < 16) this.#writeByte(shortType | count);
    else if (count <= 0xffff) this.#writeUint(type, count, 2);
    else this.#writeUint(type + 1, count, 4);
  }

  /** Types for 1, 2 and 4 bytes follow each other. */
  #writeLength(type: number, length: number): boolean {
    if (length <= 0xff) return this.#writeUint(type, length, 1);
    if (length <= 0xffff) return this.#writeUint(type + 1, length, 2);
    return this.#writeUint(type + 2, length, 4);
  }

  #writeByte(byte: number): boolean {
    this.bytes[this.#at++] = byte;
    return true;
  }

  /** A type, and the lowest `size` bytes of a number. Always true, for those who end with it. */
  #writeUint(type: number, value: number, size: number): boolean {
    const { bytes } = this;
    bytes[this.#at++] = type;
    for (let shift = 8 * (size - 1); shift >= 0; shift -= 8) bytes[this.#at++] = value >>> shift;
    return true;
  }

  #reserve(size: number): void {
    if (this.#at + size > this.bytes.length) this.#grow(size);
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, this.#at + size));
    larger.set(this.#written());
    this.bytes = larger;
  }
}
