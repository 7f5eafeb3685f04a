import { describe, expect, test } from "vitest";
import {
  CelerityError,
  ConfigurationError,
  Decimal,
  DecodeError,
  isPlainObject,
  setOwn,
  toError,
  Uuid,
} from "../../protocol/index.ts";

describe("values", () => {
  test("a Uuid has one form however it was spelled", () => {
    for (const text of ["6F1C9F52-1F0C-4F69-8A0C-1F2B9D5A7E11", "6f1c9f521f0c4f698a0c1f2b9d5a7e11"]) {
      const uuid = new Uuid(text);
      expect(String(uuid)).toBe("6f1c9f52-1f0c-4f69-8a0c-1f2b9d5a7e11");
      expect(uuid.hex).toBe("6f1c9f521f0c4f698a0c1f2b9d5a7e11");
      expect(JSON.stringify(uuid)).toBe('"6f1c9f52-1f0c-4f69-8a0c-1f2b9d5a7e11"');
    }
  });

  test("a Decimal is its text", () => {
    expect(`${new Decimal("1.10")}`).toBe("1.10");
    expect(JSON.stringify([new Decimal("1E+3")])).toBe('["1E+3"]');
  });

  test.each<[unknown, boolean]>([
    [{}, true],
    [Object.create(null), true],
    [[], false],
    [null, false],
    [new Map(), false],
    [new Date(), false],
    [Buffer.of(), false],
    [new Decimal("1"), false],
    ["text", false],
  ])("isPlainObject(%o) is %s", (value, plain) => {
    expect(isPlainObject(value)).toBe(plain);
  });

  test("setOwn never touches a prototype", () => {
    const target = {};
    setOwn(target, "__proto__", { polluted: 1 });
    setOwn(target, "a", 1);
    expect(Object.entries(target)).toEqual([
      ["__proto__", { polluted: 1 }],
      ["a", 1],
    ]);
    expect(Object.getPrototypeOf(target)).toBe(Object.prototype);
  });
});

describe("errors", () => {
  test("have one base, a name, a code and a cause", () => {
    const cause = new Error("below");
    const error = new DecodeError("too_deep", "above", { cause });
    expect(error).toBeInstanceOf(CelerityError);
    expect(error).toMatchObject({ name: "DecodeError", code: "too_deep", message: "above", cause });
    expect(new ConfigurationError("x").code).toBe("bad_config");
  });

  test("toError makes an Error of anything thrown", () => {
    const error = new TypeError("x");
    expect(toError(error)).toBe(error);
    expect(toError("text")).toEqual(new Error("text"));
    expect(toError(undefined).message).toBe("undefined");
  });
});
