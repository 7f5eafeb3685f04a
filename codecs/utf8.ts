import { isUtf8 } from "node:buffer";
import { DecodeError } from "../protocol/errors.ts";

/** The bytes as text. Throws DecodeError `bad_body` for bytes that are not UTF-8, instead of replacing them. */
export function decodeUtf8(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new DecodeError("bad_body", "The body is not UTF-8.");
  return asBuffer(bytes).toString("utf8");
}

/** The same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
