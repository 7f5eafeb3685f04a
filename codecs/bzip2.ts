/** kombu's `bzip2`, also called `bzip`. Source: kombu/compression.py of 5.7. */
import { findBzip2Ends } from "./compression/bzip2-ends.ts";
import { corrupt } from "./compression/errors.ts";
import { MAX_STREAMS, readStreams, type StreamContent } from "./compression/streams.ts";
import { cannotCompress, cannotDecompress, runInWasmThread } from "./compression/wasm.ts";
import { tooLarge } from "./limits.ts";
import type { Compressor } from "./serializer.ts";
import { asBuffer } from "./utf8.ts";

/** libbz2 reads one stream and does not tell where that ended: it gets up to each place where it may. */
const MAX_ATTEMPTS = 8;
const PACKAGE = "bzip2-wasm";
/** Memory that WebAssembly can give. */
const MAX_OUTPUT = 1024 ** 3;

/** The compressor `bzip2`. Works in a thread of its own. */
export const bzip2Compressor: Compressor = {
  name: "bzip2",
  aliases: ["bzip"],
  contentType: "application/x-bz2",
  async compress(bytes) {
    const answer = await runInWasmThread({ codec: "bzip2", bytes });
    if (answer.problem === undefined) return answer.output;
    throw cannotCompress("bzip2", PACKAGE, answer);
  },
  async decompress(bytes, maxBytes) {
    const ends = findBzip2Ends(asBuffer(bytes), MAX_STREAMS + MAX_ATTEMPTS);
    if (ends === undefined) throw corrupt("bzip2", `it is more than ${MAX_STREAMS} streams`);
    return readStreams("bzip2", bytes, maxBytes, (at, left) => readStream(bytes, at, left, ends));
  },
};

async function readStream(
  bytes: Uint8Array,
  at: number,
  left: number,
  ends: readonly number[],
): Promise<StreamContent> {
  const possible = ends.filter((end) => end > at);
  for (const end of possible.slice(0, MAX_ATTEMPTS)) {
    const piece = bytes.subarray(at, end);
    const maxBytes = Math.min(left, MAX_OUTPUT);
    const answer = await runInWasmThread({ codec: "bzip2", bytes: piece, maxBytes });
    if (answer.problem === undefined) return { output: answer.output, end };
    if (answer.problem === "too_large") throw tooLarge(left);
    if (answer.problem !== "cut_short") throw cannotDecompress("bzip2", PACKAGE, answer);
  }
  throw corrupt("bzip2", "it ends early");
}
