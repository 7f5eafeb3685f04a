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
  const offSeconds = Math.round((time.getTime() - now.getTime()) / 1000);
  if (Math.abs(time.getTime() - now.getTime()) > toleranceSeconds * 1000) {
    throw new DecodeError(
      "signature_expired",
      `The signature's timestamp is ${Math.abs(offSeconds)} s ${offSeconds < 0 ? "ago" : "ahead"}; ${toleranceSeconds} s are allowed.`,
    );
  }
  return time;
}

/** A time as whole seconds since 1970. */
export function toSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
