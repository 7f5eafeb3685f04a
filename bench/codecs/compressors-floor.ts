/** What Node brings, bare; brotli in the same way as ours, off the event loop. */
import { promisify } from "node:util";
import { brotliCompress, brotliDecompress, deflateSync, inflateSync } from "node:zlib";
import { runProgram } from "./program.ts";

interface Codec {
  readonly encode: (bytes: Buffer) => unknown;
  readonly decode: (bytes: Buffer) => unknown;
}

const CODECS: Readonly<Record<string, Codec>> = {
  zlib: { encode: (bytes) => deflateSync(bytes), decode: (bytes) => inflateSync(bytes) },
  brotli: {
    encode: promisify<Buffer, Buffer>(brotliCompress),
    decode: promisify<Buffer, Buffer>(brotliDecompress),
  },
};

await runProgram(async ({ documents, measure }) => {
  for (const [name, { encode, decode }] of Object.entries(CODECS)) {
    for (const [size, document] of documents) {
      const plain = Buffer.from(JSON.stringify(document));
      const packed = (await encode(plain)) as Buffer;
      await measure(`${name} ${size} encode`, () => encode(plain));
      await measure(`${name} ${size} decode`, () => decode(packed));
    }
  }
});
