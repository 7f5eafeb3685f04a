/** The times that senders sign, in seconds since 1970. */
import { DecodeError } from "../../protocol/index.ts";

/** How far a sender's clock may be off, and how long a request can be sent again: 5 minutes, as everybody does it. */
export const DEFAULT_TOLERANCE_SECONDS = 300;

const SECONDS = /^[1-9]\d{0,11}$/;

/** The time in a header. Throws DecodeError: `bad_signature` for no number, `signature_expired` when out of tolerance. */
export function readTimestamp(text: string, now: Date, toleranceSeconds: number): Date {
  if (!SECONDS.test(text)) {
    throw new DecodeError("bad_signature", "The signature's timestamp is no whole number of seconds.");
  }
  const time = new Date(Number(text) * 1000);
  const aheadMs = time.getTime() - now.getTime();
  if (Math.abs(aheadMs) <= toleranceSeconds * 1000) return time;
  throw new DecodeError(
    "signature_expired",
    `The signature's timestamp is ${Math.round(Math.abs(aheadMs) / 1000)} s off; ${toleranceSeconds} s are allowed.`,
  );
}

/** A time as whole seconds since 1970. */
export function toSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
