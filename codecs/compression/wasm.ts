/** One thread for the codecs that are WebAssembly: they would hold up the event loop for seconds with large bodies. */
import { Worker } from "node:worker_threads";
import { CelerityError, DecodeError, EncodeError } from "../../protocol/errors.ts";
import { corrupt, missingPackage } from "./errors.ts";
import type { WasmProblem } from "./wasm-codec.ts";

/** What the thread was asked to do. */
export interface WasmJob {
  readonly codec: "bzip2" | "zstd";
  readonly bytes: Uint8Array;
  /** Decompress, to so many bytes at most. Default: compress. */
  readonly maxBytes?: number;
}

/** What became of it. */
export type WasmAnswer =
  | { readonly output: Uint8Array<ArrayBuffer>; readonly problem?: undefined }
  | { readonly problem: WasmProblem; readonly detail: string };

/** An answer without output. */
export type WasmFailure = Extract<WasmAnswer, { readonly problem: WasmProblem }>;

/** What a compressor throws for it: CelerityError `missing_package`, or EncodeError. */
export function cannotCompress(
  format: string,
  name: string,
  { problem, detail }: WasmFailure,
): CelerityError {
  return problem === "missing"
    ? new CelerityError("missing_package", missingPackage(format, name), { cause: detail })
    : new EncodeError(`The body cannot be compressed with ${format}: ${detail}.`);
}

/** The same when decompressing: DecodeError `missing_package` or `bad_compression`. */
export function cannotDecompress(
  format: string,
  name: string,
  { problem, detail }: WasmFailure,
): DecodeError {
  return problem === "missing"
    ? new DecodeError("missing_package", missingPackage(format, name), { cause: detail })
    : corrupt(format, detail);
}

type Message = WasmAnswer & { readonly id: number };

/** In the source tree the program is TypeScript, which Node 20 needs a loader for, and a thread takes none as an option. */
const IS_SOURCE = import.meta.url.endsWith(".ts");
const PROGRAM = new URL(IS_SOURCE ? "./wasm-thread.ts" : "./wasm-thread.js", import.meta.url);
const SOURCE_PROGRAM = `import("tsx/esm/api").then(({ register }) => { register(); return import("${PROGRAM.href}"); })`;

let thread: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, (answer: WasmAnswer) => void>();

/** Runs a job after those before it. The thread starts with the first, and keeps no process alive that waits for none. */
export function runInWasmThread(job: WasmJob): Promise<WasmAnswer> {
  thread ??= startThread();
  if (waiting.size === 0) thread.ref();
  const id = ++lastId;
  // A copy, because a view would take along all the memory behind it.
  const bytes = new Uint8Array(job.bytes);
  thread.postMessage({ ...job, bytes, id }, [bytes.buffer]);
  return new Promise((resolve) => waiting.set(id, resolve));
}

function startThread(): Worker {
  const started = IS_SOURCE ? new Worker(SOURCE_PROGRAM, { eval: true }) : new Worker(PROGRAM);
  started.on("message", ({ id, ...answer }: Message) => {
    waiting.get(id)?.(answer);
    waiting.delete(id);
    if (waiting.size === 0) started.unref();
  });
  let detail = "the codec's thread ended";
  started.on("error", (error) => {
    detail = `the codec's thread failed: ${error.message}`;
  });
  started.on("exit", () => {
    thread = undefined;
    for (const answer of waiting.values()) answer({ problem: "corrupt", detail });
    waiting.clear();
  });
  return started;
}
