/** Stored results as bytes. Source: celery/backends/base.py of 5.7. */
import { DecodeError } from "../protocol/errors.ts";
import { checkAccept, requireAccepted } from "./accept.ts";
import { andThen, mapError } from "./awaitable.ts";
import { requireSize } from "./limits.ts";
import type { Codecs } from "./registry.ts";
import type { Awaitable, Compressor, DecodeLimits, Serializer } from "./serializer.ts";
import { asBuffer } from "./utf8.ts";

/** Bytes to and from result documents: result_serializer, result_compression, result_accept_content. */
export interface ResultEncoding {
  readonly contentType: string;
  readonly contentEncoding: string;
  /** Throws EncodeError. */
  encode(value: unknown): Awaitable<Uint8Array>;
  /** Throws DecodeError: `bad_result` for bytes that are not of this encoding. */
  decode(bytes: Uint8Array): Awaitable<unknown>;
}

/** What a result encoding is made from. */
export interface ResultEncodingOptions {
  readonly serializer: Serializer;
  /** result_accept_content: names and MIME types. */
  readonly accept: readonly string[];
  /** Only for writing: compressed results are read whatever this is. */
  readonly compressor?: Compressor | undefined;
  readonly codecs: Codecs;
  readonly limits: DecodeLimits;
}

/** COMPRESSED_PAYLOAD_MAGIC of Celery 5.7; the compression's MIME type and a NUL follow. */
const COMPRESSED = Buffer.from("\0celery-compressed\0");
const PICKLE_TYPE = "application/x-python-serialize";
/** The PROTO opcode, which begins every pickle since protocol 2. */
const PICKLE_START = 0x80;

/** A store keeps no content type: values are read with the serializer that writes them. Throws ConfigurationError. */
export function createResultEncoding(options: ResultEncodingOptions): ResultEncoding {
  const { serializer, accept, compressor, codecs, limits } = options;
  checkAccept(accept, codecs);
  return {
    contentType: serializer.contentType,
    contentEncoding: serializer.contentEncoding,
    encode(value) {
      const bytes = serializer.serialize(value);
      return compressor === undefined ? bytes : andThen(bytes, (plain) => withMarker(compressor, plain));
    },
    decode(bytes) {
      requireSize(bytes, limits);
      return andThen(decompress(bytes, options), (plain) => {
        const reader = readerOf(plain, options);
        requireAccepted(reader.contentType, accept, codecs);
        return deserialize(reader, plain, limits);
      });
    },
  };
}

function withMarker(compressor: Compressor, bytes: Uint8Array): Awaitable<Uint8Array> {
  const marker = Buffer.from(`${compressor.contentType}\0`);
  return andThen(compressor.compress(bytes), (compressed) => Buffer.concat([COMPRESSED, marker, compressed]));
}

function decompress(bytes: Uint8Array, { codecs, limits }: ResultEncodingOptions): Awaitable<Uint8Array> {
  const buffer = asBuffer(bytes);
  if (!buffer.subarray(0, COMPRESSED.length).equals(COMPRESSED)) return bytes;
  const end = buffer.indexOf(0, COMPRESSED.length);
  const type = buffer.toString("latin1", COMPRESSED.length, end);
  const compressor = end === -1 ? undefined : codecs.compressorOf(type);
  if (compressor !== undefined) return compressor.decompress(buffer.subarray(end + 1), limits.maxBytes);
  const shown = end === -1 ? "not named" : JSON.stringify(type.slice(0, 40));
  throw new DecodeError(
    "bad_compression",
    `The compression of a stored result is ${shown}, which is not known here.`,
  );
}

/** Databases of Celery before 5.7 hold pickles whatever result_serializer says. */
function readerOf(bytes: Uint8Array, { serializer, codecs }: ResultEncodingOptions): Serializer {
  // One byte of 0x80 alone is an empty map in msgpack.
  if (bytes[0] !== PICKLE_START || bytes.length === 1) return serializer;
  const pickle = codecs.serializerOf(PICKLE_TYPE);
  if (pickle !== undefined) return pickle;
  throw new DecodeError(
    "content_refused",
    "A stored result is a pickle, as databases of Celery before 5.7 keep it; no serializer for pickle is installed.",
  );
}

function deserialize(reader: Serializer, bytes: Uint8Array, limits: DecodeLimits): Awaitable<unknown> {
  return mapError(
    () => reader.deserialize(bytes, limits),
    (error) => {
      if (!(error instanceof DecodeError) || error.code !== "bad_body") return error;
      const text = `A stored result is no ${reader.name}: ${error.message}`;
      return new DecodeError("bad_result", text, { cause: error });
    },
  );
}
