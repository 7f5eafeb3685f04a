/** kombu's `zstd`, also called `zstandard`: frames that tell the size of their content. Source: kombu/compression.py of 5.7. */
import * as zlib from "node:zlib";
import { corrupt } from "./compression/errors.ts";
import { compressWith, decompressWith, type NodeFunctions } from "./compression/node-zlib.ts";
import { readStreams } from "./compression/streams.ts";
import { cannotCompress, cannotDecompress, runInWasmThread } from "./compression/wasm.ts";
import { findZstdFrame } from "./compression/zstd-frame.ts";
import { tooLarge } from "./limits.ts";
import type { Awaitable, Compressor } from "./serializer.ts";

/** What Node's zlib lacks before version 22.15. */
const PACKAGE = "@bokuweb/zstd-wasm";

/** libzstd, from wherever. */
export interface ZstdLibrary {
  compress(bytes: Uint8Array): Awaitable<Uint8Array>;
  /** Reads one whole frame. Throws DecodeError, `too_large` for content of more than `maxBytes`. */
  decompress(frame: Uint8Array, maxBytes: number): Awaitable<Uint8Array>;
}

/** Node's own; undefined when it has none. */
export function nodeZstd(): ZstdLibrary | undefined {
  const { zstdCompressSync, zstdCompress, zstdDecompressSync, zstdDecompress } =
    zlib as unknown as Partial<ZstdFunctions>;
  if (!zstdCompressSync || !zstdCompress || !zstdDecompressSync || !zstdDecompress) return undefined;
  const packing: NodeFunctions = { format: "zstd", now: zstdCompressSync, later: zstdCompress };
  const unpacking: NodeFunctions = { format: "zstd", now: zstdDecompressSync, later: zstdDecompress };
  return {
    // Readers of kombu before 5.6 need the size in the frame.
    compress: (bytes) => compressWith(packing, bytes, { pledgedSrcSize: bytes.byteLength }),
    decompress: (frame, maxBytes) => decompressWith(unpacking, frame, maxBytes),
  };
}

/** The types of Node 20 do not have them. */
interface ZstdFunctions {
  readonly zstdCompressSync: NodeFunctions["now"];
  readonly zstdCompress: NodeFunctions["later"];
  readonly zstdDecompressSync: NodeFunctions["now"];
  readonly zstdDecompress: NodeFunctions["later"];
}

/** The optional package. Works in a thread of its own. */
export const wasmZstd: ZstdLibrary = {
  async compress(bytes) {
    const answer = await runInWasmThread({ codec: "zstd", bytes });
    if (answer.problem === undefined) return answer.output;
    throw cannotCompress("zstd", PACKAGE, answer);
  },
  async decompress(bytes, maxBytes) {
    const answer = await runInWasmThread({ codec: "zstd", bytes, maxBytes });
    if (answer.problem === undefined) return answer.output;
    throw answer.problem === "too_large" ? tooLarge(maxBytes) : cannotDecompress("zstd", PACKAGE, answer);
  },
};

export function createZstdCompressor({ compress, decompress }: ZstdLibrary): Compressor {
  return {
    name: "zstd",
    aliases: ["zstandard"],
    contentType: "application/zstd",
    compress,
    async decompress(bytes, maxBytes) {
      return readStreams("zstd", bytes, maxBytes, async (at, left) => {
        const { end, contentSize } = findZstdFrame(bytes, at);
        if (contentSize !== undefined && contentSize > left) throw tooLarge(maxBytes);
        // An empty frame is read with a limit too, and Node's is 1 at least.
        const output = await decompress(bytes.subarray(at, end), Math.max(left, 1));
        if (output.byteLength > left) throw tooLarge(maxBytes);
        if (contentSize !== undefined && output.byteLength !== contentSize)
          throw corrupt("zstd", `it tells a size of ${contentSize} bytes and has ${output.byteLength}`);
        return { output, end };
      });
    },
  };
}

/** The compressor `zstd`. */
export const zstdCompressor: Compressor = createZstdCompressor(nodeZstd() ?? wasmZstd);
