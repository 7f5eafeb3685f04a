/**
 * Which content types may be decoded at all: the boundary between a broker's data and our decoders.
 * Source: kombu/serialization.py (`loads`, `prepare_accept_content`) of 5.7.
 */
import { ConfigurationError, DecodeError } from "../protocol/errors.ts";
import type { Codecs } from "./registry.ts";

/** What a message without a content type is taken for. */
export const DEFAULT_CONTENT_TYPE = "application/data";

/** Accepted whatever the list says: without a serializer of their own they stay text or bytes. */
const TRUSTED: ReadonlySet<string> = new Set([DEFAULT_CONTENT_TYPE, "application/text"]);

/**
 * Throws DecodeError `content_refused` unless `accept`, which holds names and MIME types, has the content type. Types
 * compare exactly, as in kombu: no parameters, no upper case.
 */
export function requireAccepted(contentType: string, accept: readonly string[], codecs: Codecs): void {
  if (TRUSTED.has(contentType)) return;
  for (const entry of accept) {
    if (entry === contentType || codecs.contentTypeOf(entry) === contentType) return;
  }
  const name = codecs.serializerOf(contentType)?.name;
  const shown = JSON.stringify(contentType.slice(0, 100));
  throw new DecodeError(
    "content_refused",
    `Content of type ${name === undefined ? shown : `${name} (${shown})`} is refused: accept_content has ${accept.join(", ") || "nothing"}.`,
  );
}

/** Throws ConfigurationError for a name in the list that no serializer has; MIME types may be unknown. */
export function checkAccept(accept: readonly string[], codecs: Codecs): void {
  for (const entry of accept) if (!entry.includes("/")) codecs.serializer(entry);
  if (accept.length === 0)
    throw new ConfigurationError('accept_content is empty, so that no message could be read; add "json".');
}
