import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Compressor, DEFAULT_LIMITS } from "../codecs/index.ts";
import { DecodeError } from "../protocol/index.ts";

const { maxBytes } = DEFAULT_LIMITS;
const MEBIBYTE = 1024 * 1024;

/** What a compressor promises. */
export interface CompressorContract {
  readonly compressor: Compressor;
  /** Whether streams that follow each other are read as one, as some of Python's modules do. Default: they are refused. */
  readonly readsConcatenated?: boolean;
  /** Generated bodies and damaged streams to try. Default: 1000. */
  readonly runs?: number;
}

/** The suite that every compressor passes. */
export function testCompressor(contract: CompressorContract): void {
  const { compressor, readsConcatenated = false, runs: numRuns = 1000 } = contract;
  // async, so that what a compressor throws at once and what it rejects with look the same.
  const pack = async (bytes: Uint8Array): Promise<Uint8Array> => compressor.compress(bytes);
  const unpack = async (bytes: Uint8Array, limit: number = maxBytes): Promise<Uint8Array> =>
    compressor.decompress(bytes, limit);
  const rejection = async (bytes: Uint8Array, limit?: number): Promise<string> => {
    try {
      await unpack(bytes, limit);
    } catch (error) {
      if (error instanceof DecodeError) return error.code;
      throw error;
    }
    return "no error";
  };

  describe(`compressor ${compressor.name}`, () => {
    test("reads back what it wrote", async () => {
      const back = async (bytes: Uint8Array): Promise<void> => {
        const packed = await pack(bytes);
        expect(Buffer.compare(await unpack(packed), bytes)).toBe(0);
        // A view into a larger buffer, as a broker client may hand out.
        const padded = new Uint8Array(packed.length + 8);
        padded.set(packed, 4);
        expect(Buffer.compare(await unpack(padded.subarray(4, packed.length + 4)), bytes)).toBe(0);
      };
      await fc.assert(fc.asyncProperty(fc.uint8Array({ size: "+1" }), back), { numRuns });
      for (const size of [0, 1000, 40_000, 300_000, MEBIBYTE]) {
        await back(randomBytes(size));
        await back(Buffer.alloc(size, '{"id": 1, "name": "repetitive"}, '));
      }
    });

    test("makes repetitive bodies smaller", async () => {
      expect((await pack(Buffer.alloc(10_000, "abc"))).length).toBeLessThan(500);
    });

    test("works on several bodies at once", async () => {
      const bodies = Array.from({ length: 20 }, (_, at) => Buffer.alloc(at * 10_000, `body ${at}, `));
      const packed = await Promise.all(bodies.map(pack));
      const unpacked = await Promise.all(packed.map((bytes) => unpack(bytes)));
      unpacked.forEach((bytes, at) => {
        expect(Buffer.compare(bytes, bodies[at] ?? randomBytes(1)), `body ${at}`).toBe(0);
      });
    });

    test("stops at the limit", async () => {
      for (const size of [1000, 200_000]) {
        const packed = await pack(randomBytes(size));
        expect(await rejection(packed, size)).toBe("no error");
        expect(await rejection(packed, size - 1)).toBe("too_large");
      }
    });

    test("stops without growing to a bomb's size, and does not look into what it unpacked", async () => {
      const bomb = await pack(Buffer.alloc(32 * MEBIBYTE));
      const before = process.memoryUsage().rss;
      expect(await rejection(bomb)).toBe("too_large");
      expect(process.memoryUsage().rss - before).toBeLessThan(64 * MEBIBYTE);
      const nested = await pack(bomb);
      expect(Buffer.compare(await unpack(nested), bomb)).toBe(0);
    });

    test("refuses truncated, garbled and extended data", async () => {
      const body = Buffer.from("a body that was compressed, and long enough to be cut");
      const whole = await pack(body);
      for (let end = 0; end < whole.length; end++) {
        expect(await rejection(whole.subarray(0, end)), `${end} bytes`).toBe("bad_compression");
      }
      const rubbish = ["x", "rubbish that is as long as the start of a stream may be", "\0"];
      for (const text of rubbish) {
        expect(await rejection(Buffer.concat([whole, Buffer.from(text)])), text).toBe("bad_compression");
      }
      expect(await rejection(Buffer.from("plain text"))).toBe("bad_compression");
      const large = await pack(randomBytes(300_000));
      for (const end of [100, 200_000, large.length - 1]) {
        expect(await rejection(large.subarray(0, end)), `${end} bytes`).toBe("bad_compression");
      }
      expect(await rejection(Buffer.concat([large, Buffer.from("x")]))).toBe("bad_compression");
    });

    test("reads streams that follow each other within one limit, or refuses them", async () => {
      const whole = await pack(Buffer.from("a body"));
      const twice = Buffer.concat([whole, whole]);
      if (!readsConcatenated) {
        expect(await rejection(twice)).toBe("bad_compression");
        return;
      }
      expect(Buffer.from(await unpack(twice, 12)).toString()).toBe("a bodya body");
      expect(await rejection(twice, 11)).toBe("too_large");
      expect(await rejection(twice.subarray(0, -1))).toBe("bad_compression");
      expect(await rejection(Buffer.concat([whole, Buffer.from("x"), whole]))).toBe("bad_compression");
      expect(await rejection(Buffer.concat(Array<Uint8Array>(20_000).fill(whole)))).toBe("bad_compression");
    });

    test("throws nothing but DecodeError, whatever the bytes, and works on", async () => {
      const whole = await pack(Buffer.from(JSON.stringify([[1, 2], { key: "value" }])));
      const verdict = async (bytes: Uint8Array): Promise<void> => {
        expect(["no error", "bad_compression", "too_large"]).toContain(await rejection(bytes, 1000));
      };
      const damaged = async (at: number, byte: number, added: Uint8Array): Promise<void> => {
        const bytes = Buffer.concat([whole, added]);
        bytes[at] = byte;
        await verdict(bytes);
      };
      await fc.assert(fc.asyncProperty(fc.uint8Array(), verdict), { numRuns });
      const place = fc.nat({ max: whole.length - 1 });
      const anyByte = fc.integer({ min: 0, max: 255 });
      const added = fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array());
      await fc.assert(fc.asyncProperty(place, anyByte, added, damaged), { numRuns });
      expect(await rejection(whole)).toBe("no error");
    });
  });
}
