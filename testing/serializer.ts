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
  /** Generated values and damaged bodies to try. Default: 1000. */
  readonly runs?: number;
  /** So many arrays around a number. */
  nested(depth: number): Uint8Array | string;
}

/** The suite that every serializer passes. */
export function testSerializer(contract: SerializerContract): void {
  const { serializer, runs: numRuns = 1000 } = contract;
  const read = (body: Uint8Array | string, limits: DecodeLimits = DEFAULT_LIMITS): unknown =>
    serializer.deserialize(typeof body === "string" ? Buffer.from(body) : body, limits);
  const rejection = (body: Uint8Array | string, limits?: DecodeLimits): string => {
    try {
      read(body, limits);
    } catch (error) {
      if (error instanceof DecodeError) return error.code;
      throw error;
    }
    return "no error";
  };

  describe(`serializer ${serializer.name}`, () => {
    test("reads back what it wrote", () => {
      fc.assert(
        fc.property(contract.values, (value) => {
          const bytes = serializer.serialize(value);
          expect(spell(read(bytes))).toEqual(spell(value));
          // A view into a larger buffer, as a broker client may hand out.
          const padded = new Uint8Array(bytes.length + 8);
          padded.set(bytes, 4);
          expect(spell(read(padded.subarray(4, bytes.length + 4)))).toEqual(spell(value));
        }),
        { numRuns },
      );
    });

    test("leaves out undefined members, writes undefined items as null and Map as an object", () => {
      const value = { kept: 1, dropped: undefined, list: [undefined, 2], map: new Map([["key", 3]]) };
      expect(read(serializer.serialize(value))).toEqual({ kept: 1, list: [null, 2], map: { key: 3 } });
      expect(read(serializer.serialize(undefined))).toBeNull();
      const sparse: unknown[] = [];
      sparse[1] = "second";
      expect(read(serializer.serialize(sparse))).toEqual([null, "second"]);
    });

    test("asks toJSON of what it does not know", () => {
      const point = { toJSON: () => ({ x: 1, y: [2] }) };
      expect(read(serializer.serialize([point]))).toEqual([{ x: 1, y: [2] }]);
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
      "Map with keys that are no strings": new Map([[1, 2]]),
      ...contract.unencodable,
    };
    test.each(Object.keys(hopeless))("refuses to write: %s", (name) => {
      const write = (): unknown => serializer.serialize({ outer: [hopeless[name]] });
      expect(write).toThrow(EncodeError);
      expect(write).toThrow(/\$\.outer\[0\]/);
    });

    test("refuses to write cycles and what nests deeper than others read", () => {
      const cycle: { self?: unknown } = {};
      cycle.self = [cycle];
      expect(() => serializer.serialize(cycle)).toThrow(/\$\.self\[0\]: the value contains itself/);
      let deep: unknown = 1;
      for (let level = 0; level < 200; level++) deep = [deep];
      expect(spell(read(serializer.serialize(deep)))).toEqual(spell(deep));
      expect(() => serializer.serialize([deep])).toThrow(/deeper than 200 levels/);
      // The same object twice is no cycle.
      const shared = { a: 1 };
      expect(read(serializer.serialize([shared, shared]))).toEqual([{ a: 1 }, { a: 1 }]);
    });

    test.each(Object.entries(contract.malformed))("refuses to read: %s", (_, [body, code]) => {
      expect(rejection(body)).toBe(code);
    });

    test("stops at the depth limit before building anything", () => {
      expect(rejection(contract.nested(200))).toBe("no error");
      expect(rejection(contract.nested(201))).toBe("too_deep");
      expect(rejection(contract.nested(3), { maxBytes: 1000, maxDepth: 2 })).toBe("too_deep");
      const before = process.memoryUsage().rss;
      expect(rejection(contract.nested(100_000))).toBe("too_deep");
      expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1024 * 1024);
      // A limit that the stack cannot hold is an error too, not a crash.
      const deepest = { maxBytes: DEFAULT_LIMITS.maxBytes, maxDepth: 1_000_000 };
      expect(["too_deep", "no error"]).toContain(rejection(contract.nested(100_000), deepest));
    });

    test("stops at the size limit", () => {
      const bytes = serializer.serialize("x".repeat(100));
      expect(rejection(bytes, { maxBytes: bytes.length, maxDepth: 10 })).toBe("no error");
      expect(rejection(bytes, { maxBytes: bytes.length - 1, maxDepth: 10 })).toBe("too_large");
    });

    test("keeps __proto__, constructor and prototype as plain keys", () => {
      const hostile: unknown = JSON.parse(
        '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 2}}, "a": [{"__proto__": null}]}',
      );
      const bytes = serializer.serialize(hostile);
      const value = read(bytes) as Record<string, unknown>;
      expect(Object.keys(value).sort()).toEqual(["__proto__", "a", "constructor"]);
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(spell(value)).toEqual(spell(hostile));
      expect(Buffer.compare(serializer.serialize(value), bytes)).toBe(0);
      expect("polluted" in {}).toBe(false);
    });

    test("throws nothing but DecodeError, whatever the bytes, and works on", () => {
      const verdict = (bytes: Uint8Array): void => {
        expect(["no error", "bad_body", "too_deep", "too_large"]).toContain(rejection(bytes));
      };
      fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), verdict), { numRuns });
      const damaged = fc
        .tuple(contract.values, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat())
        .map(([value, at, byte, end]) => {
          const bytes = Uint8Array.from(serializer.serialize([value, { key: value }]));
          bytes[at % bytes.length] = byte;
          return bytes.subarray(0, bytes.length - (end % 3));
        });
      fc.assert(fc.property(damaged, verdict), { numRuns });
      expect(read(serializer.serialize(["fine"]))).toEqual(["fine"]);
    });
  });
}
