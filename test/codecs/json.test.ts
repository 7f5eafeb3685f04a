import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS, jsonSerializer } from "../../codecs/index.ts";
import { Decimal, Uuid } from "../../protocol/index.ts";
import { testSerializer } from "../../testing/serializer.ts";
import {
  anyBytes,
  anyDate,
  anyDecimal,
  anyNumber,
  anyText,
  anyTime,
  anyUuid,
  awareDateTime,
  naiveDateTime,
  spell,
  treeOf,
  wideInteger,
} from "../../testing/values.ts";

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  anyText,
  anyNumber,
  wideInteger(-(10n ** 400n), 10n ** 400n),
  anyBytes,
  anyDate,
  anyTime,
  naiveDateTime,
  awareDateTime,
  anyDecimal,
  anyUuid,
);

const typed = (type: unknown, value: unknown): string =>
  JSON.stringify([{ __type__: type, __value__: value }]);

testSerializer({
  serializer: jsonSerializer,
  values: treeOf(leaf, anyText),
  unencodable: {
    Set: new Set([1]),
    Float64Array: new Float64Array(1),
    "integer of 4301 digits": 10n ** 4300n,
    "year 10000": Temporal.PlainDate.from("+010000-01-01"),
    "year 0": Temporal.PlainDateTime.from("0000-01-01T00:00"),
    "Date before year 1": new Date(-1e14),
  },
  malformed: {
    empty: ["", "bad_body"],
    "byte order mark": ["\ufeff[]", "bad_body"],
    "not UTF-8": [Buffer.from([0x22, 0xff, 0x22]), "bad_body"],
    "UTF-16": [Buffer.from("[1]", "utf16le"), "bad_body"],
    "single quotes": ["['a']", "bad_body"],
    "trailing comma": ["[1,]", "bad_body"],
    "two values": ["1 2", "bad_body"],
    "unknown type": [typed("nope", 1), "bad_body"],
    "type that is no string": [typed(["datetime"], "x"), "bad_body"],
    "type with escapes in its key": ['[{"\\u005f_type__":"nope","__value__":1}]', "bad_body"],
    "datetime of 30 February": [typed("datetime", "2024-02-30T00:00:00"), "bad_body"],
    "datetime with second 60": [typed("datetime", "2024-02-28T00:00:60"), "bad_body"],
    "datetime of year 0": [typed("datetime", "0000-02-28T00:00:00"), "bad_body"],
    "datetime that is a number": [typed("datetime", 5), "bad_body"],
    "date of text": [typed("date", "tomorrow"), "bad_body"],
    "time of hour 24": [typed("time", "24:00:00"), "bad_body"],
    "decimal of words": [typed("decimal", "one"), "bad_body"],
    "uuid without hex": [typed("uuid", {}), "bad_body"],
    "uuid of 31 digits": [typed("uuid", { hex: "0".repeat(31) }), "bad_body"],
    "base64 without padding": [typed("base64", "abc"), "bad_body"],
    "integer of 4301 digits": ["1".repeat(4301), "bad_body"],
  },
  nested: (depth) => `${"[".repeat(depth)}1${"]".repeat(depth)}`,
});

