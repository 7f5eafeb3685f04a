/** Signatures as bytes: strict decoding, and comparing in constant time. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const COMPARISON_KEY = randomBytes(32);

/**
 * Whether both are the same bytes, in a time that tells nothing about where they differ. Any lengths will do: what is
 * compared are HMACs of both under a key that nobody else knows.
 */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return timingSafeEqual(blinded(a), blinded(b));
}

/** The bytes of padded base64, or undefined for anything else. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  // Buffer skips what is not base64, so that only the round trip tells.
  return bytes.toString("base64") === text ? bytes : undefined;
}

/** The bytes of hexadecimal digits in either case, or undefined for anything else. */
export function fromHex(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "hex");
  return bytes.toString("hex") === text.toLowerCase() ? bytes : undefined;
}

function blinded(bytes: Uint8Array): Buffer {
  return createHmac("sha256", COMPARISON_KEY).update(bytes).digest();
}
