/** From what came in to a task: the table of what rules can say. */
import { describe, expect, it } from "vitest";
import { parseForm } from "../../gateway/hooks/form.ts";
import { parsePointer, resolvePointer } from "../../gateway/hooks/mapping/pointer.ts";
import { compileRules, type RuleOptions } from "../../gateway/hooks/mapping/rules.ts";
import { parseBody } from "../../gateway/json-body.ts";

const DOCUMENT = parseBody(
  Buffer.from(
    '{"type":"order.created","n":null,"id":123456789012345678901,"list":[{"a/b":1,"m~n":2}],"data":{"x":1.5,"ok":true}}',
  ),
  64,
);
const HEADERS = { "x-event": "push", "x-list": "a, b" };

function map(rule: Partial<RuleOptions>, tasks?: readonly string[]) {
  const book = compileRules([{ task: "t", ...rule }], { tasks, hasHeaders: true });
  return book.map({ document: DOCUMENT, headers: HEADERS })?.request;
}

describe("values", () => {
  it.each([
    ["a member", { $ptr: "/type" }, "order.created"],
    ["an integer of any size", { $ptr: "/id" }, 123456789012345678901n],
    ["a fraction", { $ptr: "/data/x" }, 1.5],
    ["null that is there", { $ptr: "/n", default: 5 }, null],
    ["escaped names", { $ptr: "/list/0/a~1b" }, 1],
    ["escaped tildes", { $ptr: "/list/0/m~0n" }, 2],
    ["a header, whatever its case", { $header: "X-Event" }, "push"],
    ["a default", { $ptr: "/none", default: { a: 1 } }, { a: 1 }],
    ["nothing, in a list", { $ptr: "/none", required: false }, null],
    ["text that looks like a value", { $literal: { $ptr: "/type" } }, { $ptr: "/type" }],
    [
      "what stands there",
      { a: [1, "b", null, { c: { $ptr: "/data/ok" } }] },
      { a: [1, "b", null, { c: true }] },
    ],
    ["nothing, in an object", { a: { $ptr: "/none", required: false }, b: 1 }, { b: 1 }],
    ["the name __proto__", JSON.parse('{"__proto__":{"$ptr":"/data/ok"}}'), JSON.parse('{"__proto__":true}')],
  ])("%s", (_what, template, value) => {
    expect(map({ args: [template] })).toEqual({ task: "t", args: [value] });
  });

  it.each([
    ["the whole body", ""],
    ["an item by a number with a zero before it", "/list/00"],
    ["the end of a list", "/list/-"],
    ["the length of a list", "/list/length"],
    ["what objects inherit", "/constructor"],
    ["a part of a text", "/type/0"],
  ])("do not mistake %s for something", (_what, $ptr) => {
    const run = () => map({ args: [{ $ptr }] });
    if ($ptr === "") expect(run()).toEqual({ task: "t", args: [DOCUMENT] });
    else expect(run).toThrow(`${$ptr} is missing`);
  });

  it("may be all arguments", () => {
    expect(map({ args: { $ptr: "/list" }, kwargs: { $ptr: "/data" } })).toEqual({
      task: "t",
      args: [{ "a/b": 1, "m~n": 2 }],
      kwargs: { x: 1.5, ok: true },
    });
    expect(() => map({ args: { $ptr: "/data" } })).toThrow("for args is not a list");
    expect(() => map({ kwargs: { $ptr: "/list" } })).toThrow("for kwargs is not an object");
  });

  it.each([
    [{ $ptr: "type" }, "/rules/0/args/0"],
    [{ $ptr: "/a~2" }, "/rules/0/args/0"],
    [{ $ptr: "/a", $header: "b" }, "/rules/0/args/0"],
    [{ $ptr: "/a", as: "text" }, "/rules/0/args/0"],
    [{ a: { $eval: "1" } }, "/rules/0/args/0/a"],
    [Array.from({ length: 101 }, () => ({ $ptr: "" })), "/rules/0/args/0/100"],
  ])("that cannot be are refused where they stand: %#", (template, pointer) => {
    expect(() => map({ args: [template] })).toThrow(expect.objectContaining({ pointer }));
  });
});

