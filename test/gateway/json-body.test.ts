import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseBody } from "../../gateway/json-body.ts";
import { Problem } from "../../gateway/problems.ts";
import { writePythonJson } from "../../protocol/index.ts";

const DEPTH = 64;

function parse(body: string | Uint8Array): unknown {
  return parseBody(Buffer.from(body as string), DEPTH);
}

/** The problem's type, or "accepted". */
function verdict(body: string | Uint8Array): string {
  try {
    parse(body);
    return "accepted";
  } catch (error) {
    if (error instanceof Problem) return error.type;
    throw error;
  }
}

describe("parseBody", () => {
  // One of each kind of JSONTestSuite's n_ files.
  it.each([
    "",
    " ",
    "[",
    "]",
    "{",
    "}",
    "[1,]",
    "[,1]",
    "[1,,2]",
    "[1 2]",
    '{"a":1,}',
    '{"a" 1}',
    "{a:1}",
    "{'a':1}",
    "[a]",
    "[-]",
    "[+1]",
    "[01]",
    "[1.]",
    "[.1]",
    "[1e]",
    "[1e+]",
    "[0x1]",
    "[NaN]",
    "[Infinity]",
    "[-Infinity]",
    "[True]",
    "nul",
    "[nulls]",
    '"',
    '["',
    '["a',
    '["\\x"]',
    '["\\u12"]',
    '["\\u{1}"]',
    '["a\tb"]',
    '["a\nb"]',
    '["\u0000"]',
    "[1]]",
    "[1]x",
    "{}{}",
    "[1]//c",
    "[1]/*c*/",
    '{"a":1}#',
    "[\u00a01]",
    "\u000b[]",
    '{"a":/*x*/1}',
    "[1:2]",
    '{"a":1:2}',
  ])("refuses %j", (body) => {
    expect(verdict(body)).toBe("bad-json");
  });

  it.each([
    ["[]", []],
    ["{}", {}],
    [" [1 , 2.5e3]\r\n", [1, 2500]],
    ['"a"', "a"],
    ["null", null],
    ["true", true],
    ["-0", -0],
    ['["\\ud83d\\ude00"]', ["😀"]],
    ['{"":0}', { "": 0 }],
    ['["\\u0000"]', ["\u0000"]],
    ["[1e-400]", [0]],
  ])("reads %s", (body, value) => {
    expect(parse(body)).toStrictEqual(value);
  });

  it("keeps integers exact", () => {
    expect(parse("[9007199254740993, -1180591620717411303424, 9007199254740992]")).toEqual([
      9007199254740993n,
      -1180591620717411303424n,
      9007199254740992n,
    ]);
    expect(parse(`[${"9".repeat(4300)}]`)).toEqual([BigInt("9".repeat(4300))]);
    expect(parse('["12345678901234567890", 0.12345678901234567890]')).toEqual([
      "12345678901234567890",
      0.12345678901234568,
    ]);
  });

  it.each(["[1e400]", "[-1e400]", `[${"9".repeat(4301)}]`, `{"a":{"b":1e999}}`])(
    "refuses the number in %.20s",
    (body) => {
      expect(verdict(body)).toBe("number-range");
    },
  );

  it.each([
    ['{"a":1,"a":1}', "a"],
    ['[{"x":{"b":1,"c":2,"b":3}}]', "b"],
    ['{"\\u0061":1,"a":2}', "a"],
    ['{"__proto__":1,"__proto__":2}', "__proto__"],
  ])("refuses the key that is there twice in %s", (body, key) => {
    expect(verdict(body)).toBe("duplicate-key");
    expect(() => parse(body)).toThrow(`"${key}"`);
  });

  it("does not take the same key of different objects, or text like one, for a duplicate", () => {
    expect(verdict('[{"a":1},{"a":{"a":1}}]')).toBe("accepted");
    expect(verdict('{"a":"{\\"b\\":1,\\"b\\":2}","c:":":"}')).toBe("accepted");
  });

  it.each([
    ["a byte order mark", Buffer.from("\ufeff[]")],
    ["invalid UTF-8", Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])],
    ["an encoded surrogate", Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ["half a surrogate pair", '["\\ud800"]'],
    ["half a surrogate pair as a key", '{"\\udc00":1}'],
    ["halves in the wrong order", '["\\udc00\\ud800"]'],
  ])("refuses %s", (_name, body) => {
    expect(verdict(body)).toBe("bad-unicode");
  });

  it("refuses what nests too deep before it builds anything", () => {
    expect(verdict("[".repeat(DEPTH) + "]".repeat(DEPTH))).toBe("accepted");
    expect(verdict("[".repeat(DEPTH + 1) + "]".repeat(DEPTH + 1))).toBe("too-deep");
    expect(verdict('{"a":'.repeat(DEPTH + 1))).toBe("too-deep");
    expect(verdict("[".repeat(1024 * 1024))).toBe("too-deep");
    expect(verdict(`["${"[".repeat(100)}"]`)).toBe("accepted");
  });

  it("keeps keys that name parts of the prototype as own keys", () => {
    const body =
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"x":{"__proto__":[1]}}';
    const value = parse(body) as object;
    expect(Object.keys(value)).toEqual(["__proto__", "constructor", "x"]);
    expect(JSON.stringify(value)).toBe(body);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("reads whatever JSON.stringify writes, and loses nothing", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const body = JSON.stringify(value);
        expect(writePythonJson(parse(body))).toBe(body);
      }),
    );
  });

  it("ends in a value or a problem for any bytes", () => {
    const jsonLike = fc
      .array(
        fc.constantFrom("[", "]", "{", "}", ":", ",", '"', "\\", "u", "0", "9", "-", "e", ".", "a", " ", "é"),
      )
      .map((parts) => Buffer.from(parts.join("")));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), jsonLike), (bytes) => {
        expect(typeof verdict(bytes)).toBe("string");
      }),
      { numRuns: 500 },
    );
  });
});
