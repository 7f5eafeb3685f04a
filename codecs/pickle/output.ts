/** The opcodes of protocol 4 that are written. */
import { fromInteger } from "./numbers.ts";
import { OP } from "./op.ts";

const START = Buffer.of(OP.PROTO, 4);
const STOP = Buffer.of(OP.STOP);
const MAX_INT32 = 0x7fff_ffff;

/** A pickle that grows. Sizes that a length of 4 bytes cannot tell do not occur: Node's strings and buffers are smaller. */
export class Output {
  #bytes = Buffer.allocUnsafe(256);
  #at = 0;

  constructor() {
    this.raw(START);
  }

  finish(): Uint8Array {
    this.raw(STOP);
    return this.#bytes.subarray(0, this.#at);
  }

  op(...codes: readonly number[]): void {
    let at = this.#room(codes.length);
    for (const code of codes) this.#bytes[at++] = code;
  }

  raw(bytes: Uint8Array): void {
    const start = this.#room(bytes.length);
    this.#bytes.set(bytes, start);
  }

  none(): void {
    this.op(OP.NONE);
  }

  boolean(value: boolean): void {
    this.op(value ? OP.NEWTRUE : OP.NEWFALSE);
  }

  integer(value: number | bigint): void {
    if (value >= 0 && value <= 0xff) this.op(OP.BININT1, Number(value));
    else if (value >= -MAX_INT32 - 1 && value <= MAX_INT32) {
      this.op(OP.BININT);
      const start = this.#room(4);
      this.#bytes.writeInt32LE(Number(value), start);
    } else {
      const bytes = fromInteger(BigInt(value));
      this.#sized(bytes, OP.LONG1, OP.LONG4);
    }
  }

  float(value: number): void {
    this.op(OP.BINFLOAT);
    const start = this.#room(8);
    this.#bytes.writeDoubleBE(value, start);
  }

  text(value: string): void {
    if (!this.#shortAscii(value)) this.#sized(encodeText(value), OP.SHORT_BINUNICODE, OP.BINUNICODE);
  }

  bytes(value: Uint8Array): void {
    this.#sized(value, OP.SHORT_BINBYTES, OP.BINBYTES);
  }

  /** `module.name`. */
  global(module: string, name: string): void {
    this.text(module);
    this.text(name);
    this.op(OP.STACK_GLOBAL);
  }

  /** Nearly all strings are short and ASCII. False, and nothing written, for others. */
  #shortAscii(value: string): boolean {
    if (value.length > 0x7f) return false;
    const start = this.#room(value.length + 2);
    let at = start + 2;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) {
        this.#at = start;
        return false;
      }
      this.#bytes[at++] = code;
    }
    this.#bytes[start] = OP.SHORT_BINUNICODE;
    this.#bytes[start + 1] = value.length;
    return true;
  }

  #sized(bytes: Uint8Array, short: number, long: number): void {
    if (bytes.length <= 0xff) this.op(short, bytes.length);
    else {
      this.op(long);
      const start = this.#room(4);
      this.#bytes.writeUInt32LE(bytes.length, start);
    }
    this.raw(bytes);
  }

  /** Where so many bytes can go. */
  #room(length: number): number {
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#at));
      grown.set(this.#bytes.subarray(0, start));
      this.#bytes = grown;
    }
    return start;
  }
}

/** UTF-8 in which halves of surrogate pairs have three bytes of their own, as in Python. */
function encodeText(value: string): Buffer {
  if (!/\p{Surrogate}/u.test(value)) return Buffer.from(value, "utf8");
  const parts = value.split(/(\p{Surrogate})/u).map((part, index) => {
    if (index % 2 === 0) return Buffer.from(part, "utf8");
    const code = part.charCodeAt(0);
    return Buffer.of(0xed, 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
  });
  return Buffer.concat(parts);
}
