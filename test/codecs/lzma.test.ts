import { describe, expect, test } from "vitest";
import { lzmaCompressor } from "../../codecs/index.ts";
import { testCompressor } from "../../testing/compressor.ts";

testCompressor({ compressor: lzmaCompressor, readsConcatenated: true });

/** What Python's lzma.compress(b"a body", ...) returns. */
const XZ_PRESET_9 =
  "fd377a585a000004e6d6b446020021011c00000010cf58cc0100056120626f64790000004685feb9e23973bb00011e06c12fa41d1fb6f37d010000000004595a";
const ALONE = "5d00008000ffffffffffffffff003088084733a958eecc3afffebcc000";
const XZ_DICTIONARY_OF_128_MIB =
  "fd377a585a000004e6d6b446020021011e0000009b0751660100056120626f64790000004685feb9e23973bb00011e06c12fa41d1fb6f37d010000000004595a";

describe("lzmaCompressor", () => {
  const read = async (hex: string): Promise<string> =>
    Buffer.from(await lzmaCompressor.decompress(Buffer.from(hex, "hex"), 100)).toString();

  test("writes .xz with the check that Python writes", async () => {
    const packed = Buffer.from(await lzmaCompressor.compress(Buffer.from("a body")));
    expect(packed.subarray(0, 8).toString("hex")).toBe("fd377a585a000004");
  });

  test("reads .xz and .lzma", async () => {
    expect(await read(XZ_PRESET_9)).toBe("a body");
    expect(await read(ALONE)).toBe("a body");
    expect(await read(XZ_PRESET_9 + ALONE)).toBe("a bodya body");
    await expect(read(`${ALONE}00`)).rejects.toHaveProperty("code", "bad_compression");
  });

  test("refuses a stream that asks for too much memory", async () => {
    await expect(read(XZ_DICTIONARY_OF_128_MIB)).rejects.toThrow(/[Mm]emory/);
  });
});
