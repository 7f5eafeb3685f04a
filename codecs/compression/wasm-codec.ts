/** Why there is no output: the package is not installed, or something about the input. */
export type WasmProblem = "missing" | "too_large" | "cut_short" | "corrupt";

/** Thrown in the thread of WebAssembly, where the project's errors would lose their class on the way out. */
export class WasmError extends Error {
  readonly problem: WasmProblem;

  constructor(problem: WasmProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

/** A library that is WebAssembly. Throws WasmError, and whatever else means that the input is corrupt. */
export interface WasmCodec {
  compress(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
  /** Reads one stream of at most so many bytes. */
  decompress(bytes: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer>;
}
