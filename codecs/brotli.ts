/** kombu's `brotli`: a bare brotli stream (RFC 7932). Source: kombu/compression.py of 5.7. */
import {
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  brotliDecompressSync,
  constants,
} from "node:zlib";
import { compressWith, decompressWith, type NodeFunctions } from "./compression/node-zlib.ts";
import type { Compressor } from "./serializer.ts";

/** The default, 11, takes two seconds for a megabyte; this takes about as long as zlib, and writes less. */
const QUALITY = 5;

const COMPRESS: NodeFunctions = { format: "brotli", now: brotliCompressSync, later: brotliCompress };
const DECOMPRESS: NodeFunctions = { format: "brotli", now: brotliDecompressSync, later: brotliDecompress };

/** The compressor `brotli`. */
export const brotliCompressor: Compressor = {
  name: "brotli",
  aliases: [],
  contentType: "application/x-brotli",
  compress(bytes) {
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength,
    };
    return compressWith(COMPRESS, bytes, { params });
  },
  decompress(bytes, maxBytes) {
    return decompressWith(DECOMPRESS, bytes, maxBytes);
  },
};
