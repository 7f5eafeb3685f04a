/**
 * zlib contexts that are used again and again. deflateSync() and inflateSync() make one for every call, 256 KB and 40 KB
 * large, which costs more than a small body does. A context that was reset may choose another last match than a new one.
 */
import { createDeflate, createInflate, type Zlib, constants as zlib } from "node:zlib";

/** What came out, and how many bytes of the input it took. */
export interface ContextResult {
  readonly output: Buffer;
  readonly used: number;
}

/** Runs one whole stream. undefined when the output is too large for this; throws zlib's error for input that is corrupt. */
export type RunContext = (bytes: Uint8Array) => ContextResult | undefined;

/** Both directions. */
export interface ZlibContexts {
  readonly deflate: RunContext;
  readonly inflate: RunContext;
}

/** Larger input is left to others. What deflate makes of this much always fits into the scratch buffer. */
export const MAX_CONTEXT_INPUT: number = 32 * 1024;
const scratch = Buffer.allocUnsafeSlow(2 * MAX_CONTEXT_INPUT);

/** The part of Node's zlib that has no public name. A wrong call ends the process, so only tried versions get one. */
interface Engine extends Zlib {
  reset(): void;
  /** After a write: bytes left of the output, bytes left of the input. */
  readonly _writeState: Uint32Array;
  readonly _handle: {
    onerror: (message: string) => void;
    writeSync(
      flush: number,
      input: Uint8Array,
      inputAt: number,
      inputSize: number,
      output: Uint8Array,
      outputAt: number,
      outputSize: number,
    ): void;
  };
}

/** The first major version of Node that this was not tried with. */
const UNTRIED_NODE = 27;
const SAMPLE = Buffer.from("a sample, a sample, a sample");

let contexts: ZlibContexts | false | undefined;

/** The contexts of this process, made at the first call; undefined where Node does not allow them. */
export function zlibContexts(): ZlibContexts | undefined {
  contexts ??= makeContexts() ?? false;
  return contexts || undefined;
}

function makeContexts(): ZlibContexts | undefined {
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= UNTRIED_NODE) return undefined;
  try {
    const made = { deflate: createContext(createDeflate()), inflate: createContext(createInflate()) };
    const packed = made.deflate(SAMPLE);
    const unpacked = packed && made.inflate(packed.output);
    return unpacked?.output.equals(SAMPLE) ? made : undefined;
  } catch {
    // Not Node, which other runtimes say they are.
    return undefined;
  }
}

function createContext(stream: Zlib): RunContext {
  const engine = stream as Engine;
  const handle = engine._handle;
  let problem: string | undefined;
  handle.onerror = (message) => {
    problem = message;
  };
  return (bytes) => {
    problem = undefined;
    engine.reset();
    handle.writeSync(zlib.Z_FINISH, bytes, 0, bytes.byteLength, scratch, 0, scratch.length);
    if (problem !== undefined) throw new Error(problem);
    const [outputLeft = 0, inputLeft = 0] = engine._writeState;
    // A full buffer may have been too small.
    if (outputLeft === 0) return undefined;
    const output = Buffer.from(scratch.subarray(0, scratch.length - outputLeft));
    return { output, used: bytes.byteLength - inputLeft };
  };
}
