/** The program of the thread in wasm.ts. */
import { parentPort } from "node:worker_threads";
import { toError } from "../../protocol/errors.ts";
import type { WasmAnswer, WasmJob } from "./wasm.ts";
import { loadBzip2 } from "./wasm-bzip2.ts";
import { type WasmCodec, WasmError } from "./wasm-codec.ts";
import { loadZstd } from "./wasm-zstd.ts";

const LOADERS: Readonly<Record<WasmJob["codec"], () => Promise<WasmCodec>>> = {
  bzip2: loadBzip2,
  zstd: loadZstd,
};
const loading = new Map<string, Promise<WasmCodec>>();

parentPort?.on("message", async ({ id, ...job }: WasmJob & { readonly id: number }) => {
  const answer = await run(job);
  parentPort?.postMessage({ id, ...answer }, answer.problem === undefined ? [answer.output.buffer] : []);
});

async function run(job: WasmJob): Promise<WasmAnswer> {
  try {
    const codec = await load(job.codec);
    return {
      output:
        job.maxBytes === undefined ? codec.compress(job.bytes) : codec.decompress(job.bytes, job.maxBytes),
    };
  } catch (error) {
    return {
      problem: error instanceof WasmError ? error.problem : "corrupt",
      detail: toError(error).message,
    };
  }
}

/** A package that is missing may be installed by the next time. */
async function load(name: WasmJob["codec"]): Promise<WasmCodec> {
  const codec = loading.get(name) ?? LOADERS[name]();
  loading.set(name, codec);
  try {
    return await codec;
  } catch (error) {
    loading.delete(name);
    throw new WasmError("missing", toError(error).message);
  }
}
