import { describe, expect, test } from "vitest";
import { parseSignature, signature, withResult } from "../../protocol/index.ts";
import { vectors } from "../helpers/vectors.ts";

const recorded = vectors<Record<string, unknown>>("signatures");

describe("parseSignature", () => {
  test.each(Object.entries(recorded))("reads the recorded %s without changing it", (_, value) => {
    expect(JSON.stringify(parseSignature(value, "chord"))).toBe(JSON.stringify(value));
  });

  test("fills in what is missing, and keeps what it does not know", () => {
    expect(parseSignature({ task: "t", chord_size: 2 }, "chord")).toEqual({
      task: "t",
      args: [],
      kwargs: {},
      options: {},
      subtask_type: null,
      immutable: false,
      chord_size: 2,
    });
    expect(
      parseSignature(
        { task: "t", args: "ab", kwargs: [], options: 1, immutable: 1, subtask_type: 2 },
        "link",
      ),
    ).toEqual(signature("t"));
  });

  test.each([[null], ["t"], [["t"]], [{}], [{ task: 1 }]])("refuses %o", (value) => {
    expect(() => parseSignature(value, "callbacks")).toThrow(
      expect.objectContaining({ code: "bad_body", message: expect.stringContaining('"callbacks"') }),
    );
  });
});

describe("withResult", () => {
  test("prepends the result, unless the signature is immutable", () => {
    const add = signature("add", [10], { z: 1 });
    expect(withResult(add, 4)).toEqual({ ...add, args: [4, 10] });
    expect(withResult({ ...add, immutable: true }, 4)).toEqual({ ...add, immutable: true });
    expect(add.args).toEqual([10]);
  });

  test("builds the recorded plain signature", () => {
    expect(signature("wire.add", [1, 2])).toEqual(recorded["sig"]);
  });
});
