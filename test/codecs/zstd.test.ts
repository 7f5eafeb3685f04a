import { describe } from "vitest";
import { createZstdCompressor, nodeZstd, wasmZstd } from "../../codecs/zstd.ts";
import { testCompressor } from "../../testing/compressor.ts";

const node = nodeZstd();

describe("of the package", () => {
  testCompressor({ compressor: createZstdCompressor(wasmZstd), readsConcatenated: true });
});

describe.skipIf(node === undefined)("of Node", () => {
  testCompressor({ compressor: createZstdCompressor(node ?? wasmZstd), readsConcatenated: true });
});
