/** Numbers as Redis reads and writes them. */
import { Refusal } from "./replies.ts";

const INTEGER = /^(?:0|-?[1-9]\d{0,18})$/;
const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

/** A whole number of 64 bits; undefined for anything else, such as `01`, `+1` or ` 1`. */
export function parseInteger(text: string): bigint | undefined {
  if (!INTEGER.test(text)) return undefined;
  const value = BigInt(text);
  return isInteger64(value) ? value : undefined;
}

export function isInteger64(value: bigint): boolean {
  return value >= MIN && value <= MAX;
}

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** A floating-point number, `inf` and `-inf` among them; undefined for anything else. */
export function parseDouble(text: string): number | undefined {
  if (text.length > 256) return undefined;
  if (DECIMAL.test(text)) return Number(text);
  const infinity = /^([+-]?)inf(?:inity)?$/i.exec(text);
  if (infinity === null) return undefined;
  return infinity[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** The shortest text that reads as the same number. */
export function doubleText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "inf";
  if (value === Number.NEGATIVE_INFINITY) return "-inf";
  return Object.is(value, -0) ? "-0" : String(value);
}

/** The sum for INCRBYFLOAT. Redis adds with more digits than there are here; rounding hides the difference in ordinary sums. */
export function sumText(left: number, right: number): string {
  const sum = left + right;
  if (!Number.isFinite(sum)) throw new Refusal("ERR increment would produce NaN or Infinity");
  const rounded = Number(sum.toPrecision(15));
  const text = String(rounded);
  return text.includes("e") ? BigInt(Math.trunc(rounded)).toString() : text;
}
