/** Serializers, compressors, and what may be decoded. */

export * from "./accept.ts";
export * from "./awaitable.ts";
export * from "./brotli.ts";
export * from "./bzip2.ts";
export * from "./decode-message.ts";
export * from "./encode-message.ts";
export * from "./json.ts";
export * from "./lzma.ts";
export * from "./msgpack.ts";
export * from "./pickle/index.ts";
export * from "./registry.ts";
export * from "./result-encoding.ts";
export * from "./serializer.ts";
export * from "./yaml.ts";
export * from "./zlib.ts";
export { zstdCompressor } from "./zstd.ts";
