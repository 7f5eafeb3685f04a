import { describe, expect, test } from "vitest";
import { jsonProblem, prettyJson } from "../../dashboard/src/lib/json-text.ts";
import { pythonToJson } from "../../dashboard/src/lib/python-literal.ts";

describe("JSON", () => {
  test("keeps numbers and escapes as they were written", () => {
    expect(prettyJson('{"n":1180591620717411303424,"e":1.50e3,"s":"a\\"b {x}"}')).toBe(
      '{"n": 1180591620717411303424, "e": 1.50e3, "s": "a\\"b {x}"}',
    );
  });

  test("breaks what is long", () => {
    const long = JSON.stringify({ list: Array.from({ length: 30 }, (_, n) => n), empty: [] });
    const text = prettyJson(long);
    expect(text.split("\n").length).toBeGreaterThan(30);
    expect(JSON.parse(text)).toEqual(JSON.parse(long));
  });

  test.each(["[1, 2", "", "nothing"])("does not hang on what is none: %s", (text) => {
    expect(prettyJson(text)).toBeTypeOf("string");
    expect(jsonProblem(text, "list")).toMatch(/^Not JSON: /);
  });

  test("says what kind it should be", () => {
    expect(jsonProblem("[]", "list")).toBeUndefined();
    expect(jsonProblem("{}", "list")).toMatch("must be a list");
    expect(jsonProblem("[]", "object")).toMatch("must be an object");
    expect(jsonProblem("null", "object")).toMatch("must be an object");
  });
});

describe("Python's reprs", () => {
  test.each([
    ["()", "[]"],
    ["(2,)", "[2]"],
    ["(1180591620717411303424, -1.5e-07)", "[1180591620717411303424,-1.5e-07]"],
    ["[True, False, None]", "[true,false,null]"],
    [`{'a': 'it\\'s', "b": "\\u20ac\\n"}`, '{"a":"it\'s","b":"€\\n"}'],
    ["({'deep': [(1, 2), {}]},)", '[{"deep":[[1,2],{}]}]'],
  ])("%s", (repr, json) => {
    expect(pythonToJson(repr)).toBe(json);
    expect(() => JSON.parse(json)).not.toThrow();
  });

  test.each([
    "(1, 2...",
    "(<object at 0x1>,)",
    "{1: 2}",
    "('open",
    "[1 2]",
    "(1,) 2",
    "",
    "(nan,)",
    "'\\U00110000'",
  ])("%s is nothing that JSON can say", (repr) => expect(pythonToJson(repr)).toBeUndefined());

  test("that nest deeper than any argument are refused", () => {
    expect(pythonToJson("[".repeat(100_000))).toBeUndefined();
  });
});
