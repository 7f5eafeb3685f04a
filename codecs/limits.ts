import { DecodeError } from "../protocol/errors.ts";
import type { DecodeLimits } from "./serializer.ts";

/** Throws DecodeError `too_large` when a body has more bytes than the limit. */
export function requireSize(bytes: Uint8Array, limits: Pick<DecodeLimits, "maxBytes">): void {
  if (bytes.byteLength > limits.maxBytes) throw tooLarge(limits.maxBytes);
}

/** The error for a body beyond the limit. */
export function tooLarge(maxBytes: number): DecodeError {
  return new DecodeError(
    "too_large",
    `The body has more than ${maxBytes} bytes, decompressed; send less, or raise the limit (maxBytes).`,
  );
}
