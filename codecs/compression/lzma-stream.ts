/** liblzma through lzma-native's coder: its streams take output without end from a little input, and split text at "YZ". */
import { createRequire } from "node:module";
import { asBuffer } from "../utf8.ts";

/** What lzma-native has, as far as it is used here. */
export interface LzmaLibrary {
  readonly Stream: new () => LzmaCoder;
  readonly CHECK_CRC64: number;
}

/** One run of liblzma. */
export interface LzmaCoder {
  /** Told of each piece of output; with null, that it ended, and how; with undefined, that the input is used up. */
  bufferHandler: (
    output: Buffer | null | undefined,
    inputs: number | undefined,
    error: LzmaError | null | undefined,
    totalIn: number,
  ) => void;
  /** Reads both containers. */
  autoDecoder(options: { readonly memlimit: number }): void;
  /** Writes .xz. */
  easyEncoder(options: { readonly preset: number; readonly check: number }): void;
  /** Codes a piece of input, null for its end, in the thread pool. */
  code(input: Buffer | null, isAsync: true): void;
  resetUnderlying(): void;
}

/** An error of liblzma with its lzma_ret. */
export type LzmaError = Error & { readonly code: number };

/** lzma_ret of input that ends early. */
export const LZMA_BUF_ERROR = 10;

/** What came of a piece of input. */
export interface LzmaStep {
  readonly outputs: Buffer[];
  /** Set at the end of the stream: how much of all input it took. */
  used?: number;
  error?: LzmaError;
}

/** Throws when the package, or its binary for this platform, is not there. */
export function loadLzma(): LzmaLibrary {
  return createRequire(import.meta.url)("lzma-native") as LzmaLibrary;
}

/** Codes one piece of input. Not to be called after the end or an error. */
export function code(coder: LzmaCoder, input: Uint8Array | null): Promise<LzmaStep> {
  return new Promise((resolve) => {
    const step: LzmaStep = { outputs: [] };
    coder.bufferHandler = (output, _inputs, error, totalIn) => {
      if (output) step.outputs.push(output);
      else if (output === undefined) resolve(step);
      else if (error) step.error = error;
      else step.used = totalIn;
    };
    coder.code(input === null ? null : asBuffer(input), true);
  });
}
