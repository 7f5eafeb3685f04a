/** kombu's `zlib`, also called `gzip`: a zlib stream (RFC 1950) whatever its MIME type says. Source: kombu/compression.py of 5.7. */
import { deflateSync, type Inflate, inflateSync } from "node:zlib";
import { DecodeError, toError } from "../protocol/errors.ts";
import { tooLarge } from "./limits.ts";
import type { SyncCompressor } from "./serializer.ts";

/** The compressor `zlib`. */
export const zlibCompressor: SyncCompressor = {
  name: "zlib",
  aliases: ["gzip"],
  contentType: "application/x-gzip",
  compress(bytes) {
    return deflateSync(bytes);
  },
  decompress(bytes, maxBytes) {
    const { buffer, engine } = inflate(bytes, maxBytes);
    if (engine.bytesWritten < bytes.byteLength) throw corrupt("there are bytes after its end");
    return buffer;
  },
};

/** With `info`, Node also tells how much of the input it used; its types leave that out. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: Inflate;
}

function inflate(bytes: Uint8Array, maxBytes: number): Inflated {
  try {
    const inflated: unknown = inflateSync(bytes, { maxOutputLength: maxBytes, info: true });
    return inflated as Inflated;
  } catch (error) {
    const { code, message } = toError(error) as NodeJS.ErrnoException;
    throw code === "ERR_BUFFER_TOO_LARGE" ? tooLarge(maxBytes) : corrupt(message);
  }
}

function corrupt(problem: string): DecodeError {
  return new DecodeError("bad_compression", `The compressed body is no whole zlib stream: ${problem}.`);
}
