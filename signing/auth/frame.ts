/**
 * Celery's frame around a signed body, in both layouts. Source: celery/security/serialization.py of 5.7 and of 5.2.
 *
 *     base64( signer 00 01 signature 00 01 content type 00 01 content encoding 00 01 body )
 *
 * Since 5.5 signer and signature are base64 once more; before, they are the bytes themselves. Only the body is signed.
 */
import { asBuffer } from "../../codecs/utf8.ts";
import { DecodeError } from "../../protocol/errors.ts";

/** `current` is what Celery 5.5 and newer write and read, `legacy` what 5.0 to 5.4 do. */
export type AuthLayout = "current" | "legacy";

const SEPARATOR = Buffer.from([0, 1]);
/** Bytes of a signer's id at most, as it stands in the frame. */
const MAX_SIGNER_BYTES = 4096;
/** Bytes of a content type or encoding at most; the longest in use has 33. */
const MAX_NAME_BYTES = 128;

/** What a frame holds beyond its signature and body, the same in every message of one sender. */
export interface FrameNames {
  readonly signer: string;
  readonly contentType: string;
  readonly contentEncoding: string;
}

/** Returns the function that puts a body and its signature into a frame. */
export function createFrame(
  names: FrameNames,
  layout: AuthLayout,
): (signature: Buffer, body: Uint8Array) => Buffer {
  const encode = (field: Buffer): Buffer =>
    layout === "legacy" ? field : Buffer.from(field.toString("base64"), "latin1");
  const start = Buffer.concat([encode(Buffer.from(names.signer)), SEPARATOR]);
  const middle = Buffer.from(`\0\x01${names.contentType}\0\x01${names.contentEncoding}\0\x01`, "latin1");
  return (signature, body) =>
    Buffer.from(Buffer.concat([start, encode(signature), middle, body]).toString("base64"), "latin1");
}

/** A frame of which only the signer has been read. */
export interface OpenedFrame {
  readonly layout: AuthLayout;
  readonly signer: string;
  readonly bytes: Buffer;
  /** Where the signature begins. */
  readonly at: number;
}

/** All fields of a frame but its signer. */
export interface FrameFields {
  readonly signature: Buffer;
  readonly contentType: string;
  readonly contentEncoding: string;
  readonly body: Buffer;
}

/** Reads who claims to have signed. Throws DecodeError `bad_signature` for bytes that are not such a frame. */
export function openFrame(text: Uint8Array): OpenedFrame {
  const bytes = fromBase64(asBuffer(text).toString("latin1"), "body");
  const end = endOf(bytes, 0, MAX_SIGNER_BYTES, "signer");
  const signer = bytes.toString("latin1", 0, end);
  // An id has a space before its serial number, which base64 has not.
  const layout = signer.includes(" ") ? "legacy" : "current";
  const id = layout === "legacy" ? bytes.subarray(0, end) : fromBase64(signer, "signer");
  return { layout, signer: id.toString("utf8"), bytes, at: end + SEPARATOR.length };
}

/** Reads the rest, knowing how long this signer's signatures are. Throws DecodeError `bad_signature`. */
export function readFields({ layout, bytes, at }: OpenedFrame, signatureBytes: number): FrameFields {
  // A raw signature may hold the separator, so that its length decides.
  const end = at + (layout === "legacy" ? signatureBytes : 4 * Math.ceil(signatureBytes / 3));
  const signature =
    layout === "legacy"
      ? bytes.subarray(at, end)
      : fromBase64(bytes.toString("latin1", at, end), "signature");
  if (bytes[end] !== SEPARATOR[0] || bytes[end + 1] !== SEPARATOR[1] || signature.length !== signatureBytes)
    throw unreadable(`its signature does not have the ${signatureBytes} bytes of this signer's key`);
  const type = end + SEPARATOR.length;
  const typeEnd = endOf(bytes, type, MAX_NAME_BYTES, "content type");
  const encoding = typeEnd + SEPARATOR.length;
  const encodingEnd = endOf(bytes, encoding, MAX_NAME_BYTES, "content encoding");
  return {
    signature,
    contentType: bytes.toString("latin1", type, typeEnd),
    contentEncoding: bytes.toString("latin1", encoding, encodingEnd),
    body: bytes.subarray(encodingEnd + SEPARATOR.length),
  };
}

/** Where the field that starts at `start` ends. */
function endOf(bytes: Buffer, start: number, maxBytes: number, field: string): number {
  const end = bytes.indexOf(SEPARATOR, start);
  if (end === -1 || end - start > maxBytes)
    throw unreadable(`its ${field} does not end within ${maxBytes} bytes`);
  return end;
}

const BASE64_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Standard base64 as all encoders write it, in one spelling only; node:buffer alone skips what it does not know. */
function fromBase64(text: string, field: string): Buffer {
  const padding = !text.endsWith("=") ? 0 : text.endsWith("==") ? 2 : 1;
  const decoded = Buffer.from(text, "base64");
  const isWhole = text.length % 4 === 0 && decoded.length === (text.length / 4) * 3 - padding;
  // The last digit before the padding has 2 or 4 bits to spare, which must be 0.
  const last = BASE64_DIGITS.indexOf(text.charAt(text.length - padding - 1));
  // node:buffer takes "-" and "_" too, of the URL alphabet.
  if (!isWhole || last % 4 ** padding !== 0 || text.includes("-") || text.includes("_"))
    throw unreadable(`its ${field} is not base64`);
  return decoded;
}

function unreadable(problem: string): DecodeError {
  return new DecodeError(
    "bad_signature",
    `The message is not a body that Celery's auth serializer signed: ${problem}.`,
  );
}
