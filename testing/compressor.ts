import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Compressor, DEFAULT_LIMITS } from "../codecs/index.ts";
import { DecodeError } from "../protocol/index.ts";

const { maxBytes } = DEFAULT_LIMITS;

/** The suite that every compressor passes. */
export function testCompressor(compressor: Compressor): void {
  const rejection = (bytes: Uint8Array, limit: number = maxBytes): string => {
    try {
      compressor.decompress(bytes, limit);
    } catch (error) {
      if (error instanceof DecodeError) return error.code;
      throw error;
    }
    return "no error";
  };

  describe(`compressor ${compressor.name}`, () => {
    test("reads back what it wrote", () => {
      const back = (bytes: Uint8Array): void => {
        const unpacked = compressor.decompress(compressor.compress(bytes), maxBytes);
        expect(Buffer.compare(unpacked, bytes)).toBe(0);
      };
      fc.assert(fc.property(fc.uint8Array(), back));
      for (const bytes of [Buffer.alloc(0), Buffer.alloc(1_000_000, "a"), randomBytes(300_000)]) back(bytes);
    });

    test("makes repetitive bodies smaller", () => {
      expect(compressor.compress(Buffer.alloc(10_000, "abc")).length).toBeLessThan(500);
    });

    test("stops at the limit without growing to the bomb's size", () => {
      const bytes = Buffer.alloc(1000, "x");
      expect(rejection(compressor.compress(bytes), 1000)).toBe("no error");
      expect(rejection(compressor.compress(bytes), 999)).toBe("too_large");
      const bomb = compressor.compress(Buffer.alloc(100 * 1024 * 1024));
      const before = process.memoryUsage().rss;
      expect(rejection(bomb)).toBe("too_large");
      expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024);
    });

    test("refuses truncated, garbled and extended data", () => {
      const whole = compressor.compress(Buffer.from("a body that was compressed, and long enough to be cut"));
      for (let end = 0; end < whole.length; end++) {
        expect(rejection(whole.subarray(0, end)), `${end} bytes`).toBe("bad_compression");
      }
      expect(rejection(Buffer.concat([whole, Buffer.from("x")]))).toBe("bad_compression");
      expect(rejection(Buffer.concat([whole, whole]))).toBe("bad_compression");
      expect(rejection(Buffer.from("plain text"))).toBe("bad_compression");
    });

    test("throws nothing but DecodeError, whatever the bytes, and works on", () => {
      const whole = compressor.compress(Buffer.from(JSON.stringify([[1, 2], { key: "value" }])));
      const verdict = (bytes: Uint8Array): void => {
        expect(["no error", "bad_compression", "too_large"]).toContain(rejection(bytes, 1000));
      };
      fc.assert(fc.property(fc.uint8Array(), verdict));
      const damaged = fc
        .tuple(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 0, max: 255 }))
        .map(([at, byte]) => {
          const bytes = Uint8Array.from(whole);
          bytes[at] = byte;
          return bytes;
        });
      fc.assert(fc.property(damaged, verdict), { numRuns: 1000 });
      expect(rejection(whole)).toBe("no error");
    });
  });
}
