import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DecodeError,
  EncodeError,
  parseJson,
  readPythonJson,
  writePythonJson,
} from "../../protocol/index.ts";
import { anyNumber, anyText, spell, treeOf, wideInteger } from "../../testing/values.ts";

const plain = treeOf(
  fc.oneof(fc.constant(null), fc.boolean(), anyText, anyNumber.filter(Number.isFinite)),
  anyText,
);

function failure(text: string, maxDepth?: number): DecodeError {
  try {
    readPythonJson(text, maxDepth === undefined ? {} : { maxDepth });
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error(`${text} was read`);
}

describe("readPythonJson", () => {
  test.each<[text: string, value: unknown]>([
    ["9007199254740991", 2 ** 53 - 1],
    ["9007199254740992", 2n ** 53n],
    ["9007199254740993", 2n ** 53n + 1n],
    ["-9007199254740993", -(2n ** 53n) - 1n],
    ["1180591620717411303424", 2n ** 70n],
    ["9".repeat(4300), BigInt("9".repeat(4300))],
    ["1234567890123456", 1234567890123456],
    ["9007199254740993.0", 2 ** 53],
    ["9007199254740993e0", 2 ** 53],
    ["1e400", Number.POSITIVE_INFINITY],
    ["1e-400", 0],
    ["-0", -0],
    ["-0.0", -0],
    ["NaN", Number.NaN],
    ["[Infinity, -Infinity, NaN]", [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]],
    ['{"a": 1, "a": 2}', { a: 2 }],
    ['{"a": NaN, "a": 12345678901234567}', { a: 12345678901234567n }],
    ['"\\ud800"', "\ud800"],
    ['{"12345678901234567": "12345678901234567"}', { "12345678901234567": "12345678901234567" }],
    [" \t\r\n[ 1 , NaN ] \n", [1, Number.NaN]],
    ['["\\u00e9\\n\\"\\\\", 12345678901234567]', ['é\n"\\', 12345678901234567n]],
  ])("reads %s", (text, value) => {
    expect(spell(readPythonJson(text))).toEqual(spell(value));
  });

  test.each([
    ["nothing", "", "the end"],
    ["a comma too many", "[1, NaN,]", "an unknown token at character 8"],
    ["no comma", "[NaN 1]", 'no "]"'],
    ["no colon", '{"a" NaN}', 'no ":"'],
    ["no closing brace", '{"a": NaN', 'no "}"'],
    ["a key that is no string", "{NaN: 1}", "no key"],
    ["text after the value", "NaN NaN", "text after the value"],
    ["a bare control character", '["\n", NaN]', "control character"],
    ["a string without its end", '[NaN, "abc', "a string without its end"],
    ["a backslash at the end", '[NaN, "abc\\', "a string without its end"],
    ["an unknown escape", '[NaN, "\\x41"]', "a string with a bad escape"],
    ["a short escape", '[NaN, "\\u12"]', "a string with a bad escape"],
    ["a leading zero", "[NaN, 01]", 'no "]"'],
    ["a plus sign", "[NaN, +1]", "an unknown token"],
    ["a dot without digits", "[NaN, 1.]", 'no "]"'],
    ["NaN in another case", "[nan]", "an unknown token"],
    ["+Infinity", "[+Infinity]", "an unknown token"],
    ["undefined", "undefined", "an unknown token"],
    ["an integer of 4301 digits", "1".repeat(4301), "an integer of more than 4300 digits"],
    ["a negative one", `-${"1".repeat(4301)}`, "an integer of more than 4300 digits"],
  ])("refuses %s", (_, text, problem) => {
    const error = failure(text);
    expect(error.code).toBe("bad_body");
    expect(error.message).toContain(problem);
  });

  test("gives text that is not JSON the caller's code", () => {
    expect(() => readPythonJson("[", { code: "bad_envelope" })).toThrow(
      expect.objectContaining({ code: "bad_envelope" }),
    );
  });

  test("agrees with JSON.parse on plain JSON, and so does its own parser", () => {
    const rules = { maxDepth: 100, revive: undefined, code: "bad_body" } as const;
    const isWide = (_: string, value: unknown): unknown =>
      Number.isInteger(value) && !Number.isSafeInteger(value) ? `${value}` : value;
    fc.assert(
      fc.property(plain, fc.constantFrom(undefined, 1, "\t"), (value, indent) => {
        const text = JSON.stringify(value, isWide, indent) ?? "null";
        expect(readPythonJson(text)).toEqual(JSON.parse(text));
        expect(parseJson(text, rules)).toEqual(JSON.parse(text));
      }),
      { numRuns: 1000 },
    );
  });

  test("refuses what JSON.parse refuses, less NaN and Infinity", () => {
    const damaged = fc
      .tuple(plain, fc.nat(), fc.constantFrom(...'[]{},:"\\0-.eE tn\u0000'))
      .map(([value, at, char]) => {
        const text = JSON.stringify(value);
        const position = at % text.length;
        return text.slice(0, position) + char + text.slice(position + 1);
      });
    const rules = { maxDepth: 100, revive: undefined, code: "bad_body" } as const;
    const verdict = (parse: () => unknown): string => {
      try {
        parse();
        return "read";
      } catch {
        return "refused";
      }
    };
    fc.assert(
      fc.property(damaged, (text) => {
        expect(verdict(() => parseJson(text, rules))).toBe(verdict(() => JSON.parse(text)));
      }),
      { numRuns: 3000 },
    );
  });

  test("finds 16 digits wherever they are", () => {
    for (let before = 0; before < 40; before++) {
      const text = `["${"x".repeat(before)}",12345678901234567]`;
      expect(readPythonJson(text)).toEqual(["x".repeat(before), 12345678901234567n]);
    }
  });

  test("measures depth outside of strings only, before building anything", () => {
    const brackets = "[".repeat(500);
    expect(readPythonJson(JSON.stringify([brackets, `"${brackets}\\"`]))).toEqual([
      brackets,
      `"${brackets}\\"`,
    ]);
    const wide = JSON.stringify(Array(1000).fill({ a: [] }));
    expect(readPythonJson(wide, { maxDepth: 3 })).toHaveLength(1000);
    expect(failure(wide, 2).code).toBe("too_deep");
    expect(failure("[".repeat(10_000_000)).code).toBe("too_deep");
    expect(failure('{"a":'.repeat(201)).code).toBe("too_deep");
    // Not closed, and not deep: no JSON.
    expect(failure('["'.repeat(300)).code).toBe("bad_body");
  });

  test("calls revive for objects of exactly the two keys", () => {
    const revive = (type: unknown, value: unknown): unknown => `${String(type)} of ${String(value)}`;
    const text =
      '[{"__type__": "a", "__value__": {"__value__": 1, "__type__": "b"}}, {"__type__": "a"}, {"__type__":"a","__value__":1,"x":2}]';
    expect(readPythonJson(text, { revive })).toEqual([
      "a of b of 1",
      { __type__: "a" },
      { __type__: "a", __value__: 1, x: 2 },
    ]);
    expect(readPythonJson('{"__type\\u005f_": "a", "\\u005F_value__": 1}', { revive })).toBe("a of 1");
    expect(readPythonJson('{"__type__": "a", "__value__": 1}')).toEqual({ __type__: "a", __value__: 1 });
  });
});

describe("writePythonJson", () => {
  test.each<[value: unknown, text: string]>([
    [{ a: [1, "two", null, true, undefined], b: undefined }, '{"a":[1,"two",null,true,null]}'],
    [undefined, "null"],
    [-0, "-0.0"],
    [[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], "[NaN,Infinity,-Infinity]"],
    [2n ** 70n, "1180591620717411303424"],
    [2 ** 53 - 1, "9007199254740991"],
    // Beyond 2^53 a number is a float, and must read back as one.
    [2 ** 53, "9007199254740992.0"],
    [-1e16, "-10000000000000000.0"],
    [1e21, "1e+21"],
    [[1.5, 2n], "[1.5,2]"],
    ["\ud800é\u2028", '"\\ud800é\u2028"'],
    [[1n, "\ud800"], '[1,"\\ud800"]'],
    [new Map<string, unknown>([["a", new Map([["b", 1n]])]]), '{"a":{"b":1}}'],
    [{ toJSON: () => [1n] }, "[1]"],
    [Object.create(null), "{}"],
    [JSON.parse('{"__proto__": [1]}'), '{"__proto__":[1]}'],
    [new Map([["__proto__", 1n]]), '{"__proto__":1}'],
    [{ toJSON: 1 }, '{"toJSON":1}'],
  ])("writes %o", (value, text) => {
    expect(writePythonJson(value)).toBe(text);
  });

  test.each<[string, unknown, string]>([
    ["functions", { a: { "b c": [() => 1] } }, '$.a["b c"][0]: a function cannot be sent'],
    ["symbols", [Symbol("x")], "$[0]: a symbol cannot be sent"],
    ["Sets", [1, { a: new Set() }], "$[1].a: JSON has no form for Set"],
    ["integers of 4301 digits", -(10n ** 4300n), "$: an integer has 4301 digits"],
    ["errors in toJSON", { a: { toJSON: () => JSON.parse("x") } }, "$.a: "],
  ])("refuses %s", (_, value, problem) => {
    expect(() => writePythonJson(value)).toThrow(EncodeError);
    expect(() => writePythonJson(value)).toThrow(problem);
  });

  test("agrees with JSON.stringify on what that writes exactly", () => {
    const exact = treeOf(
      fc.oneof(
        fc.constant(null),
        fc.boolean(),
        anyText,
        fc.maxSafeInteger().map((n) => n + 0),
      ),
      anyText,
    );
    fc.assert(
      fc.property(exact, (value) => {
        expect(writePythonJson(value)).toBe(JSON.stringify(value));
        // The long way round gives the same text.
        expect(writePythonJson([value, 1n])).toBe(`[${JSON.stringify(value)},1]`);
      }),
    );
  });

  test("reads back wide integers", () => {
    fc.assert(
      fc.property(wideInteger(-(10n ** 4300n) + 1n, 10n ** 4300n - 1n), (value) => {
        expect(readPythonJson(writePythonJson([value]))).toEqual([value]);
      }),
    );
  });
});
