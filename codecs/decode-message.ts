import { DecodeError } from "../protocol/errors.ts";
import type { WireMessage } from "../protocol/wire-message.ts";
import { DEFAULT_CONTENT_TYPE, requireAccepted } from "./accept.ts";
import { andThen } from "./awaitable.ts";
import { requireSize } from "./limits.ts";
import { requireEncoding } from "./raw.ts";
import type { Codecs } from "./registry.ts";
import type { Awaitable, DecodeLimits } from "./serializer.ts";

/** What may be decoded, and by whom. */
export interface DecodeOptions {
  readonly codecs: Codecs;
  /** `accept_content`: names and MIME types. */
  readonly accept: readonly string[];
  readonly limits: DecodeLimits;
}

/** The parts of a message that its body is read from. */
export type EncodedMessage = Pick<WireMessage, "body" | "contentType" | "contentEncoding" | "headers">;

/**
 * Reads a body: is its type accepted, then decompress, then deserialize; no byte of a refused body is looked at. A type
 * that is accepted and has no serializer gives text, or bytes when the encoding is binary, as in kombu. Throws DecodeError
 * `content_refused`, `bad_encoding`, `bad_compression`, `too_large`, `too_deep` or `bad_body`, and nothing else.
 */
export function decodeBody(message: EncodedMessage, options: DecodeOptions): Awaitable<unknown> {
  const { codecs, limits } = options;
  const contentType = message.contentType || DEFAULT_CONTENT_TYPE;
  requireAccepted(contentType, options.accept, codecs);
  const decodeText = requireEncoding(message.contentEncoding);
  const serializer = codecs.serializerOf(contentType);
  return andThen(decompress(message, options), (body) => {
    if (serializer !== undefined) return serializer.deserialize(body, limits);
    requireSize(body, limits);
    return decodeText(body);
  });
}

function decompress(
  { headers, body }: EncodedMessage,
  { codecs, limits }: DecodeOptions,
): Awaitable<Uint8Array> {
  const name = headers["compression"];
  if (name === undefined || name === null || name === "") return body;
  requireSize(body, limits);
  const compressor = typeof name === "string" ? codecs.compressorOf(name) : undefined;
  if (compressor !== undefined) return compressor.decompress(body, limits.maxBytes);
  const shown = typeof name === "string" ? JSON.stringify(name.slice(0, 40)) : `a ${typeof name}`;
  throw new DecodeError("bad_compression", `The header "compression" is ${shown}, which is not known here.`);
}
