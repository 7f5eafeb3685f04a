/** Reading the parts of a pickle: every length is checked against what is left before anything is made from it. */
import { isUtf8 } from "node:buffer";
import { DecodeError } from "../../protocol/errors.ts";

const NEWLINE = 0x0a;
/** Strings of so many bytes are put together faster than Node decodes them. */
const SHORT = 24;

/** A place in the bytes of a pickle. Everything throws DecodeError `bad_body` at the end of the bytes. */
export class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#skip(1));
  }

  uint16(): number {
    return this.#bytes.readUInt16LE(this.#skip(2));
  }

  int32(): number {
    return this.#bytes.readInt32LE(this.#skip(4));
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.#skip(4));
  }

  /** A length of 8 bytes, which may claim more than there is. */
  uint64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#skip(8));
  }

  double(): number {
    return this.#bytes.readDoubleBE(this.#skip(8));
  }

  /** So many bytes, as a view. */
  bytes(length: number | bigint): Buffer {
    if (length < 0 || length > this.remaining)
      throw malformed(`a value claims ${length} bytes, and ${this.remaining} are left`);
    const start = this.#skip(Number(length));
    return this.#bytes.subarray(start, start + Number(length));
  }

  /** So many bytes as text, see {@link decodeText}. */
  text(length: number | bigint): string {
    return length > SHORT || length > this.remaining
      ? decodeText(this.bytes(length))
      : this.#shortText(Number(length));
  }

  /** Nearly all strings are short and ASCII. */
  #shortText(length: number): string {
    const start = this.#at;
    let text = "";
    for (let at = start; at < start + length; at++) {
      const code = this.#bytes[at] ?? 0;
      if (code > 0x7f) return decodeText(this.bytes(length));
      text += String.fromCharCode(code);
    }
    this.#at += length;
    return text;
  }

  /** The bytes up to the next newline, which is skipped. */
  line(): Buffer {
    const end = this.#bytes.indexOf(NEWLINE, this.#at);
    if (end === -1) throw malformed("a line has no end");
    const line = this.#bytes.subarray(this.#at, end);
    this.#at = end + 1;
    return line;
  }

  #skip(length: number): number {
    if (length > this.remaining) throw malformed("it ends too early");
    const start = this.#at;
    this.#at += length;
    return start;
  }
}

/** The error for bytes that no pickler writes. */
export function malformed(problem: string, cause?: unknown): DecodeError {
  return new DecodeError("bad_body", `The body is not a pickle that can be read: ${problem}.`, { cause });
}

/** Text as Python pickles it: UTF-8 in which halves of surrogate pairs have three bytes of their own. */
export function decodeText(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  const parts: string[] = [];
  let start = 0;
  for (let at = bytes.indexOf(0xed); at !== -1; at = bytes.indexOf(0xed, at + 1)) {
    const second = bytes[at + 1] ?? 0;
    const third = bytes[at + 2] ?? 0;
    // Other characters that begin with this byte go on below a0.
    if (second < 0xa0 || second > 0xbf || third < 0x80 || third > 0xbf) continue;
    parts.push(strictText(bytes.subarray(start, at)));
    parts.push(String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f)));
    start = at + 3;
  }
  parts.push(strictText(bytes.subarray(start)));
  return parts.join("");
}

function strictText(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw malformed("a string is not UTF-8");
  return bytes.toString("utf8");
}
