/** Uses the compressors whose packages are not installed where this is run, and zlib. Prints what they throw, as JSON. */
import { bzip2Compressor, type Compressor, lzmaCompressor, zlibCompressor } from "../../codecs/index.ts";
import { createZstdCompressor, wasmZstd } from "../../codecs/zstd.ts";
import { CelerityError } from "../../protocol/index.ts";

async function outcome(attempt: () => unknown): Promise<unknown> {
  try {
    await attempt();
    return "no error";
  } catch (error) {
    if (!(error instanceof CelerityError)) throw error;
    return { name: error.name, code: error.code, message: error.message };
  }
}

/** Bodies that pass for whole ones until they are decompressed. */
const bodies: readonly (readonly [Compressor, hex: string])[] = [
  [lzmaCompressor, "00"],
  // Node's own zstd needs no package.
  [createZstdCompressor(wasmZstd), "28b52ffd2000010000"],
  [bzip2Compressor, "425a683917724538509000000000"],
  [zlibCompressor, "789c030000000001"],
];
const seen: Record<string, unknown> = {};
for (const [compressor, hex] of bodies) {
  seen[compressor.name] = [
    await outcome(() => compressor.compress(Buffer.from("a body"))),
    await outcome(() => compressor.decompress(Buffer.from(hex, "hex"), 1000)),
  ];
}
process.stdout.write(JSON.stringify(seen));
