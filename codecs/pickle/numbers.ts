/** Numbers of pickles. */
import { MAX_INTEGER_DIGITS } from "../../protocol/json-parser.ts";
import { Float } from "../../protocol/values.ts";
import { malformed } from "./cursor.ts";

/** An integer of {@link MAX_INTEGER_DIGITS} digits has so many bytes. */
export const MAX_INTEGER_BYTES = 1786;

/** A decimal integer of protocol 0. */
export function readInteger(text: string): number | bigint {
  if (text.length > MAX_INTEGER_DIGITS + 1) throw tooLong();
  if (!/^-?\d+$/.test(text)) throw malformed("an integer is no number");
  return narrow(BigInt(text));
}

/** A little-endian integer in two's complement. */
export function toInteger(bytes: Buffer): number | bigint {
  if (bytes.length === 0) return 0;
  if (bytes.length <= 6) return bytes.readIntLE(0, bytes.length);
  if (bytes.length > MAX_INTEGER_BYTES) throw tooLong();
  const unsigned = BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
  return narrow(BigInt.asIntN(8 * bytes.length, unsigned));
}

/** The shortest form of an integer that {@link toInteger} reads. */
export function fromInteger(value: bigint): Buffer {
  const magnitude = value < 0n ? -value - 1n : value;
  // One more bit, for the sign.
  const length = Math.floor(magnitude.toString(16).length / 2) + 1;
  const hex = BigInt.asUintN(8 * length, value)
    .toString(16)
    .padStart(2 * length, "0");
  return Buffer.from(hex, "hex").reverse();
}

function narrow(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

function tooLong(): Error {
  return malformed(`an integer has more than ${MAX_INTEGER_DIGITS} digits`);
}

const FLOAT = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/;
const WORDS: Readonly<Record<string, number>> = {
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
  nan: Number.NaN,
  "-nan": Number.NaN,
};

/** `repr()` of a float. */
export function readFloat(text: string): number {
  const word = Object.hasOwn(WORDS, text) ? WORDS[text] : undefined;
  if (word !== undefined) return word;
  if (!FLOAT.test(text)) throw malformed("a float is no number");
  return Number(text);
}

/** Keeps a float apart from the int of the same size; beyond 2^53 no int is a number. */
export function toFloat(value: number): number | Float {
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? new Float(value) : value;
}
