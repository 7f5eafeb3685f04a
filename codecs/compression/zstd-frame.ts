import { corrupt } from "./errors.ts";

/** Where a frame ends, and how large its header says its content is. */
export interface ZstdFrame {
  readonly end: number;
  readonly contentSize: number | undefined;
}

const MAGIC = 0xfd2f_b528;
/** Bytes of the dictionary id, and of the content size, by the flags that announce them. */
const DICTIONARY_ID_SIZES = [0, 1, 2, 4];
const CONTENT_SIZES = [0, 2, 4, 8];
const RLE_BLOCK = 1;

/**
 * Walks over the frame that begins at `at`, without decoding it: decoders tell neither where it ended nor that it
 * was cut short. Throws DecodeError `bad_compression` unless it is there to its end. Source: RFC 8878, 3.1.1.
 */
export function findZstdFrame(bytes: Uint8Array, at: number): ZstdFrame {
  const reader = new FrameReader(bytes, at);
  if (reader.integer(4) !== MAGIC) throw corrupt("zstd", "it does not begin with a frame");
  const flags = reader.integer(1);
  const isSingleSegment = (flags & 0x20) !== 0;
  if (!isSingleSegment) reader.integer(1); // the window's size
  reader.integer(DICTIONARY_ID_SIZES[flags & 3] ?? 0);
  const sizeFlag = flags >> 6;
  const sizeBytes = sizeFlag === 0 && isSingleSegment ? 1 : (CONTENT_SIZES[sizeFlag] ?? 0);
  const size = reader.integer(sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  skipBlocks(reader);
  if ((flags & 4) !== 0) reader.skip(4); // the checksum
  return { end: reader.at, contentSize: sizeBytes === 0 ? undefined : size };
}

function skipBlocks(reader: FrameReader): void {
  for (;;) {
    const header = reader.integer(3);
    const type = (header >> 1) & 3;
    reader.skip(type === RLE_BLOCK ? 1 : header >> 3);
    if ((header & 1) !== 0) return;
  }
}

class FrameReader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Little-endian. */
  integer(size: number): number {
    const start = this.at;
    this.skip(size);
    let value = 0;
    for (let at = this.at - 1; at >= start; at--) value = value * 256 + (this.#bytes[at] ?? 0);
    return value;
  }

  skip(size: number): void {
    this.at += size;
    if (this.at > this.#bytes.byteLength) throw corrupt("zstd", "it ends early");
  }
}
