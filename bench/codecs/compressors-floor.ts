/** What Node brings, bare. */
import { brotliCompressSync, brotliDecompressSync, constants, deflateSync, inflateSync } from "node:zlib";
import { runProgram } from "./program.ts";

interface Codec {
  readonly encode: (bytes: Buffer) => Buffer;
  readonly decode: (bytes: Buffer) => Buffer;
}

/** As ours: the default of 11 is for files that are compressed once. */
const params = { [constants.BROTLI_PARAM_QUALITY]: 5 };
const CODECS: Readonly<Record<string, Codec>> = {
  zlib: { encode: (bytes) => deflateSync(bytes), decode: (bytes) => inflateSync(bytes) },
  brotli: {
    encode: (bytes) => brotliCompressSync(bytes, { params }),
    decode: (bytes) => brotliDecompressSync(bytes),
  },
};

await runProgram(async ({ documents, measure }) => {
  for (const [name, { encode, decode }] of Object.entries(CODECS)) {
    for (const [size, document] of documents) {
      const plain = Buffer.from(JSON.stringify(document));
      const packed = encode(plain);
      await measure(`${name} ${size} encode`, () => encode(plain));
      await measure(`${name} ${size} decode`, () => decode(packed));
    }
  }
});
