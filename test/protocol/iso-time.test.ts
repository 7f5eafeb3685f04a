import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatIsoTime, parseIsoTime } from "../../protocol/index.ts";

const day = Date.UTC(2024, 1, 29);
const noon = Date.UTC(2024, 1, 29, 12);

describe("parseIsoTime", () => {
  // The forms that dateutil's isoparse takes; naive times are UTC.
  test.each<[text: string, timestampMs: number]>([
    ["2024-02-29T12:00:00+00:00", noon],
    ["2024-02-29T12:00:00Z", noon],
    ["2024-02-29T12:00:00z", noon],
    ["2024-02-29T12:00:00", noon],
    ["2024-02-29 12:00:00", noon],
    ["2024-02-29T12:00", noon],
    ["2024-02-29T12", noon],
    ["2024-02-29", day],
    ["20240229T120000Z", noon],
    ["20240229", day],
    ["2024-02-29T12:00:00.678900+00:00", noon + 678],
    ["2024-02-29T12:00:00,6+00:00", noon + 600],
    ["2024-02-29T12:00:00.123456789Z", noon + 123],
    ["2024-02-29T13:30:00+01:30", noon],
    ["2024-02-29T07:00:00-0500", noon],
    ["2024-02-29T07:00:00-05", noon],
    ["0001-01-01T00:00:00Z", -62_135_596_800_000],
    ["0099-01-01T00:00:00Z", -59_042_995_200_000],
    ["9999-12-31T23:59:59.999Z", 253_402_300_799_999],
  ])("reads %s", (text, timestampMs) => {
    expect(parseIsoTime(text, "eta")).toBe(timestampMs);
  });

  test.each([
    "",
    "not-a-date",
    "next tuesday",
    "1700000000",
    "2024-02-30",
    "2023-02-29",
    "2024-13-01",
    "2024-00-01",
    "2024-01-00",
    "0000-01-01",
    "10000-01-01T00:00:00",
    "+010000-01-01",
    "2024-02-29T24:00:00",
    "2024-02-29T12:60:00",
    "2024-02-29T12:00:60",
    "2024-02-29T",
    "2024-02-29T12:00:00 +00:00",
    "2024-02-29T12:00:00+00:00Z",
    " 2024-02-29",
    "2024-02-29\n",
    `2024-02-29T12:00:00.${"0".repeat(100_000)}`,
  ])("refuses %o", (text) => {
    expect(() => parseIsoTime(text, "eta")).toThrow(expect.objectContaining({ code: "bad_eta" }));
    expect(() => parseIsoTime(text, "eta")).toThrow(/^"eta" is ".{0,80}"; it must be an ISO 8601 time/);
  });

  test("reads back what formatIsoTime writes", () => {
    const time = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });
    fc.assert(
      fc.property(time, (timestampMs) => parseIsoTime(formatIsoTime(timestampMs), "eta") === timestampMs),
    );
  });
});

describe("formatIsoTime", () => {
  test.each<[timestampMs: number, text: string]>([
    [noon, "2024-02-29T12:00:00+00:00"],
    [noon + 5, "2024-02-29T12:00:00.005000+00:00"],
    [0, "1970-01-01T00:00:00+00:00"],
  ])("prints %i as isoformat() does", (timestampMs, text) => {
    expect(formatIsoTime(timestampMs)).toBe(text);
  });
});
