import { describe, expect, test } from "vitest";
import { differences, matchesId, type Tagged, tag, untag } from "../../conformance/index.ts";
import { Decimal, float, PythonError, Tuple, Uuid } from "../../protocol/index.ts";

describe("tag and untag", () => {
  test.each<[unknown, Tagged]>([
    [null, null],
    ["$int", "$int"],
    [1, { $int: "1" }],
    [-0, { $float: "-0.0" }],
    [float(1), { $float: "1.0" }],
    [1.5, { $float: "1.5" }],
    [2n ** 70n, { $int: "1180591620717411303424" }],
    [Number.POSITIVE_INFINITY, { $float: "inf" }],
    [Number.NaN, { $nan: true }],
    [Uint8Array.of(255, 0), { $bytes: "/wA=" }],
    [new Decimal("1.10"), { $decimal: "1.10" }],
    [new Uuid("6f1c9f52-1f0c-4f69-8a0c-1f2b9d5a7e11"), { $uuid: "6f1c9f52-1f0c-4f69-8a0c-1f2b9d5a7e11" }],
    [Tuple.from([1, "a"]), { $tuple: [{ $int: "1" }, "a"] }],
    [new Set(["a"]), { $set: ["a"] }],
    [new Map([[1, "a"]]), { $dict: [[{ $int: "1" }, "a"]] }],
    [{ a: [true, {}] }, { a: [true, {}] }],
  ])("%o is %j", (value, tagged) => {
    expect(tag(value)).toEqual(tagged);
    expect(tag(untag(tagged))).toEqual(tagged);
  });

  test("keep apart an object that looks like a tag", () => {
    expect(tag({ $int: "1" })).toEqual({ $dict: [["$int", "1"]] });
    expect(untag({ $dict: [["$int", "1"]] })).toEqual(new Map([["$int", "1"]]));
  });

  test("keep a member named __proto__ a member", () => {
    const read = untag(JSON.parse('{"__proto__": {"$int": "1"}}'));
    expect(Object.keys(read as object)).toEqual(["__proto__"]);
    expect(JSON.stringify(tag(read))).toBe('{"__proto__":{"$int":"1"}}');
  });

  test.each<Tagged>([{ $int: "1.0" }, { $int: true }, { $float: "" }, { $tuple: "a" }, { $dict: [["a"]] }])(
    "%j is no tag",
    (tagged) => {
      expect(() => untag(tagged)).toThrow(/must hold/);
    },
  );

  test("have no form for exceptions", () => {
    expect(() => tag(new PythonError("ValueError"))).toThrow("A PythonError has no tag");
  });
});

describe("differences", () => {
  test.each<[Tagged, Tagged]>([
    [{ $float: "1e+300" }, { $float: "1E300" }],
    [{ $nan: true }, { $nan: true }],
    [{ $datetime: "2024-02-29T12:00:01+00:00" }, { $datetime: "2024-02-29T12:00:01.000000Z" }],
    [{ $time: "01:02:03.4" }, { $time: "01:02:03.400000" }],
    [{ $decimal: "1E+3" }, { $decimal: "1e3" }],
    [{ $uuid: "6F1C9F52-1f0c-4f69-8a0c-1f2b9d5a7e11" }, { $uuid: "6f1c9f52-1f0c-4f69-8a0c-1f2b9d5a7e11" }],
    [{ $set: ["a", "b"] }, { $set: ["b", "a"] }],
    [
      {
        $dict: [
          [null, "a"],
          [true, "b"],
        ],
      },
      {
        $dict: [
          [true, "b"],
          [null, "a"],
        ],
      },
    ],
    [
      { a: "1", b: "2" },
      { b: "2", a: "1" },
    ],
  ])("%j means %j", (expected, actual) => {
    expect(differences(expected, actual)).toEqual([]);
  });

  test.each<[Tagged, Tagged, string, string]>([
    [{ $int: "1" }, { $float: "1.0" }, "must", "$"],
    [{ $float: "0.0" }, { $float: "-0.0" }, "must", "$"],
    [{ $decimal: "1.10" }, { $decimal: "1.1" }, "must", "$"],
    [{ $datetime: "2024-02-29T12:00:01" }, { $datetime: "2024-02-29T12:00:01+00:00" }, "must", "$"],
    [{ $datetime: "2024-02-29T12:00:01+00:00" }, { $datetime: "2024-02-29T13:00:01+01:00" }, "should", "$"],
    [{ $bytes: "aGk=" }, "hi", "must", "$"],
    ["hi", { $bytes: "aGk=" }, "must", "$"],
    [{ $tuple: ["a"] }, ["a"], "should", "$"],
    [["a"], ["a", "b"], "must", "$[1]"],
    [{ a: ["x"] }, { a: ["y"] }, "must", "$.a[0]"],
    [{ a: null }, {}, "must", "$.a"],
    [JSON.parse('{"__proto__": "a"}'), {}, "must", "$.__proto__"],
  ])("%j is not %j", (expected, actual, weight, path) => {
    expect(differences(expected, actual)).toMatchObject([{ weight, path }]);
  });
});

describe("patterns of ids", () => {
  test.each([
    ["decode.proto2.json.plain", true],
    ["decode.*.json.plain", true],
    ["decode.**", true],
    ["**", true],
    ["**.plain", true],
    ["decode.pro*2.j*n.plain", true],
    ["decode.*", false],
    ["*.json.plain", false],
    ["decode.proto2.json", false],
    ["decode.proto2.json.plain.more", false],
    ["decode.p*p*.json.plain", false],
  ])("%s: %s", (pattern, fits) => {
    expect(matchesId(pattern, "decode.proto2.json.plain")).toBe(fits);
  });
});
