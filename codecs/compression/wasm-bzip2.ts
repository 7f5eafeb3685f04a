/**
 * libbz2 of the package bzip2-wasm, without the JavaScript around it: that sets global variables, catches the process's
 * uncaught exceptions, and fails with large input.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type WasmCodec, WasmError, type WasmProblem } from "./wasm-codec.ts";

/** Python's block size, in 100 KB, and its default for data that is hard to sort. */
const LEVEL = 9;
const WORK_FACTOR = 0;
/** Input up to this size mostly has no more output than ROOM, which needs no new memory. */
const SMALL = 64 * 1024;
const ROOM = 256 * 1024;

/** What the return codes of libbz2 mean. */
const PROBLEMS: ReadonlyMap<number, readonly [WasmProblem, string]> = new Map([
  [-3, ["corrupt", "it needs too much memory"]],
  [-4, ["corrupt", "its checksum or structure is wrong"]],
  [-5, ["corrupt", "it does not begin as one"]],
  [-7, ["cut_short", "it ends early"]],
  [-8, ["too_large", "it is too large"]],
]);

/** Node's types leave WebAssembly out. */
interface WebAssemblyApi {
  compile(bytes: Uint8Array): Promise<Program>;
  readonly Instance: new (program: Program, imports: object) => { readonly exports: unknown };
}
/** A compiled .wasm file. */
type Program = object;
const { compile, Instance } = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;

/** The functions of the package's .wasm file that are used here; pointers and sizes are numbers. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  malloc(size: number): number;
  free(pointer: number): void;
  emscripten_stack_init(): void;
  __wasm_call_ctors(): void;
  BZ2_bzBuffToBuffCompress(
    to: number,
    toSize: number,
    from: number,
    fromSize: number,
    level: number,
    verbosity: number,
    workFactor: number,
  ): number;
  BZ2_bzBuffToBuffDecompress(
    to: number,
    toSize: number,
    from: number,
    fromSize: number,
    small: number,
    verbosity: number,
  ): number;
}

/** Calls a function from buffer to buffer. `toSize` points to the room there is, and then to what was used of it. */
type Call = (exports: Exports, to: number, toSize: number, from: number) => number;

export async function loadBzip2(): Promise<WasmCodec> {
  const file = createRequire(import.meta.url).resolve("bzip2-wasm/bzip2-1.0.8/bzip2.wasm");
  const program = await compile(await readFile(file));
  let library: Libbz2 | undefined;
  const run = (bytes: Uint8Array, room: number, call: Call): Uint8Array<ArrayBuffer> => {
    // The memory that a large body needed goes with its instance, and so does one that failed.
    const instance = library ?? new Libbz2(program);
    library = undefined;
    const output = instance.run(bytes, room, call);
    if (!instance.hasGrown) library = instance;
    return output;
  };
  const decompress = (bytes: Uint8Array, room: number): Uint8Array<ArrayBuffer> =>
    run(bytes, room, (exports, to, toSize, from) =>
      exports.BZ2_bzBuffToBuffDecompress(to, toSize, from, bytes.length, 0, 0),
    );
  return {
    compress: (bytes) =>
      // What does not shrink grows by 1% and 600 bytes at most.
      run(bytes, Math.ceil(bytes.length * 1.01) + 600, (exports, to, toSize, from) =>
        exports.BZ2_bzBuffToBuffCompress(to, toSize, from, bytes.length, LEVEL, 0, WORK_FACTOR),
      ),
    decompress(bytes, maxBytes) {
      if (bytes.length > SMALL || maxBytes <= ROOM) return decompress(bytes, maxBytes);
      try {
        return decompress(bytes, ROOM);
      } catch (error) {
        if (error instanceof WasmError && error.problem === "too_large") return decompress(bytes, maxBytes);
        throw error;
      }
    },
  };
}

class Libbz2 {
  readonly #exports: Exports;
  readonly #initialSize: number;

  constructor(program: Program) {
    const giveUp = (): never => {
      throw new Error("libbz2 gave up");
    };
    const imports = {
      env: {
        exit: giveUp,
        emscripten_memcpy_big: (to: number, from: number, size: number) =>
          void this.#memory.copyWithin(to, from, from + size),
        emscripten_resize_heap: (size: number) => Number(this.#grow(size)),
      },
      // For messages, of which there are none.
      wasi_snapshot_preview1: { fd_close: giveUp, fd_write: giveUp, fd_seek: giveUp },
    };
    // The package is pinned to the version that has these.
    this.#exports = new Instance(program, imports).exports as Exports;
    this.#exports.emscripten_stack_init();
    this.#exports.__wasm_call_ctors();
    this.#initialSize = this.#memory.length;
  }

  get hasGrown(): boolean {
    return this.#memory.length > this.#initialSize;
  }

  /** Throws WasmError. */
  run(bytes: Uint8Array, room: number, call: Call): Uint8Array<ArrayBuffer> {
    const { malloc, free } = this.#exports;
    const from = malloc(bytes.length);
    const to = malloc(room);
    const toSize = malloc(4);
    try {
      if (from === 0 || to === 0 || toSize === 0) throw problem(-3);
      this.#memory.set(bytes, from);
      this.#view.setUint32(toSize, room, true);
      const code = call(this.#exports, to, toSize, from);
      if (code !== 0) throw problem(code);
      return this.#memory.slice(to, to + this.#view.getUint32(toSize, true));
    } finally {
      for (const pointer of [from, to, toSize]) free(pointer);
    }
  }

  #grow(size: number): boolean {
    try {
      this.#exports.memory.grow(Math.ceil((size - this.#memory.length) / 65_536));
      return true;
    } catch {
      return false;
    }
  }

  /** Growing replaces the buffer, so that views do not last. */
  get #memory(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#exports.memory.buffer);
  }

  get #view(): DataView {
    return new DataView(this.#exports.memory.buffer);
  }
}

function problem(code: number): WasmError {
  return new WasmError(...(PROBLEMS.get(code) ?? (["corrupt", `libbz2 answered ${code}`] as const)));
}
