/** When a key expires, as options spell it. */
import { Refusal } from "../resp/replies.ts";
import type { Arguments } from "./arguments.ts";

/** Seconds or milliseconds from now, or since 1970. */
export type ExpiryUnit = "EX" | "PX" | "EXAT" | "PXAT";

const UNITS: Readonly<Record<ExpiryUnit, { readonly ms: number; readonly isAbsolute: boolean }>> = {
  EX: { ms: 1000, isAbsolute: false },
  PX: { ms: 1, isAbsolute: false },
  EXAT: { ms: 1000, isAbsolute: true },
  PXAT: { ms: 1, isAbsolute: true },
};

/** Where times end, in milliseconds. */
const MAX_MS = 2 ** 63;

export function isExpiryUnit(word: string): word is ExpiryUnit {
  return Object.hasOwn(UNITS, word);
}

/** Milliseconds since 1970. Throws Refusal for what is no integer, and, unless `mayBePast`, for what is not above 0. */
export function readExpiry(
  args: Arguments,
  index: number,
  unit: ExpiryUnit,
  command: string,
  mayBePast = false,
): number {
  const { ms, isAbsolute } = UNITS[unit];
  const amount = args.integer(index);
  const atMs = amount * ms + (isAbsolute ? 0 : Date.now());
  if ((amount <= 0 && !mayBePast) || Math.abs(atMs) >= MAX_MS)
    throw new Refusal(`ERR invalid expire time in '${command}' command`);
  return atMs;
}
