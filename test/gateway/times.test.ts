import { describe, expect, it } from "vitest";
import { Problem } from "../../gateway/problems.ts";
import { parseDuration, readDelay, readTime, withOffset } from "../../gateway/times.ts";

describe("durations", () => {
  it.each([
    ["PT30S", 30],
    ["PT1.5S", 1.5],
    ["PT1H30M", 5400],
    ["P1DT12H", 129_600],
    ["P2W", 1_209_600],
    ["P1W2DT3H4M5S", 604_800 + 2 * 86_400 + 3 * 3600 + 4 * 60 + 5],
  ])("reads %s", (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each([
    "",
    "P",
    "PT",
    "P1",
    "P1Y",
    "P1M",
    "PT1",
    "P1DT",
    "1H",
    "pt1s",
    "-PT1S",
    "PT-1S",
    "PT1,5S",
    " PT1S",
  ])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it("have bounds", () => {
    expect(readDelay("P3652D", "/delay")).toBe(3652 * 86_400);
    expect(() => readDelay("P4000D", "/delay")).toThrow(Problem);
    expect(() => readDelay(-1, "/delay")).toThrow(Problem);
  });
});

describe("times", () => {
  it.each([
    ["2030-01-02T03:04:05Z", "2030-01-02T03:04:05+00:00"],
    ["2030-01-02t03:04:05.678z", "2030-01-02T03:04:05.678000+00:00"],
    ["2030-01-02T03:04:05+05:30", "2030-01-01T21:34:05+00:00"],
    ["1999-12-31T23:59:59-08:00", "2000-01-01T07:59:59+00:00"],
  ])("reads %s", (text, time) => {
    expect(readTime(text, "/eta")).toBe(time);
  });

  it.each(["2030-01-02T03:04:05", "2030-01-02", "next tuesday", "1700000000", "10000-01-01T00:00:00Z", ""])(
    "refuses %j",
    (text) => {
      expect(() => readTime(text, "/eta")).toThrow(expect.objectContaining({ type: "bad-eta" }));
    },
  );

  it("get the offset that Python leaves out", () => {
    expect(withOffset("2030-01-02T03:04:05.000001")).toBe("2030-01-02T03:04:05.000001+00:00");
    expect(withOffset("2030-01-02T03:04:05+00:00")).toBe("2030-01-02T03:04:05+00:00");
    expect(withOffset("2030-01-02T03:04:05Z")).toBe("2030-01-02T03:04:05Z");
  });
});
