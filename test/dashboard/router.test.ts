import { describe, expect, test } from "vitest";
import { href, match, parseHash } from "../../dashboard/src/router.ts";

describe("addresses", () => {
  test("carry any text", () => {
    const link = href(["tasks", "a/b?c#d"], { q: "x&y=z", state: undefined, empty: "" });
    const { segments, query } = parseHash(link);
    expect(segments).toEqual(["tasks", "a/b?c#d"]);
    expect([...query]).toEqual([["q", "x&y=z"]]);
  });

  test("that are broken are read as they are", () => {
    expect(parseHash("#/tasks/%E0%A4%A").segments).toEqual(["tasks", "%E0%A4%A"]);
    expect(parseHash("").segments).toEqual([]);
  });

  test("fit patterns", () => {
    expect(match("tasks/:id", ["tasks", "1"])).toEqual({ id: "1" });
    expect(match("tasks/:id", ["tasks"])).toBeUndefined();
    expect(match("tasks/:id", ["queues", "1"])).toBeUndefined();
    expect(match("", [])).toEqual({});
  });
});
