import { describe, expect, test } from "vitest";
import { fieldOf, NO_TEXTS, problemsOf, toBody } from "../../dashboard/src/views/send/fields.ts";

describe("the form", () => {
  test("makes a body of what is filled in, with numbers as they were typed", () => {
    const texts = {
      ...NO_TEXTS,
      task: " examples.add ",
      args: "[12345678901234567890]",
      delay: "030",
      tags: "a, b,",
    };
    expect(toBody(texts)).toBe(
      '{"task":"examples.add","args":[12345678901234567890],"delay":30,"tags":["a","b"]}',
    );
  });

  test("says what is wrong, field by field", () => {
    const texts = { ...NO_TEXTS, args: "{}", delay: "soon", priority: "10" };
    expect(Object.keys(problemsOf(texts))).toEqual(["task", "args", "delay", "priority"]);
    expect(problemsOf({ ...NO_TEXTS, task: "t" })).toEqual({});
  });

  test("finds the field that the gateway speaks of", () => {
    expect(fieldOf("/args/0")).toBe("args");
    expect(fieldOf("/constructor")).toBeUndefined();
  });
});
