/**
 * The codec seam: a serializer turns one value into bytes and back, a compressor shrinks bytes. Both are plain objects,
 * handed in as sets; nothing is registered globally.
 */

/** Bounds on what a decoder may build from untrusted bytes. */
export interface DecodeLimits {
  /** Largest body, in bytes, after decompression. */
  readonly maxBytes: number;
  /** Deepest nesting of arrays and objects. */
  readonly maxDepth: number;
}

/** Limits used when an application sets none: 16 MiB and 200 levels (CPython's json stops near 1000, its pickle near 500). */
export const DEFAULT_LIMITS: DecodeLimits = { maxBytes: 16 * 1024 * 1024, maxDepth: 200 };

/**
 * What a codec's functions return: a promise when the work is done off the event loop, the value itself otherwise. Callers
 * go on at once when they get the value, so that the common formats cost no turn of the event loop.
 */
export type Awaitable<T> = T | Promise<T>;

/** One serialization format. Names, content types and encodings are kombu's (kombu/serialization.py). */
export interface Serializer {
  readonly name: string;
  readonly contentType: string;
  readonly contentEncoding: "utf-8" | "binary";
  /** Throws {@link EncodeError} for a value the format cannot carry exactly. */
  serialize(value: unknown): Awaitable<Uint8Array>;
  /** Throws {@link DecodeError}, and nothing else, for bytes that are not one value of this format within the limits. */
  deserialize(bytes: Uint8Array, limits: DecodeLimits): Awaitable<unknown>;
}

/** How a serializer reads floats. */
export interface FloatOptions {
  /** Whether a float without a fraction (`1.0`) is read as a Float instead of a number. Default: false. */
  readonly exactFloats?: boolean;
}

/** One compression format, by kombu's names (kombu/compression.py). */
export interface Compressor {
  readonly name: string;
  readonly aliases: readonly string[];
  /** The value of the `compression` message header. */
  readonly contentType: string;
  compress(bytes: Uint8Array): Awaitable<Uint8Array>;
  /** Throws {@link DecodeError} `too_large` as soon as the output would pass `maxBytes`, `bad_compression` for corrupt data. */
  decompress(bytes: Uint8Array, maxBytes: number): Awaitable<Uint8Array>;
}

/** A serializer that never returns a promise. */
export interface SyncSerializer extends Serializer {
  serialize(value: unknown): Uint8Array;
  deserialize(bytes: Uint8Array, limits: DecodeLimits): unknown;
}

/** A compressor that never returns a promise. */
export interface SyncCompressor extends Compressor {
  compress(bytes: Uint8Array): Uint8Array;
  decompress(bytes: Uint8Array, maxBytes: number): Uint8Array;
}
