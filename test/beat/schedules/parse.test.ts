import { describe, expect, test } from "vitest";
import {
  clocked,
  crontab,
  parseSchedule,
  type Schedule,
  schedule,
  solar,
} from "../../../beat/schedules/index.ts";
import { ConfigurationError } from "../../../protocol/errors.ts";

const winterMidnight = Date.UTC(2026, 0, 1);

describe("parseSchedule", () => {
  test.each([
    ["seconds", 30, "<freq: 30.00 seconds>"],
    ["the text of a crontab", "0 4 * * mon", "<crontab: 0 4 * * mon (m/h/dM/MY/d)>"],
    ["a crontab with some fields", { type: "crontab", minute: 5 }, "<crontab: 5 * * * * (m/h/dM/MY/d)>"],
    ["a schedule", crontab({ hour: 3 }), "<crontab: * 3 * * * (m/h/dM/MY/d)>"],
  ])("reads %s", (_, input, text) => {
    expect(parseSchedule(input).toString()).toBe(text);
  });

  test.each([
    schedule(30),
    schedule(90.5, { relative: true }),
    crontab({ minute: "*/5", hour: [1, 2], dayOfWeek: "mon-fri", timezone: "Asia/Kolkata" }),
    solar("sunrise", 52.5, 13.4),
    clocked("2026-03-01T09:00:00.000250Z"),
  ])("reads back %s", (made) => {
    const read = parseSchedule(JSON.parse(JSON.stringify(made)));
    expect(read.toJSON()).toEqual(made.toJSON());
    expect(read.toString()).toBe(made.toString());
    expect(read.nextAfter(winterMidnight)).toBe(made.nextAfter(winterMidnight));
  });

  test("takes the app's zone where a schedule has none", () => {
    const options = { timezone: "Europe/Berlin" };
    for (const input of [
      "0 4 * * *",
      crontab({ minute: 0, hour: 4 }),
      { type: "crontab", minute: 0, hour: 4 },
    ]) {
      const parsed = parseSchedule(input, options);
      expect(parsed.nextAfter(winterMidnight)).toBe(Date.UTC(2026, 0, 1, 3));
      // Which is not a part of its definition.
      expect(parsed.toJSON()).not.toHaveProperty("timezone");
    }
    const daily = parseSchedule(schedule(86_400, { relative: true }), options);
    expect(daily.nextAfter(winterMidnight)).toBe(Date.UTC(2026, 0, 1, 23));
    const own = crontab({ minute: 0, hour: 4, timezone: "America/New_York" });
    expect(parseSchedule(own, options).nextAfter(winterMidnight)).toBe(Date.UTC(2026, 0, 1, 9));
  });

  test("leaves schedules of others alone", () => {
    const never: Schedule = {
      isDue: () => ({ isDue: false, nextSeconds: 60 }),
      nextAfter: () => Number.POSITIVE_INFINITY,
      toJSON: () => ({ type: "interval", seconds: 1 }),
    };
    expect(parseSchedule(never)).toBe(never);
  });

  test.each([
    [null, /must be seconds/],
    [[], /must be seconds/],
    [{}, /an object with a type: interval, crontab, solar, clocked/],
    [{ type: "toString" }, /an object with a type/],
    ["every day", /five fields/],
    [{ type: "crontab", minutes: 5 }, /has a field "minutes". Use minute, hour/],
    [{ type: "crontab", minute: { a: 1 } }, /minute of a schedule of type crontab must be: text, a number/],
    [{ type: "crontab", minute: null }, /minute of a schedule of type crontab must be: text, a number/],
    [{ type: "crontab", timezone: 1 }, /timezone of a schedule of type crontab must be: string/],
    [{ type: "interval" }, /seconds of an interval are undefined/],
    [{ type: "interval", seconds: "5" }, /seconds of a schedule of type interval must be: number/],
    [
      { type: "interval", seconds: 5, relative: 1 },
      /relative of a schedule of type interval must be: boolean/,
    ],
    [JSON.parse('{"type":"interval","seconds":5,"__proto__":1}'), /has a field "__proto__"/],
    [{ type: "solar", event: "sunrise", latitude: 1 }, /longitude of a solar schedule is undefined/],
    [{ type: "clocked" }, /time "undefined" of a clocked schedule/],
  ])("refuses %j", (input, message) => {
    expect(() => parseSchedule(input)).toThrow(ConfigurationError);
    expect(() => parseSchedule(input)).toThrow(message);
  });
});
