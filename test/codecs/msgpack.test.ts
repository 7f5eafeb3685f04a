import fc from "fast-check";
import { Packr, unpack } from "msgpackr";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { createMsgpackSerializer, DEFAULT_LIMITS, msgpackSerializer } from "../../codecs/index.ts";
import { Decimal, Float, float, Uuid } from "../../protocol/index.ts";
import { testSerializer } from "../../testing/serializer.ts";
import { anyBytes, anyNumber, spell, treeOf, wellFormedText, wideInteger } from "../../testing/values.ts";

const packr = new Packr({ useRecords: false, variableMapSize: true, useToJSON: false });
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const claim = (head: string): readonly [Buffer, "bad_body"] => [hex(head), "bad_body"];

testSerializer({
  serializer: msgpackSerializer,
  values: treeOf(
    fc.oneof(
      fc.constant(null),
      fc.boolean(),
      wellFormedText,
      anyNumber,
      wideInteger(-(2n ** 63n), 2n ** 64n - 1n),
      anyBytes,
      fc.string({ minLength: 200, maxLength: 400, unit: "grapheme" }),
    ),
    wellFormedText,
  ),
  unencodable: {
    "integer of 65 bits": 2n ** 64n,
    "negative integer of 65 bits": -(2n ** 63n) - 1n,
    "half of a surrogate pair": "\ud800",
    "key with half of a surrogate pair": { "\ud800": 1 },
    Set: new Set([1]),
    Date: new Date(0),
    PlainDate: Temporal.PlainDate.from("2024-02-29"),
    Decimal: new Decimal("1.10"),
    Uuid: new Uuid("6f1c9f52-1f0c-4f69-8a0c-1f2b9d5a7e11"),
  },
  malformed: {
    empty: claim(""),
    "two values": claim("01 02"),
    "array32 of 4 G": claim("dd ffffffff"),
    "map32 of 4 G": claim("df ffffffff"),
    "bin32 of 4 G": claim("c6 ffffffff"),
    "str32 of 4 G": claim("db ffffffff"),
    "array16 cut": claim("dc ff"),
    "map without its value": claim("81 a1 61"),
    "float64 cut": claim("cb 0000"),
    "string cut": claim("a3 61"),
    "string that is not UTF-8": claim("a2 ff fe"),
    "string with an encoded surrogate": claim("a3 ed a0 80"),
    "type byte c1": claim("c1"),
    "timestamp extension": claim("d6 ff 00000000"),
    "msgpackr's undefined": claim("d4 00 00"),
    "msgpackr's record": claim("d4 72 40 91 a1 61 01"),
    "msgpackr's RegExp": claim("c7 05 78 92 a1 61 a1 67"),
    "msgpackr's Set": claim("d4 73 00 91 01"),
    "msgpackr's bundled strings": claim("d6 62 00000001 90"),
    "extension32 of 4 G": claim("c9 ffffffff 01"),
    "integer key": claim("81 01 02"),
    "binary key": claim("81 c4 01 61 02"),
    "nil key": claim("81 c0 02"),
    "NaN key": claim("81 cb 7ff8000000000000 02"),
    "array as key": claim("81 90 02"),
  },
  nested: (depth) => Buffer.concat([Buffer.alloc(depth, 0x91), Buffer.of(1)]),
});

