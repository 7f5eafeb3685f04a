/** Celerity's compressors, on the documents as JSON. */
import { createCodecs, DEFAULT_LIMITS } from "../../codecs/index.ts";
import { runProgram } from "./program.ts";

const codecs = createCodecs();

await runProgram(async ({ documents, measure, optional }) => {
  for (const name of ["zlib", "bzip2", "brotli", "zstd", "lzma"]) {
    await optional(name, async () => {
      const compressor = codecs.compressor(name);
      for (const [size, document] of documents) {
        const plain = Buffer.from(JSON.stringify(document));
        const packed = await compressor.compress(plain);
        await measure(`${name} ${size} encode`, () => compressor.compress(plain));
        await measure(`${name} ${size} decode`, () => compressor.decompress(packed, DEFAULT_LIMITS.maxBytes));
      }
    });
  }
});
