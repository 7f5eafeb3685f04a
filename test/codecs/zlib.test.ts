import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { zlibCompressor } from "../../codecs/index.ts";
import { testCompressor } from "../../testing/compressor.ts";

testCompressor({ compressor: zlibCompressor });

describe("zlibCompressor", () => {
  test("writes and reads zlib streams, as kombu does under the name of gzip", async () => {
    expect([...(await zlibCompressor.compress(Buffer.from("x"))).subarray(0, 2)]).toEqual([0x78, 0x9c]);
    expect(Buffer.from(await zlibCompressor.decompress(deflateSync("x"), 10)).toString()).toBe("x");
    expect(() => zlibCompressor.decompress(gzipSync("x"), 10)).toThrow("no whole zlib stream");
  });
});
