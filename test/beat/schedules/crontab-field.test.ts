/** Every rule of Celery's crontab grammar. */
import { describe, expect, test } from "vitest";
import { CRONTAB_FIELDS, type CrontabFieldName, expandField } from "../../../beat/schedules/crontab-field.ts";
import { crontab } from "../../../beat/schedules/index.ts";
import type { CrontabField } from "../../../beat/schedules/schedule.ts";
import { ConfigurationError } from "../../../protocol/errors.ts";

const upTo = (last: number, from = 0): number[] =>
  Array.from({ length: last - from + 1 }, (_, index) => from + index);

const RIGHT: readonly (readonly [rule: string, name: CrontabFieldName, value: CrontabField, ...number[]])[] =
  [
    ["a number", "minute", "7", 7],
    ["every one", "hour", "*", ...upTo(23)],
    ["every one, counted from the first day", "dayOfMonth", "*", ...upTo(31, 1)],
    ["steps from the lowest", "minute", "*/7", 0, 7, 14, 21, 28, 35, 42, 49, 56],
    ["steps from 1 in days of a month", "dayOfMonth", "*/10", 1, 11, 21, 31],
    ["steps from 1 in months", "monthOfYear", "*/5", 1, 6, 11],
    ["a step beyond the end", "minute", "*/100", 0],
    ["a range", "minute", "10-13", 10, 11, 12, 13],
    ["a range with steps", "monthOfYear", "2-12/4", 2, 6, 10],
    ["a range around the end", "minute", "55-5", 0, 1, 2, 3, 4, 5, 55, 56, 57, 58, 59],
    ["a range around the end of days", "dayOfMonth", "30-2", 1, 2, 30, 31],
    ["steps over a range around the end", "hour", "22-2/2", 0, 2, 22],
    ["what follows a range does not count", "minute", "1-3-5", 1, 2, 3],
    ["what follows a step does not count", "minute", "1-9/4-2", 1, 5, 9],
    ["a list", "minute", "1,13,30-32,50-59/4", 1, 13, 30, 31, 32, 50, 54, 58],
    ["all beside one", "dayOfWeek", "*,5", ...upTo(6)],
    ["days of the week", "dayOfWeek", "mon", 1],
    ["whole names in any case", "dayOfWeek", "Monday,SUNDAY", 0, 1],
    ["three letters count", "monthOfYear", "mayday", 5],
    ["three letters count for days", "dayOfWeek", "sunxyz", 0],
    ["months come before days", "dayOfWeek", "mar", 3],
    ["names in ranges", "monthOfYear", "nov-feb", 1, 2, 11, 12],
    ["days around the weekend", "dayOfWeek", "sat-mon", 0, 1, 6],
    ["steps over names", "dayOfWeek", "mon-fri/2", 1, 3, 5],
    ["blanks around numbers", "minute", "1 , 2", 1, 2],
    ["digits of any script", "minute", "٣,１２,𝟡", 3, 9, 12],
    ["underscores and signs of Python", "minute", "1_0,+5", 5, 10],
    ["a number that is none in text", "hour", 4, 4],
    ["a list of numbers", "dayOfWeek", [5, 1, 1], 1, 5],
  ];

const WRONG: readonly (readonly [rule: string, name: CrontabFieldName, value: unknown, fix: RegExp])[] = [
  ["nothing", "minute", "", /before, between and after its commas/],
  ["an empty part", "minute", "1,,2", /before, between and after its commas/],
  ["a comma at the end", "minute", "1,", /before, between and after its commas/],
  ["a step of 0", "minute", "*/0", /a number above 0/],
  ["a range's step of 0", "minute", "1-5/0", /a number above 0/],
  ["no step", "minute", "*/", /a number above 0/],
  ["no step after a range", "minute", "1-5/", /a number above 0/],
  ["a name as step", "dayOfWeek", "*/mon", /a number above 0/],
  ["a step of one number", "minute", "5/2", /no number and no name/],
  ["a star before a number", "minute", "*5", /no number and no name/],
  ["half a range", "minute", "1-", /no number and no name/],
  ["a number below 0", "minute", "-5", /no number and no name/],
  ["a blank and a number below 0", "minute", " -5", /from 0 to 59/],
  ["two numbers", "minute", "1 2", /no number and no name/],
  ["blanks in a range", "minute", "1 - 5", /no number and no name/],
  ["a blank before a name", "dayOfWeek", " mon", /no number and no name/],
  ["an unknown name", "dayOfWeek", "day", /no number and no name/],
  ["a fraction", "minute", "1.5", /no number and no name/],
  ["Sunday as 7", "dayOfWeek", "7", /from 0 to 6\. Sunday is 0/],
  ["a range to 7", "dayOfWeek", "1-7", /from 0 to 6/],
  ["a month as minute is a number, too large as day", "dayOfWeek", "dec", /from 0 to 6/],
  ["hour 24", "hour", "24", /from 0 to 23/],
  ["minute 60", "minute", "60", /from 0 to 59/],
  ["day 0", "dayOfMonth", "0", /from 1 to 31/],
  ["month 13", "monthOfYear", "13", /from 1 to 12/],
  ["Sunday as a month", "monthOfYear", "sun", /from 1 to 12/],
  ["a text of 1001 characters", "minute", "1,".repeat(500).concat("1"), /1000 characters/],
  ["a number above the highest", "hour", 24, /from 0 to 23/],
  ["a number with a fraction", "hour", 1.5, /whole numbers/],
  ["a text in a list", "hour", ["1"], /whole numbers/],
  ["an empty list", "hour", [], /whole numbers/],
  ["no number", "hour", Number.NaN, /whole numbers/],
];

describe("a field of a crontab", () => {
  const right = RIGHT.map(([rule, name, value, ...numbers]) => ({ rule, name, value, numbers }));
  test.each(right)("$rule: $name $value", ({ name, value, numbers }) => {
    expect(expandField(name, value)).toEqual(numbers);
  });

  test.each(WRONG)("refuses %s: %s %j", (_, name, value, fix) => {
    const read = (): unknown => expandField(name, value as CrontabField);
    expect(read).toThrow(ConfigurationError);
    expect(read).toThrow(new RegExp(`^The ${name} of a crontab is `));
    expect(read).toThrow(fix);
  });

  test.each(Object.entries(CRONTAB_FIELDS))("%s goes from %j", (name, [min, max]) => {
    const field = name as CrontabFieldName;
    expect(expandField(field, `${min},${max}`)).toEqual([min, max]);
    expect(() => expandField(field, String(min - 1))).toThrow(ConfigurationError);
    expect(() => expandField(field, String(max + 1))).toThrow(ConfigurationError);
  });
});

describe("dates that never come", () => {
  test.each([
    ["31", "2", "never comes"],
    [30, 2, "never comes"],
    ["31", "feb,apr,jun,sep,nov", "never comes"],
    [[30, 31], [2], "dayOfMonth \\[30, 31\\]"],
  ] as const)("refuses day %j of month %j", (dayOfMonth, monthOfYear, message) => {
    const make = (): unknown => crontab({ dayOfMonth, monthOfYear });
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(new RegExp(message));
  });

  test.each([
    ["29", "2"],
    ["31", "2,3"],
    ["29-31", "2"],
  ])("takes day %j of month %j, which come at times", (dayOfMonth, monthOfYear) => {
    expect(crontab({ dayOfMonth, monthOfYear }).nextAfter(0)).toBeLessThan(Date.UTC(1973, 0, 1));
  });
});