describe("jsonSerializer", () => {
  const read = (text: string): unknown => jsonSerializer.deserialize(Buffer.from(text), DEFAULT_LIMITS);
  const write = (value: unknown): string => Buffer.from(jsonSerializer.serialize(value)).toString();

  test.each<[value: unknown, type: string, written: unknown]>([
    [new Date("2024-02-29T12:00:01.005Z"), "datetime", "2024-02-29T12:00:01.005000+00:00"],
    [new Date("2024-02-29T12:00:01Z"), "datetime", "2024-02-29T12:00:01+00:00"],
    [Temporal.PlainDateTime.from("2024-02-29T12:00:01.000005"), "datetime", "2024-02-29T12:00:01.000005"],
    [Temporal.PlainDateTime.from("2024-02-29T12:00:01.000005999"), "datetime", "2024-02-29T12:00:01.000005"],
    [
      Temporal.ZonedDateTime.from("2024-02-29T12:00+01:00[Europe/Warsaw]"),
      "datetime",
      "2024-02-29T12:00:00+01:00",
    ],
    // Local mean time.
    [
      Temporal.ZonedDateTime.from("1850-01-01T00:00[Asia/Kolkata]"),
      "datetime",
      "1850-01-01T00:00:00+05:53:28",
    ],
    [Temporal.Instant.from("2024-02-29T12:00:01.5Z"), "datetime", "2024-02-29T12:00:01.500000+00:00"],
    [Temporal.PlainDate.from("2024-02-29"), "date", "2024-02-29"],
    [Temporal.PlainDate.from("2024-02-29[u-ca=gregory]"), "date", "2024-02-29"],
    [Temporal.PlainTime.from("01:02"), "time", "01:02:00"],
    [new Decimal("1E+3"), "decimal", "1E+3"],
    [new Uuid("6F1C9F52-1F0C-4F69-8A0C-1F2B9D5A7E11"), "uuid", { hex: "6f1c9f521f0c4f698a0c1f2b9d5a7e11" }],
    [Buffer.from("zażółć"), "bytes", "zażółć"],
    [Uint8Array.of(0xff, 0x00, 0x80), "base64", "/wCA"],
  ])("writes %o as kombu does", (value, __type__, __value__) => {
    expect(JSON.parse(write([value]))).toEqual([{ __type__, __value__ }]);
  });

  test.each<[type: string, written: unknown, value: unknown]>([
    ["date", "2024-02-29T12:00:01", Temporal.PlainDate.from("2024-02-29")],
    ["datetime", "2024-02-29", Temporal.PlainDateTime.from("2024-02-29T00:00")],
    ["datetime", "2024-02-29T12:00:01Z", Temporal.ZonedDateTime.from("2024-02-29T12:00:01+00:00[+00:00]")],
    [
      "datetime",
      "2024-02-29 12:00:01-05:30",
      Temporal.ZonedDateTime.from("2024-02-29T12:00:01-05:30[-05:30]"),
    ],
    ["decimal", 1.5, new Decimal("1.5")],
    ["uuid", { hex: "6f1c9f52-1f0c-4f69-8a0c-1f2b9d5a7e11" }, new Uuid("6f1c9f521f0c4f698a0c1f2b9d5a7e11")],
  ])("reads other spellings that Python takes: %s %o", (type, written, value) => {
    expect(spell(read(typed(type, written)))).toEqual(spell([value]));
  });

  test.each([
    ["a key more", { __type__: "datetime", __value__: "2024-02-29", extra: 1 }],
    ["a key less", { __type__: "nope" }],
    ["an offset with seconds", { __type__: "datetime", __value__: "1900-01-01T00:00:00+00:19:32" }],
    ["a time with an offset", { __type__: "time", __value__: "01:02:03+02:00" }],
  ])("leaves objects with %s as they are, and writes them back", (_, value) => {
    expect(read(JSON.stringify([value]))).toEqual([value]);
    expect(JSON.parse(write(read(JSON.stringify([value]))))).toEqual([value]);
  });

  test("keeps the bare strings of kombu before 5.3", () => {
    expect(read('[["2024-02-29T12:00:01.005Z", "1.10"], {}, {}]')).toEqual([
      ["2024-02-29T12:00:01.005Z", "1.10"],
      {},
      {},
    ]);
  });

  test("carries large bytes", () => {
    const bytes = Buffer.alloc(10_000_000, "\xff", "latin1");
    const [back] = read(write([bytes])) as [Uint8Array];
    expect(Buffer.compare(back, bytes)).toBe(0);
  });

  test("takes no longer than the text is long, whatever it says", () => {
    const long = 300_000;
    const hostile = [
      "1".repeat(long),
      "1.".repeat(long),
      "+".repeat(long),
      "A".repeat(long),
      " ".repeat(long),
      "2024-01-01T".repeat(long),
    ];
    for (const type of ["datetime", "date", "time", "decimal", "base64"]) {
      // A quadratic pattern would run into the test's timeout.
      for (const text of hostile) expect(() => read(typed(type, `${text}!`))).toThrow("cannot be read");
    }
    expect(() => read("1".repeat(long))).toThrow("more than 4300 digits");
    expect(() => read(`["${"\\\\".repeat(long)}`)).toThrow("without its end");
  });

  test("names the place of what it cannot write", () => {
    expect(() => jsonSerializer.serialize([[{ "two words": [new Set()] }]])).toThrow(
      'JSON cannot carry the value at $[0][0]["two words"][0]: JSON has no form for Set; convert it, or give it a toJSON() method.',
    );
  });
});
