import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS, type DecodeLimits, type Serializer } from "../codecs/index.ts";
import { DecodeError, EncodeError, type ErrorCode } from "../protocol/index.ts";
import { spell } from "./values.ts";

/** What a serializer promises beyond what all do. */
export interface SerializerContract {
  readonly serializer: Serializer;
  /** All that it can carry. */
  readonly values: fc.Arbitrary<unknown>;
  /** What it cannot write, by name; each is put inside of `{ outer: [value] }`. */
  readonly unencodable: Readonly<Record<string, unknown>>;
  /** What it must not read, by name, with the code of the error. */
  readonly malformed: Readonly<Record<string, readonly [body: Uint8Array | string, code: ErrorCode]>>;
  /** Whether it has maps with keys other than strings. Default: false. */
  readonly anyKeys?: boolean;
  /** Codes of errors that damaged bodies may lead to, beside `bad_body`, `too_deep` and `too_large`. */
  readonly otherCodes?: readonly ErrorCode[];
  /** Generated values and damaged bodies to try. Default: 1000. */
  readonly runs?: number;
  /** So many arrays around a number. */
  nested(depth: number): Uint8Array | string;
}

/** The suite that every serializer passes. */
export function testSerializer(contract: SerializerContract): void {
  const { serializer, runs: numRuns = 1000, otherCodes = [] } = contract;
  // async, so that what a serializer throws at once and what it rejects with look the same.
  const write = async (value: unknown): Promise<Uint8Array> => serializer.serialize(value);
  const read = async (body: Uint8Array | string, limits: DecodeLimits = DEFAULT_LIMITS): Promise<unknown> =>
    serializer.deserialize(typeof body === "string" ? Buffer.from(body) : body, limits);
  const rejection = async (body: Uint8Array | string, limits?: DecodeLimits): Promise<string> => {
    try {
      await read(body, limits);
    } catch (error) {
      if (error instanceof DecodeError) return error.code;
      throw error;
    }
    return "no error";
  };

  describe(`serializer ${serializer.name}`, () => {
    test("reads back what it wrote", async () => {
      await fc.assert(
        fc.asyncProperty(contract.values, async (value) => {
          const bytes = await write(value);
          expect(spell(await read(bytes))).toEqual(spell(value));
          // A view into a larger buffer, as a broker client may hand out.
          const padded = new Uint8Array(bytes.length + 8);
          padded.set(bytes, 4);
          expect(spell(await read(padded.subarray(4, bytes.length + 4)))).toEqual(spell(value));
        }),
        { numRuns },
      );
    });

    test("leaves out undefined members, writes undefined items as null and Map as an object", async () => {
      const value = { kept: 1, dropped: undefined, list: [undefined, 2], map: new Map([["key", 3]]) };
      expect(await read(await write(value))).toEqual({ kept: 1, list: [null, 2], map: { key: 3 } });
      expect(await read(await write(undefined))).toBeNull();
      const sparse: unknown[] = [];
      sparse[1] = "second";
      expect(await read(await write(sparse))).toEqual([null, "second"]);
    });

    test("asks toJSON of what it does not know", async () => {
      const point = { toJSON: () => ({ x: 1, y: [2] }) };
      expect(await read(await write([point]))).toEqual([{ x: 1, y: [2] }]);
    });

    const hopeless: Record<string, unknown> = {
      function: () => 1,
      symbol: Symbol("s"),
      "class instance": new (class Point {})(),
      RegExp: /x/,
      ArrayBuffer: new ArrayBuffer(1),
      "invalid Date": new Date(Number.NaN),
      "toJSON that throws": {
        toJSON() {
          throw new Error("no");
        },
      },
      ...(!contract.anyKeys && { "Map with keys that are no strings": new Map([[1, 2]]) }),
      ...contract.unencodable,
    };
    test.each(Object.keys(hopeless))("refuses to write: %s", async (name) => {
      const error: unknown = await write({ outer: [hopeless[name]] }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(EncodeError);
      expect(error).toHaveProperty("message", expect.stringContaining("$.outer[0]"));
    });

    test("refuses to write cycles and what nests deeper than others read", async () => {
      const cycle: { self?: unknown } = {};
      cycle.self = [cycle];
      await expect(write(cycle)).rejects.toThrow(/\$\.self\[0\]: the value contains itself/);
      let deep: unknown = 1;
      for (let level = 0; level < 200; level++) deep = [deep];
      expect(spell(await read(await write(deep)))).toEqual(spell(deep));
      await expect(write([deep])).rejects.toThrow(/deeper than 200 levels/);
      // The same object twice is no cycle.
      const shared = { a: 1 };
      expect(await read(await write([shared, shared]))).toEqual([{ a: 1 }, { a: 1 }]);
    });

    test.each(Object.entries(contract.malformed))("refuses to read: %s", async (_, [body, code]) => {
      expect(await rejection(body)).toBe(code);
    });

    test("stops at the depth limit before building anything", async () => {
      expect(await rejection(contract.nested(200))).toBe("no error");
      expect(await rejection(contract.nested(201))).toBe("too_deep");
      expect(await rejection(contract.nested(3), { maxBytes: 1000, maxDepth: 2 })).toBe("too_deep");
      const before = process.memoryUsage().rss;
      expect(await rejection(contract.nested(100_000))).toBe("too_deep");
      expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1024 * 1024);
      // A limit that the stack cannot hold is an error too, not a crash.
      const deepest = { maxBytes: DEFAULT_LIMITS.maxBytes, maxDepth: 1_000_000 };
      expect(["too_deep", "no error"]).toContain(await rejection(contract.nested(100_000), deepest));
    });

    test("stops at the size limit", async () => {
      const bytes = await write("x".repeat(100));
      expect(await rejection(bytes, { maxBytes: bytes.length, maxDepth: 10 })).toBe("no error");
      expect(await rejection(bytes, { maxBytes: bytes.length - 1, maxDepth: 10 })).toBe("too_large");
    });

    test("keeps __proto__, constructor and prototype as plain keys", async () => {
      const hostile: unknown = JSON.parse(
        '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 2}}, "a": [{"__proto__": null}]}',
      );
      const bytes = await write(hostile);
      const value = (await read(bytes)) as Record<string, unknown>;
      expect(Object.keys(value).sort()).toEqual(["__proto__", "a", "constructor"]);
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(spell(value)).toEqual(spell(hostile));
      expect(Buffer.compare(await write(value), bytes)).toBe(0);
      expect("polluted" in {}).toBe(false);
    });

    test("throws nothing but DecodeError, whatever the bytes, and works on", async () => {
      const verdict = async (bytes: Uint8Array): Promise<void> => {
        expect(["no error", "bad_body", "too_deep", "too_large", ...otherCodes]).toContain(
          await rejection(bytes),
        );
      };
      await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), verdict), { numRuns });
      const damaged = async (value: unknown, at: number, byte: number, end: number): Promise<void> => {
        const bytes = Uint8Array.from(await write([value, { key: value }]));
        bytes[at % bytes.length] = byte;
        await verdict(bytes.subarray(0, bytes.length - (end % 3)));
      };
      const anyByte = fc.integer({ min: 0, max: 255 });
      await fc.assert(fc.asyncProperty(contract.values, fc.nat(), anyByte, fc.nat(), damaged), { numRuns });
      expect(await read(await write(["fine"]))).toEqual(["fine"]);
    });
  });
}