describe("conditions", () => {
  it.each([
    [{ pointer: "/type", equals: "order.created" }, true],
    [{ pointer: "/type", equals: "order" }, false],
    [{ pointer: "/type", prefix: "order." }, true],
    [{ pointer: "/id", prefix: "1" }, false],
    [{ pointer: "/n", equals: null }, true],
    [{ pointer: "/none", equals: null }, false],
    [{ pointer: "/n", exists: true }, true],
    [{ pointer: "/none", exists: false }, true],
    [{ header: "x-event", in: ["push", "pull"] }, true],
    [{ header: "x-none", in: ["push"] }, false],
    [
      [
        { header: "x-event", equals: "push" },
        { pointer: "/data/ok", equals: true },
      ],
      true,
    ],
    [
      [
        { header: "x-event", equals: "push" },
        { pointer: "/data/ok", equals: "true" },
      ],
      false,
    ],
    [[], true],
  ] as const)("%j: %s", (when, holds) => {
    expect(map({ when }) !== undefined).toBe(holds);
  });

  it.each([
    [{ pointer: "/a" }, "must have one of"],
    [{ pointer: "/a", equals: 1, exists: true }, "must have one of"],
    [{ equals: 1 }, "must name a pointer or a header"],
  ])("%j is refused", (when, message) => {
    expect(() => map({ when })).toThrow(message);
  });

  it("are asked in order, and the first rule that fits counts", () => {
    const rules: RuleOptions[] = [
      { task: "never", when: { pointer: "/type", equals: "other" } },
      { task: "first", when: { pointer: "/type", prefix: "order." } },
      { task: "second" },
    ];
    const book = compileRules(rules, { tasks: undefined, hasHeaders: true });
    expect(book.map({ document: DOCUMENT, headers: {} })).toEqual({ rule: 1, request: { task: "first" } });
    expect(book.map({ document: {}, headers: {} })).toEqual({ rule: 2, request: { task: "second" } });
    expect(book.tasks).toEqual(["never", "first", "second"]);
  });
});

describe("the task", () => {
  it.each([
    [{ $ptr: "/type", map: { "order.created": "orders.new" } }, undefined, "orders.new"],
    [{ $ptr: "/type", map: { other: "x" } }, undefined, undefined],
    [{ $ptr: "/type", map: { other: "x" }, default: "fallback" }, undefined, "fallback"],
    [{ $header: "x-event", map: { push: "git.push" } }, undefined, "git.push"],
    [{ $ptr: "/type" }, ["order.created"], "order.created"],
    [{ $ptr: "/type" }, ["order.deleted"], undefined],
    [{ $ptr: "/n" }, ["null"], undefined],
    [{ $ptr: "/type", map: { constructor: "x" } }, undefined, undefined],
  ])("%j among %j is %s", (task, tasks, name) => {
    expect(map({ task }, tasks)?.task).toBe(name);
  });

  it.each([
    [{ $ptr: "/type" }, undefined, 'needs a "map"'],
    ["other", ["t"], "is not among"],
    [{ $ptr: "/type", map: { a: "other" } }, ["t"], "is not among"],
    [{ $ptr: "/type", default: "other" }, ["t"], "is not among"],
  ])("%j among %j is refused", (task, tasks, message) => {
    expect(() => map({ task }, tasks)).toThrow(message);
  });
});

describe("pointers and forms", () => {
  it("agree with the examples of RFC 6901", () => {
    const document = { foo: ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, " ": 7, "m~n": 8 };
    const at = (text: string) => resolvePointer(document, parsePointer(text) ?? ["?"]);
    expect(["/foo/0", "/", "/a~1b", "/c%d", "/e^f", "/g|h", "/ ", "/m~0n"].map(at)).toEqual([
      ...["bar", 0, 1, 2, 3, 4, 7, 8],
    ]);
    expect(at("")).toBe(document);
  });

  it("read forms as browsers write them", () => {
    const params = new URLSearchParams([
      ["a b", "1+1=2&more"],
      ["é", "😀"],
      ["list", "1"],
      ["list", "2"],
      ["list", "3"],
      ["empty", ""],
    ]);
    expect(parseForm(`${params}&`)).toEqual({
      "a b": "1+1=2&more",
      é: "😀",
      list: ["1", "2", "3"],
      empty: "",
    });
    expect(parseForm("")).toEqual({});
    expect(parseForm("bare")).toEqual({ bare: "" });
  });
});
