import { describe, expect, it } from "vitest";
import { bindingPattern, matchingQueues, topicMatches } from "../../transports/routing.ts";

describe("topicMatches", () => {
  it.each([
    ["a.b", "a.b", true],
    ["a.b", "a.c", false],
    ["a.*", "a.b", true],
    ["a.*", "a.b.c", false],
    ["a.#", "a.b.c", true],
    ["a.#", "a", false],
    ["#", "", true],
    ["#", "a.b", true],
    ["#.z", "a.b.z", true],
    ["*.b.#.d", "a.b.c.c.d", true],
    ["*.b.#.d", "a.b.c.c.e", false],
    ["*", "", false],
  ])("%s against %s is %s", (pattern, key, expected) => {
    expect(topicMatches(pattern, key)).toBe(expected);
  });

  it("agrees with the regular expression that kombu stores", () => {
    for (const pattern of ["a.*", "*.b", "a.*.c", "x.y"]) {
      for (const key of ["a.b", "a.b.c", "x.y", "c.b", "a"]) {
        expect(topicMatches(pattern, key)).toBe(new RegExp(bindingPattern("topic", pattern)).test(key));
      }
    }
  });

  it("takes linear time for a pattern made to be slow", () => {
    expect(topicMatches("#.".repeat(50).concat("z"), "a.".repeat(200).concat("a"))).toBe(false);
  });
});

describe("matchingQueues", () => {
  const rows = [
    { exchange: "e", routingKey: "k", pattern: "", queue: "one" },
    { exchange: "e", routingKey: "k", pattern: "", queue: "two" },
    { exchange: "e", routingKey: "other", pattern: "", queue: "one" },
  ];

  it("gives each queue once", () => {
    expect(matchingQueues(rows, "direct", "k")).toEqual(["one", "two"]);
    expect(matchingQueues(rows, "fanout", "")).toEqual(["one", "two"]);
    expect(matchingQueues(rows, "direct", "nothing")).toEqual([]);
  });
});
