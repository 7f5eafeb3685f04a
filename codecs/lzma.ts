/** kombu's `lzma`, also called `xz`: writes .xz as lzma.compress() does, reads .xz and .lzma. Source: kombu/compression.py of 5.7. */
import { CelerityError, DecodeError, EncodeError } from "../protocol/errors.ts";
import { corrupt, missingPackage } from "./compression/errors.ts";
import {
  code,
  LZMA_BUF_ERROR,
  type LzmaError,
  type LzmaLibrary,
  loadLzma,
} from "./compression/lzma-stream.ts";
import { readStreams, type StreamContent } from "./compression/streams.ts";
import { tooLarge } from "./limits.ts";
import type { Compressor } from "./serializer.ts";

const PACKAGE = "lzma-native";
/** Python's default. */
const PRESET = 6;
/** Bytes of input between two looks at the size of the output, of which they make 4 MB at most. */
const SLICE = 512;
/** For the decoder; the highest preset needs 65 MiB. */
const MEMORY_LIMIT = 80 * 1024 * 1024;

/** The compressor `lzma`. Works in Node's thread pool. */
export const lzmaCompressor: Compressor = {
  name: "lzma",
  aliases: ["xz"],
  contentType: "application/x-lzma",
  async compress(bytes) {
    const lzma = library(CelerityError);
    const coder = new lzma.Stream();
    coder.easyEncoder({ preset: PRESET, check: lzma.CHECK_CRC64 });
    const outputs: Buffer[] = [];
    for (const input of bytes.byteLength === 0 ? [null] : [bytes, null]) {
      const step = await code(coder, input);
      if (step.error !== undefined)
        throw new EncodeError(`The body cannot be compressed with lzma: ${step.error.message}.`);
      outputs.push(...step.outputs);
    }
    return Buffer.concat(outputs);
  },
  async decompress(bytes, maxBytes) {
    const lzma = library(DecodeError);
    return readStreams("lzma", bytes, maxBytes, (at, left) => readStream(lzma, bytes, at, left));
  },
};

let loaded: LzmaLibrary | undefined;

/** Loads the package at its first use. Throws the error given, `missing_package`. */
function library(Failure: typeof CelerityError): LzmaLibrary {
  try {
    loaded ??= loadLzma();
    return loaded;
  } catch (cause) {
    throw new Failure("missing_package", missingPackage("lzma", PACKAGE), { cause });
  }
}

async function readStream(
  lzma: LzmaLibrary,
  bytes: Uint8Array,
  at: number,
  left: number,
): Promise<StreamContent> {
  const coder = new lzma.Stream();
  coder.autoDecoder({ memlimit: MEMORY_LIMIT });
  const outputs: Buffer[] = [];
  let size = 0;
  for (let from = at; ; from += SLICE) {
    const step = await code(coder, from < bytes.byteLength ? bytes.subarray(from, from + SLICE) : null);
    if (step.error !== undefined) throw corrupt("lzma", problemOf(step.error));
    for (const output of step.outputs) size += output.byteLength;
    outputs.push(...step.outputs);
    if (size > left) {
      coder.resetUnderlying();
      throw tooLarge(left);
    }
    if (step.used !== undefined) return { output: Buffer.concat(outputs), end: at + step.used };
  }
}

function problemOf(error: LzmaError): string {
  return error.code === LZMA_BUF_ERROR ? "it ends early" : error.message;
}
