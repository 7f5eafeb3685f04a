import { toError } from "../../protocol/errors.ts";
import { type WasmCodec, WasmError } from "./wasm-codec.ts";

/** libzstd, from the optional package @bokuweb/zstd-wasm. Rejects when that is not installed. */
export async function loadZstd(): Promise<WasmCodec> {
  const zstd = await import("@bokuweb/zstd-wasm");
  await zstd.init();
  return {
    // Copies that can be moved out of the thread.
    compress: (bytes) => new Uint8Array(zstd.compress(bytes)),
    decompress(bytes, maxBytes) {
      try {
        // The size counts for a frame that does not tell its own; of the others the caller has seen it.
        return new Uint8Array(zstd.decompress(bytes, { defaultHeapSize: maxBytes }));
      } catch (error) {
        // ZSTD_error_dstSize_tooSmall
        if (toError(error).message.endsWith("code -70")) throw new WasmError("too_large", "it is too large");
        throw error;
      }
    },
  };
}
