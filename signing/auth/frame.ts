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

const SEPARATOR = "\0\x01";
/** Bytes before the body at most. The signature of a key of 16384 bits has 2732 of them. */
const MAX_HEAD_BYTES = 8192;

/** What a frame holds beyond its signature and body, the same in every message of one sender. */
export interface FrameNames {
  readonly signer: string;
  readonly contentType: string;
  readonly contentEncoding: string;
}

/** The signer's id as it stands in a frame. */
export function writtenSigner(id: string, layout: AuthLayout): string {
  return Buffer.from(id).toString(layout === "legacy" ? "latin1" : "base64");
}

/** The id that {@link writtenSigner} was given, or a stranger put in its place. */
export function readSigner(written: string): string {
  return Buffer.from(written, layoutOf(written) === "legacy" ? "latin1" : "base64").toString("utf8");
}

/** An id has a space before its serial number, which base64 has not. */
function layoutOf(writtenSigner: string): AuthLayout {
  return writtenSigner.includes(" ") ? "legacy" : "current";
}

/** Returns the function that puts a body and its signature into a frame. */
export function createFrame(
  { signer, contentType, contentEncoding }: FrameNames,
  layout: AuthLayout,
): (signature: Buffer, body: Uint8Array) => Buffer {
  const start = Buffer.from(writtenSigner(signer, layout) + SEPARATOR, "latin1");
  const middle = Buffer.from(["", contentType, contentEncoding, ""].join(SEPARATOR), "latin1");
  return (signature, body) => {
    const written = layout === "legacy" ? signature : Buffer.from(signature.toString("base64"), "latin1");
    return Buffer.from(Buffer.concat([start, written, middle, body]).toString("base64"), "latin1");
  };
}

/** A frame of which only the signer has been read. */
export interface OpenedFrame {
  /** As {@link writtenSigner} gives it: who that is has not been looked up. */
  readonly signer: string;
  readonly layout: AuthLayout;
  readonly bytes: Buffer;
  /** The first bytes, one character each. */
  readonly head: string;
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
  const bytes = fromBase64(asBuffer(text).toString("latin1"), "text");
  const head = bytes.toString("latin1", 0, MAX_HEAD_BYTES);
  const signer = head.slice(0, endOf(head, 0, "signer"));
  return { signer, layout: layoutOf(signer), bytes, head };
}

/** Reads the rest, knowing how long this signer's signatures are. Throws DecodeError `bad_signature`. */
export function readFields(frame: OpenedFrame, signatureBytes: number): FrameFields {
  const { signer, layout, bytes, head } = frame;
  const start = signer.length + SEPARATOR.length;
  // A raw signature may hold the separator, so that its length decides.
  const end = start + (layout === "legacy" ? signatureBytes : 4 * Math.ceil(signatureBytes / 3));
  const signature =
    layout === "legacy" ? bytes.subarray(start, end) : fromBase64(head.slice(start, end), "signature");
  if (!head.startsWith(SEPARATOR, end) || signature.length !== signatureBytes)
    throw unreadable(`its signature does not have the ${signatureBytes} bytes of this signer's key`);
  const type = end + SEPARATOR.length;
  const typeEnd = endOf(head, type, "content type");
  const encoding = typeEnd + SEPARATOR.length;
  const encodingEnd = endOf(head, encoding, "content encoding");
  return {
    signature,
    contentType: head.slice(type, typeEnd),
    contentEncoding: head.slice(encoding, encodingEnd),
    body: bytes.subarray(encodingEnd + SEPARATOR.length),
  };
}

/** Where the field that begins at `start` ends. */
function endOf(head: string, start: number, field: string): number {
  const end = head.indexOf(SEPARATOR, start);
  if (end === -1) throw unreadable(`its ${field} does not end within ${MAX_HEAD_BYTES} bytes`);
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
