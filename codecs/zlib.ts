/** kombu's `zlib`, also called `gzip`: a zlib stream (RFC 1950) whatever its MIME type says. Source: kombu/compression.py of 5.7. */
import { deflate, deflateSync, inflate, inflateSync } from "node:zlib";
import { toError } from "../protocol/errors.ts";
import { corrupt, trailing } from "./compression/errors.ts";
import { compressWith, decompressWith, type NodeFunctions } from "./compression/node-zlib.ts";
import { type ContextResult, MAX_CONTEXT_INPUT, zlibContexts } from "./compression/zlib-context.ts";
import { tooLarge } from "./limits.ts";
import type { Compressor } from "./serializer.ts";

const FORMAT = "zlib";
const DEFLATE: NodeFunctions = { format: FORMAT, now: deflateSync, later: deflate };
const INFLATE: NodeFunctions = { format: FORMAT, now: inflateSync, later: inflate };

/** The compressor `zlib`. */
export const zlibCompressor: Compressor = {
  name: "zlib",
  aliases: ["gzip"],
  contentType: "application/x-gzip",
  compress(bytes) {
    const small = bytes.byteLength <= MAX_CONTEXT_INPUT ? zlibContexts()?.deflate(bytes) : undefined;
    return small?.output ?? compressWith(DEFLATE, bytes);
  },
  decompress(bytes, maxBytes) {
    const small = bytes.byteLength <= MAX_CONTEXT_INPUT ? inflateSmall(bytes) : undefined;
    if (small === undefined) return decompressWith(INFLATE, bytes, maxBytes);
    if (small.output.byteLength > maxBytes) throw tooLarge(maxBytes);
    if (small.used < bytes.byteLength) throw trailing(FORMAT);
    return small.output;
  },
};

function inflateSmall(bytes: Uint8Array): ContextResult | undefined {
  try {
    return zlibContexts()?.inflate(bytes);
  } catch (error) {
    throw corrupt(FORMAT, toError(error).message);
  }
}
