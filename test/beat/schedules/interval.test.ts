import { describe, expect, test } from "vitest";
import { parseSchedule, schedule } from "../../../beat/schedules/index.ts";
import { ConfigurationError } from "../../../protocol/errors.ts";

const at = Date.parse;

describe("an interval", () => {
  const every = schedule(30);

  test("is due when its seconds are over", () => {
    expect(every.nextAfter(1000)).toBe(31_000);
    expect(every.isDue(1000, 21_000)).toEqual({ isDue: false, nextSeconds: 10 });
    expect(every.isDue(1000, 31_000)).toEqual({ isDue: true, nextSeconds: 30 });
  });

  test("late runs are one run, and the next comes a whole interval later", () => {
    expect(every.isDue(1000, 500_000)).toEqual({ isDue: true, nextSeconds: 30 });
  });

  test("is real time, whatever clocks do", () => {
    const daily = parseSchedule(86_400, { timezone: "Europe/Berlin" });
    expect(daily.nextAfter(at("2026-03-28T11:00Z"))).toBe(at("2026-03-29T11:00Z"));
  });

  test.each([
    [0.5, "now"],
    [1, "1.00 second"],
    [30, "30.00 seconds"],
    [67.5, "1.12 minutes"],
    [3600, "1.00 hour"],
    [129_600, "1.50 days"],
  ])("of %d s is written as Python writes it", (seconds, text) => {
    expect(schedule(seconds).toString()).toBe(`<freq: ${text}>`);
  });

  test("as data", () => {
    expect(every.toJSON()).toEqual({ type: "interval", seconds: 30 });
    expect(schedule(30, { relative: true }).toJSON()).toEqual({
      type: "interval",
      seconds: 30,
      relative: true,
    });
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 4e9, "30" as unknown as number])(
    "refuses %d s",
    (seconds) => {
      expect(() => schedule(seconds)).toThrow(ConfigurationError);
      expect(() => schedule(seconds)).toThrow(/The seconds of an interval are .* Use a number from/);
    },
  );
});

describe("a relative interval", () => {
  test.each<[what: string, seconds: number, timezone: string, last: string, next: string]>([
    ["to the second", 30, "UTC", "2026-01-01T10:00:05.700Z", "2026-01-01T10:00:35Z"],
    ["to the minute", 90, "UTC", "2026-01-01T10:00:45Z", "2026-01-01T10:02:00Z"],
    ["to the hour", 7200, "UTC", "2026-01-01T10:20:00Z", "2026-01-01T12:00:00Z"],
    ["to the hour of the zone", 3600, "Asia/Kolkata", "2026-01-01T10:00:00Z", "2026-01-01T10:30:00Z"],
    ["to midnight of the zone", 86_400, "Europe/Berlin", "2026-01-01T10:00:00Z", "2026-01-01T23:00:00Z"],
    ["over a short day", 86_400, "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"],
    ["over a long day", 86_400, "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"],
    [
      "to a midnight that is skipped",
      86_400,
      "America/Sao_Paulo",
      "2018-11-03T12:00:00Z",
      "2018-11-04T03:00:00Z",
    ],
    ["in the second of two hours", 3600, "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z"],
    ["below a second, not at all", 0.5, "UTC", "2026-01-01T00:00:00.100Z", "2026-01-01T00:00:00.600Z"],
  ])("is rounded down %s", (_, seconds, timezone, last, next) => {
    const relative = parseSchedule({ type: "interval", seconds, relative: true }, { timezone });
    expect(new Date(relative.nextAfter(at(last))).toISOString()).toBe(new Date(next).toISOString());
  });

  test("asks again at the next full hour", () => {
    const hourly = schedule(3600, { relative: true });
    const [last, now] = [at("2026-01-01T10:00Z"), at("2026-01-01T11:15Z")];
    expect(hourly.isDue(last, now)).toEqual({ isDue: true, nextSeconds: 2700 });
    expect(hourly.isDue(now, now + 60_000)).toEqual({ isDue: false, nextSeconds: 2640 });
  });
});
