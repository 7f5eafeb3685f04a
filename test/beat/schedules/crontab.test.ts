import { describe, expect, test } from "vitest";
import { crontab, crontabFromString } from "../../../beat/schedules/index.ts";
import { ConfigurationError } from "../../../protocol/errors.ts";
import { runsAfter } from "./generated.ts";

function runs(text: string, from: string, count: number, timezone = "UTC"): string[] {
  return runsAfter(crontabFromString(text, timezone), Date.parse(from), count).map((run) =>
    new Date(run).toISOString().replace(":00.000Z", "Z"),
  );
}

describe("next runs", () => {
  test.each<[what: string, text: string, from: string, ...runs: string[]]>([
    ["the next minute", "* * * * *", "2026-01-01T10:00:59Z", "2026-01-01T10:01Z", "2026-01-01T10:02Z"],
    ["not the minute of the last run", "0 4 * * *", "2026-01-01T04:00:00Z", "2026-01-02T04:00Z"],
    [
      "the next hour of the day",
      "15 8,17 * * *",
      "2026-01-01T08:15Z",
      "2026-01-01T17:15Z",
      "2026-01-02T08:15Z",
    ],
    ["over the end of a year", "0 0 1 1 *", "2026-01-01T00:00Z", "2027-01-01T00:00Z"],
    [
      "months without the day are left out",
      "0 0 31 * *",
      "2026-01-31T00:00Z",
      "2026-03-31T00:00Z",
      "2026-05-31T00:00Z",
    ],
    ["29 February", "0 0 29 2 *", "2026-01-01T00:00Z", "2028-02-29T00:00Z", "2032-02-29T00:00Z"],
    ["29 February on a Monday, beyond 2100", "0 0 29 2 1", "2072-03-01T00:00Z", "2112-02-29T00:00Z"],
    [
      "both fields of the day must be right",
      "0 0 13 * fri",
      "2026-01-01T00:00Z",
      "2026-02-13T00:00Z",
      "2026-03-13T00:00Z",
      "2026-11-13T00:00Z",
    ],
    [
      "first and third Monday",
      "0 9 1-7,15-21 * mon",
      "2026-01-01T00:00Z",
      "2026-01-05T09:00Z",
      "2026-01-19T09:00Z",
      "2026-02-02T09:00Z",
    ],
    [
      "around the weekend",
      "0 0 * * sat-mon",
      "2026-01-02T12:00Z",
      "2026-01-03T00:00Z",
      "2026-01-04T00:00Z",
      "2026-01-05T00:00Z",
      "2026-01-10T00:00Z",
    ],
  ])("%s: %s", (_, text, from, ...expected) => {
    expect(runs(text, from, expected.length)).toEqual(expected);
  });

  test("none where the years end", () => {
    expect(crontab().nextAfter(Date.UTC(9999, 11, 31))).toBe(Number.POSITIVE_INFINITY);
    expect(crontab().nextAfter(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  });

  test("an entry that never ran is counted from 1970", () => {
    expect(crontab({ minute: 0, hour: 0 }).nextAfter(Number.NEGATIVE_INFINITY)).toBe(86_400_000);
  });
});

describe("when clocks are changed", () => {
  const spring = "2026-03-28T20:00Z";
  const autumn = "2026-10-24T20:00Z";

  test.each<[what: string, text: string, from: string, timezone: string, ...runs: string[]]>([
    [
      "a time that is skipped comes as much later",
      "30 2 * * *",
      spring,
      "Europe/Berlin",
      "2026-03-29T01:30Z",
      "2026-03-30T00:30Z",
    ],
    [
      "every hour goes on every hour",
      "30 * * * *",
      "2026-03-29T00:00Z",
      "Europe/Berlin",
      "2026-03-29T00:30Z",
      "2026-03-29T01:30Z",
      "2026-03-29T02:30Z",
    ],
    [
      "times that are skipped together come once",
      "*/20 2 * * *",
      spring,
      "Europe/Berlin",
      "2026-03-29T01:00Z",
      "2026-03-30T00:00Z",
    ],
    [
      "a time that comes twice counts once",
      "30 2 * * *",
      autumn,
      "Europe/Berlin",
      "2026-10-25T00:30Z",
      "2026-10-26T01:30Z",
    ],
    [
      "every hour leaves out the second of them",
      "30 * * * *",
      "2026-10-24T23:00Z",
      "Europe/Berlin",
      "2026-10-24T23:30Z",
      "2026-10-25T00:30Z",
      "2026-10-25T02:30Z",
    ],
    [
      "times of the hour that comes twice",
      "*/20 2 * * *",
      autumn,
      "Europe/Berlin",
      "2026-10-25T00:00Z",
      "2026-10-25T00:20Z",
      "2026-10-25T00:40Z",
      "2026-10-26T01:00Z",
    ],
    [
      "started in the second of two hours",
      "*/20 * * * *",
      "2026-10-25T01:05Z",
      "Europe/Berlin",
      "2026-10-25T02:00Z",
      "2026-10-25T02:20Z",
    ],
    [
      "by half an hour",
      "15 2 * * *",
      "2026-10-03T00:00Z",
      "Australia/Lord_Howe",
      "2026-10-03T15:45Z",
      "2026-10-04T15:15Z",
    ],
    [
      "at midnight",
      "0 0 * * *",
      "2018-11-03T12:00Z",
      "America/Sao_Paulo",
      "2018-11-04T03:00Z",
      "2018-11-05T02:00Z",
    ],
    [
      "a day that was left out",
      "0 12 30 12 *",
      "2011-01-01T00:00Z",
      "Pacific/Apia",
      "2011-12-30T22:00Z",
      "2012-12-29T22:00Z",
    ],
    ["never", "30 5 * * *", "2026-03-28T12:00Z", "Asia/Kolkata", "2026-03-29T00:00Z", "2026-03-30T00:00Z"],
  ])("%s: %s", (_, text, from, timezone, ...expected) => {
    expect(runs(text, from, expected.length, timezone)).toEqual(expected);
  });
});

describe("isDue", () => {
  const daily = crontab({ minute: 0, hour: 4 });
  const last = Date.UTC(2026, 0, 1, 4);

  test("says how long to wait", () => {
    expect(daily.isDue(last, last + 3_600_500)).toEqual({ isDue: false, nextSeconds: 82_799.5 });
  });

  test("is due from the very moment", () => {
    expect(daily.isDue(last, last + 86_399_999)).toEqual({ isDue: false, nextSeconds: 0.001 });
    expect(daily.isDue(last, last + 86_400_000)).toEqual({ isDue: true, nextSeconds: 86_400 });
  });

  test("many missed runs are one, and the next is counted from now", () => {
    expect(daily.isDue(last, Date.UTC(2026, 0, 9, 5))).toEqual({ isDue: true, nextSeconds: 82_800 });
  });
});

describe("as text and data", () => {
  test("is written as Python writes it", () => {
    expect(crontab({ minute: 0, hour: "4" }).toString()).toBe("<crontab: 0 4 * * * (m/h/dM/MY/d)>");
    expect(crontab({ dayOfWeek: [1, 2], dayOfMonth: "1-7", monthOfYear: "*/3" }).toString()).toBe(
      "<crontab: * * 1-7 */3 [1, 2] (m/h/dM/MY/d)>",
    );
  });

  test("keeps its fields as they were given", () => {
    const text = crontabFromString("*/5 4 1,15 jan mon-fri");
    const fields = { minute: "*/5", hour: "4", dayOfWeek: "mon-fri", dayOfMonth: "1,15", monthOfYear: "jan" };
    expect(text.toJSON()).toEqual({ type: "crontab", ...fields });
    expect(crontab({ ...fields, timezone: "Europe/Berlin" }).toJSON()).toEqual({
      type: "crontab",
      ...fields,
      timezone: "Europe/Berlin",
    });
  });

  test.each(["", "0 4 * *", "0 4 * * * *", "0  4 * * *", "0 4 * * * ", "0\t4\t*\t*\t*"])(
    "refuses %j",
    (text) => {
      expect(() => crontabFromString(text)).toThrow(ConfigurationError);
      expect(() => crontabFromString(text)).toThrow(/five fields with one blank/);
    },
  );

  test.each(["Mars/Base", "+01:00", "", "2026-01-01T00:00[Europe/Berlin]"])(
    "refuses the zone %j",
    (timezone) => {
      expect(() => crontab({ timezone })).toThrow(ConfigurationError);
      expect(() => crontab({ timezone })).toThrow(/no IANA name/);
    },
  );
});
