/** Serializers, compressors, and what may be decoded. */

export * from "./accept.ts";
export * from "./awaitable.ts";
export * from "./decode-message.ts";
export * from "./encode-message.ts";
export * from "./json.ts";
export * from "./msgpack.ts";
export * from "./registry.ts";
export * from "./result-encoding.ts";
export * from "./serializer.ts";
export * from "./yaml.ts";
export * from "./zlib.ts";
