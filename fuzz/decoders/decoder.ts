/** What every target of the fuzzer is. */
import { DecodeError } from "../../protocol/index.ts";

/** Something that reads what strangers wrote. */
export interface Decoder {
  /** Reads an input, and checks what it read. */
  decode(input: Uint8Array): unknown;
  /** Whether an error is the typed refusal that callers are promised. */
  isRefusal(error: unknown): boolean;
  /** Inputs to begin with beside the recorded ones. */
  readonly seeds?: readonly (string | Uint8Array | Promise<Uint8Array>)[];
  /** Pieces that mean something to it: random bytes alone would take long to find them. */
  readonly words?: readonly (string | Uint8Array)[];
}

export const isDecodeError = (error: unknown): boolean => error instanceof DecodeError;

export const textOf = (input: Uint8Array): string => Buffer.from(input).toString("utf8");
