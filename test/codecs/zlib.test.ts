import { randomBytes } from "node:crypto";
import { deflateRawSync, deflateSync, gzipSync, inflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_CONTEXT_INPUT, zlibContexts } from "../../codecs/compression/zlib-context.ts";
import { zlibCompressor } from "../../codecs/index.ts";
import { DecodeError } from "../../protocol/index.ts";
import { testCompressor } from "../../testing/compressor.ts";

testCompressor({ compressor: zlibCompressor });

describe("zlibCompressor", () => {
  const read = async (bytes: Uint8Array, maxBytes = 1000): Promise<Uint8Array> =>
    zlibCompressor.decompress(bytes, maxBytes);

  test("writes and reads zlib streams, as kombu does under the name of gzip", async () => {
    expect([...(await zlibCompressor.compress(Buffer.from("x"))).subarray(0, 2)]).toEqual([0x78, 0x9c]);
    expect(Buffer.from(await read(deflateSync("x"))).toString()).toBe("x");
    await expect(read(gzipSync("x"))).rejects.toThrow("no whole zlib stream");
  });

  test("keeps nothing of what it wrote and read before", async () => {
    expect(zlibContexts()).toBeDefined();
    const bodies = fc.oneof(
      fc.uint8Array({ size: "+1" }),
      fc.lorem({ maxCount: 200 }).map((text) => Uint8Array.from(Buffer.from(text))),
    );
    const damaged = async (bytes: Uint8Array): Promise<void> => {
      const error: unknown = await read(bytes).catch((thrown: unknown) => thrown);
      if (error instanceof Error) expect(error).toBeInstanceOf(DecodeError);
    };
    const independent = async (body: Uint8Array, end: number): Promise<void> => {
      const packed = await zlibCompressor.compress(body);
      const fresh = deflateSync(body);
      expect(Buffer.compare(inflateSync(packed), body)).toBe(0);
      // What stands behind the input in memory may change which match is found last.
      expect(Math.abs(packed.length - fresh.length)).toBeLessThan(8);
      await damaged(packed.subarray(0, end % packed.length));
      await damaged(body);
      expect(Buffer.compare(await read(fresh, body.length + 1), body)).toBe(0);
    };
    await fc.assert(fc.asyncProperty(bodies, fc.nat(), independent), { numRuns: 1000 });
  });

  test("shows no body to the next one, which may refer to what stands before its start", async () => {
    const secret = Buffer.from("what another message said, at some length");
    await read(deflateSync(secret));
    await zlibCompressor.compress(secret);
    const raw = deflateRawSync(secret, { dictionary: secret });
    const checksum = deflateSync(secret).subarray(-4);
    const spying = Buffer.concat([Buffer.of(0x78, 0x9c), raw, checksum]);
    await expect(read(spying)).rejects.toThrow("invalid distance too far back");
  });

  test.each([-1, 0, 1, MAX_CONTEXT_INPUT - 1, MAX_CONTEXT_INPUT, MAX_CONTEXT_INPUT + 1])(
    "works alike around its borders: %i bytes from the first",
    async (more) => {
      for (const body of [randomBytes(MAX_CONTEXT_INPUT + more), Buffer.alloc(MAX_CONTEXT_INPUT + more)]) {
        const packed = await zlibCompressor.compress(body);
        expect(Buffer.compare(inflateSync(packed), body)).toBe(0);
        expect(Buffer.compare(await read(packed, body.length), body)).toBe(0);
        await expect(read(packed, body.length - 1)).rejects.toHaveProperty("code", "too_large");
      }
    },
  );
});
