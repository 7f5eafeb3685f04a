import { DecodeError } from "../../protocol/errors.ts";
import { tooLarge } from "../limits.ts";
import { corrupt } from "./errors.ts";

/** More streams in one body are refused: no sender writes two, and each costs more than its bytes do. */
export const MAX_STREAMS = 100;

/** What one stream held, and where it ended. */
export interface StreamContent {
  readonly output: Uint8Array;
  readonly end: number;
}

/**
 * Reads streams until the input ends, and joins what they held, as bz2.decompress(), lzma.decompress() and
 * zstd.decompress() do. Python takes rubbish after a stream for the end; here it is refused, as `readOne` refuses it.
 *
 * `readOne` reads the stream that begins at `at`. It throws DecodeError: `too_large` when that holds more than `left` bytes.
 */
export async function readStreams(
  format: string,
  bytes: Uint8Array,
  maxBytes: number,
  readOne: (at: number, left: number) => Promise<StreamContent>,
): Promise<Uint8Array> {
  const outputs: Uint8Array[] = [];
  let at = 0;
  let left = maxBytes;
  do {
    if (outputs.length === MAX_STREAMS) throw corrupt(format, `it is more than ${MAX_STREAMS} streams`);
    const { output, end } = await readOne(at, left).catch((error: unknown) => {
      throw error instanceof DecodeError && error.code === "too_large" ? tooLarge(maxBytes) : error;
    });
    outputs.push(output);
    left -= output.byteLength;
    at = end;
  } while (at < bytes.byteLength);
  const [first] = outputs;
  return first !== undefined && outputs.length === 1 ? first : Buffer.concat(outputs);
}
