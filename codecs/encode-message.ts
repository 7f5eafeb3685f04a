import { andThen } from "./awaitable.ts";
import type { Awaitable, Compressor, Serializer } from "./serializer.ts";

/** A body and what its message must say about it. */
export interface EncodedBody {
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly contentEncoding: string;
  /** The `compression` header; undefined for a body that is not compressed. */
  readonly compressionHeader: string | undefined;
}

/** Serializes, then compresses; type and encoding go on describing the uncompressed body. Throws EncodeError. */
export function encodeBody(
  value: unknown,
  serializer: Serializer,
  compressor?: Compressor,
): Awaitable<EncodedBody> {
  const serialized = serializer.serialize(value);
  const compressed =
    compressor === undefined ? serialized : andThen(serialized, (bytes) => compressor.compress(bytes));
  return andThen(compressed, (body) => ({
    body,
    contentType: serializer.contentType,
    contentEncoding: serializer.contentEncoding,
    compressionHeader: compressor?.contentType,
  }));
}
