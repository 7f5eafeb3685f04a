import { describe, expect, test } from "vitest";
import { findZstdFrame } from "../../codecs/compression/zstd-frame.ts";
import { createZstdCompressor, nodeZstd, wasmZstd } from "../../codecs/zstd.ts";
import { DecodeError } from "../../protocol/index.ts";
import { testCompressor } from "../../testing/compressor.ts";

const node = nodeZstd();
const libraries = [["the package", wasmZstd] as const, ...(node ? [["Node", node] as const] : [])];

const fromHex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

describe.each(libraries)("zstd of %s", (_, library) => {
  const compressor = createZstdCompressor(library);
  const rejection = async (hex: string): Promise<unknown> => {
    const error: unknown = await Promise.resolve(compressor.decompress(fromHex(hex), 1000)).catch(
      (thrown: unknown) => thrown,
    );
    return error instanceof DecodeError ? error.code : error;
  };

  testCompressor({ compressor, readsConcatenated: true });

  test("reads a frame that is as it should be", async () => {
    expect(Buffer.from(await compressor.decompress(fromHex("28b52ffd 20 01 090000 61"), 1)).toString()).toBe(
      "a",
    );
  });

  test.each([0, 255, 256, 65_791, 65_792])("writes the size of %i bytes into the frame", async (size) => {
    const frame = await compressor.compress(Buffer.alloc(size, "ab"));
    expect(findZstdFrame(frame, 0)).toEqual({ end: frame.length, contentSize: size });
  });

  test("reads frames without a size", async () => {
    // What `zstd --no-check` writes of a pipe.
    const frame = fromHex("28b52ffd00586d0000386120626f64792001003a8a11");
    expect(findZstdFrame(frame, 0).contentSize).toBeUndefined();
    expect(Buffer.from(await compressor.decompress(frame, 1000)).toString()).toBe("a body a body a body");
    await expect(compressor.decompress(frame, 19)).rejects.toHaveProperty("code", "too_large");
  });

  // Magic, flags, sizes, and one block: last, plain, of one byte.
  test.each([
    ["a size that is larger than the content", "28b52ffd 20 09 090000 61", "bad_compression"],
    ["a size that is smaller than the content", "28b52ffd 20 00 090000 61", "bad_compression or too_large"],
    ["a size of 2^40 bytes", "28b52ffd e0 0000000000010000 090000 61", "too_large"],
    ["a size of 2^32 + 1 bytes", "28b52ffd e0 0100000001000000 090000 61", "too_large"],
    ["a dictionary", "28b52ffd 21 01 01 090000 61", "bad_compression"],
    ["a skippable frame", "502a4d18 01000000 61", "bad_compression"],
    ["a block of the reserved type", "28b52ffd 20 01 0f0000 61", "bad_compression"],
  ])("refuses %s", async (_name, hex, code) => {
    expect(code.split(" or ")).toContain(await rejection(hex));
  });
});
