import { describe, expect, test } from "vitest";
import { fromResultTuple, isGroupNode, type ResultNode, toResultTuple, tuple } from "../../protocol/index.ts";

/** Nodes and what Celery's as_tuple() makes of them. */
const TUPLES: readonly (readonly [name: string, ResultNode, unknown])[] = [
  ["a task", { id: "a" }, [["a", null], null]],
  ["the end of a chain", { id: "b", parent: { id: "a" } }, [["b", [["a", null], null]], null]],
  ["an empty group", { id: "g", children: [] }, [["g", null], []]],
  [
    "a group in a group",
    { id: "g", children: [{ id: "a" }, { id: "h", children: [{ id: "b" }] }] },
    [
      ["g", null],
      [
        [["a", null], null],
        [["h", null], [[["b", null], null]]],
      ],
    ],
  ],
  [
    "a chord's body",
    { id: "body", parent: { id: "g", parent: { id: "first" }, children: [{ id: "a" }] } },
    [["body", [["g", [["first", null], null]], [[["a", null], null]]]], null],
  ],
];

describe("result tuples", () => {
  test.for(TUPLES)("of %s are Celery's, and are read again", ([, node, expected]) => {
    expect(toResultTuple(node)).toEqual(expected);
    expect(fromResultTuple(expected)).toEqual(node);
  });

  test("are read from pickled tuples, and with bare ids", () => {
    const pickled: unknown = tuple<unknown>(tuple("g", null), [
      tuple(tuple("a", null), null),
      tuple("b", null),
    ]);
    expect(fromResultTuple(pickled)).toEqual({ id: "g", children: [{ id: "a" }, { id: "b" }] });
    expect(fromResultTuple([["a"]])).toEqual({ id: "a" });
  });

  test.for([
    ["nothing", null],
    ["a bare id", "a"],
    ["no id", [[null, null], null]],
    ["an empty id", [["", null], null]],
    ["members that are no list", [["g", null], "ab"]],
    ["a parent that is no tuple", [["g", 5], null]],
    ["a member that is an object", [["g", null], [{ id: "a" }]]],
  ] as const)("with %s are refused", ([, value]) => {
    expect(() => fromResultTuple(value)).toThrow(expect.objectContaining({ code: "bad_result" }));
  });

  test("are bounded in depth and number", () => {
    let deep: unknown = [["a", null], null];
    for (let depth = 0; depth < 2000; depth += 1) deep = [["a", deep], null];
    expect(() => fromResultTuple(deep)).toThrow("deeper than 1000");
    const members = Array.from({ length: 500 }, () => ["a", null]);
    const wide = [["g", null], Array.from({ length: 500 }, () => [["h", null], members])];
    expect(() => fromResultTuple(wide)).toThrow("more than 100000");
  });

  test("tell groups from tasks", () => {
    expect(isGroupNode({ id: "g", children: [] })).toBe(true);
    expect(isGroupNode({ id: "a", parent: { id: "g", children: [] } })).toBe(false);
  });
});