describe("msgpackSerializer", () => {
  const read = (bytes: Uint8Array): unknown => msgpackSerializer.deserialize(bytes, DEFAULT_LIMITS);

  test.each<[hex: string, value: unknown]>([
    ["cf 0000000200000000", 2 ** 33],
    ["d3 fffffffe00000000", -(2 ** 33)],
    ["cf 0000000000000001", 1],
    ["cf 0020000000000001", 2n ** 53n + 1n],
    ["cf ffffffffffffffff", 2n ** 64n - 1n],
    ["d3 8000000000000000", -(2n ** 63n)],
    ["ca 3fc00000", 1.5],
    ["82 a1 61 01 a1 61 02", { a: 2 }],
    ["c4 02 ff00", Uint8Array.of(0xff, 0)],
    ["a2 c5bc", "ż"],
  ])("reads %s", (bytes, value) => {
    expect(spell(read(hex(bytes)))).toEqual(spell(value));
  });

  test.each<[value: unknown, hex: string]>([
    [2 ** 32 - 1, "ce ffffffff"],
    [2 ** 32, "d3 0000000100000000"],
    [-(2 ** 31), "d2 80000000"],
    [-(2 ** 31) - 1, "d3 ffffffff7fffffff"],
    [2n ** 64n - 1n, "cf ffffffffffffffff"],
    [1e16, "cb 4341c37937e08000"],
    [-0, "cb 8000000000000000"],
    [0, "00"],
    [float(1), "cb 3ff0000000000000"],
    [Uint8Array.of(1), "c4 01 01"],
    [Buffer.from("b"), "c4 01 62"],
  ])("writes %s with Python's type", (value, bytes) => {
    expect(Buffer.from(msgpackSerializer.serialize(value))).toEqual(hex(bytes));
  });

  test("hands out bytes of their own, not a view of the message", () => {
    const body = Buffer.from(msgpackSerializer.serialize([Buffer.from("secret")]));
    const [bytes] = read(body) as [Uint8Array];
    expect(bytes.buffer.byteLength).toBe(6);
    body.fill(0);
    expect(Buffer.from(bytes).toString()).toBe("secret");
  });

  test("writes integers in their shortest form, and what is between them and doubles", () => {
    const steps = [0, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0x7fff_ffff, 0x8000_0000, 2 ** 53 - 1];
    for (const step of steps) {
      for (const value of [step, step + 1, 0 - step, -step - 1]) {
        const bytes = msgpackSerializer.serialize(value);
        expect(Number(unpack(bytes))).toBe(value);
        expect(read(bytes)).toBe(value);
      }
    }
  });

  test("agrees with another implementation", () => {
    // The other one writes -0 as an integer.
    const anyFloat = fc.double().filter((value) => !Object.is(value, -0));
    const plain = treeOf(
      fc.oneof(fc.constant(null), fc.boolean(), wellFormedText, fc.integer(), anyFloat, anyBytes),
      wellFormedText,
      // The other one renames such a key.
    ).filter((value) => !JSON.stringify(spell(value)).includes("__proto__"));
    fc.assert(
      fc.property(plain, (value) => {
        expect(spell(unpack(msgpackSerializer.serialize(value)))).toEqual(spell(value));
        expect(spell(read(packr.pack(value)))).toEqual(spell(value));
      }),
      { numRuns: 500 },
    );
  });

  test.each([0, 1, 31, 32, 64, 65, 255, 256, 257, 4095, 4096, 5000, 70_000])(
    "text of %s characters",
    (length) => {
      const value = ["a", "é", "🎉"].map((character) => character.repeat(length));
      const keys = Object.fromEntries(value.map((key) => [key, key]));
      const body = msgpackSerializer.serialize([value, keys, value]);
      expect(read(body)).toEqual([value, keys, value]);
      expect(spell(unpack(body))).toEqual(spell([value, keys, value]));
    },
  );

  test("tells keys of the same length and the same letters apart", () => {
    const keys = ["abcdef", "abedcf", "acbdef", "adcbef", "é1", "è1", ""];
    for (let round = 0; round < 2; round++) {
      for (const key of keys)
        expect(read(msgpackSerializer.serialize({ [key]: key }))).toEqual({ [key]: key });
    }
  });

  test("writes a message while it writes another", () => {
    const inner = { text: "x".repeat(100) };
    const value = {
      before: 1,
      get body() {
        return msgpackSerializer.serialize(inner);
      },
      after: 2,
    };
    const { body, ...rest } = read(msgpackSerializer.serialize(value)) as Record<string, unknown>;
    expect(rest).toEqual({ before: 1, after: 2 });
    expect(read(body as Uint8Array)).toEqual(inner);
    const failing = {
      get body(): never {
        throw new Error("no value");
      },
    };
    expect(() => msgpackSerializer.serialize([1, failing])).toThrow("no value");
    expect(read(msgpackSerializer.serialize([1, 2]))).toEqual([1, 2]);
  });

  test("hands out messages that later ones do not change", () => {
    const first = msgpackSerializer.serialize("first");
    msgpackSerializer.serialize("second");
    expect(read(first)).toBe("first");
  });

  test("keeps floats exact when asked to", () => {
    const exact = createMsgpackSerializer({ exactFloats: true });
    const value = exact.deserialize(hex("93 01 cb3ff0000000000000 ca3fc00000"), DEFAULT_LIMITS);
    expect(value).toEqual([1, new Float(1), 1.5]);
    expect(Buffer.from(exact.serialize(value))).toEqual(hex("93 01 cb3ff0000000000000 cb3ff8000000000000"));
  });

  test("reads many members and items", () => {
    const value = { list: Array.from({ length: 70_000 }, (_, index) => index) };
    expect(read(msgpackSerializer.serialize(value))).toEqual(value);
    const object = Object.fromEntries(value.list.map((index) => [`key ${index}`, index]));
    expect(read(msgpackSerializer.serialize(object))).toEqual(object);
  });
});
