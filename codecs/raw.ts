/**
 * Bodies without a serializer: kombu hands them over as text, or as bytes when the encoding says binary.
 * Source: kombu/serialization.py `loads` of 5.7.
 */
import { DecodeError } from "../protocol/errors.ts";
import { asBuffer, decodeUtf8 } from "./utf8.ts";

type Decode = (bytes: Uint8Array) => string | Uint8Array;

/** By content encoding, in lower case. kombu would take any of Python's 100 text encodings; these are the ones in use. */
const ENCODINGS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ["utf-8", decodeUtf8],
  ["utf8", decodeUtf8],
  ["us-ascii", decodeAscii],
  ["ascii", decodeAscii],
  ["iso-8859-1", decodeLatin1],
  ["latin-1", decodeLatin1],
  ["binary", (bytes) => bytes],
  ["ascii-8bit", (bytes) => bytes],
]);

/** Throws DecodeError `bad_encoding` for an encoding that is not in the table; an absent one is utf-8. */
export function requireEncoding(contentEncoding: string | undefined): Decode {
  const name = contentEncoding || "utf-8";
  const decode = ENCODINGS.get(name) ?? ENCODINGS.get(name.toLowerCase());
  if (decode !== undefined) return decode;
  const known = [...ENCODINGS.keys()].join(", ");
  throw new DecodeError(
    "bad_encoding",
    `The content encoding ${JSON.stringify(name.slice(0, 40))} is unknown; known are ${known}.`,
  );
}

function decodeAscii(bytes: Uint8Array): string {
  if (bytes.some((byte) => byte > 0x7f)) throw new DecodeError("bad_body", "The body is not ASCII.");
  return decodeLatin1(bytes);
}

function decodeLatin1(bytes: Uint8Array): string {
  return asBuffer(bytes).toString("latin1");
}
