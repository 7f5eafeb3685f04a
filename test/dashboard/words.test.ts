import { describe, expect, it } from "vitest";
import { asText, fromBase64, hexDump, MAX_HEX_BYTES } from "../../dashboard/src/lib/body-bytes.ts";
import { memberText } from "../../dashboard/src/lib/json-text.ts";
import { countdown, cronInWords, everyInWords, secondsInWords } from "../../dashboard/src/lib/words.ts";

describe("schedules in words", () => {
  it.each([
    [1, "every second"],
    [90, "every 90 seconds"],
    [120, "every 2 minutes"],
    [3600, "every hour"],
    [86_400, "every day"],
    [1_209_600, "every 2 weeks"],
    [0.5, "every 0.5 seconds"],
  ])("%s seconds", (seconds, words) => {
    expect(everyInWords(seconds)).toBe(words);
  });

  it.each([
    ["* * * * *", "every minute"],
    ["*/5 * * * *", "every 5 minutes"],
    ["0 * * * *", "every hour"],
    ["15 * * * *", "every hour at minute 15"],
    ["0 */6 * * *", "every 6 hours at minute 0"],
    ["30 4 * * mon-fri", "at 04:30 on Monday to Friday"],
    ["0 9,17 * * 0,sat", "at 09:00 and 17:00 on Sunday and Saturday"],
    ["0 4 1,15 * *", "at 04:00 on day 1 and 15 of the month"],
    ["0 4 1 jan *", "at 04:00 on day 1 of January"],
    ["0 4 * 6-8 7", "at 04:00 on Sunday in June to August"],
  ])("%s", (cron, words) => {
    expect(cronInWords(cron)).toBe(words);
  });

  it.each([
    "",
    "* * * *",
    "* * * * * *",
    "5-10 4 * * *",
    "0 4 */2 * *",
    "0 4 * * mon/2",
    "x * * * *",
    "0 4 * * m",
  ])("leaves %j to those who can read it", (cron) => {
    expect(cronInWords(cron)).toBeUndefined();
  });

  it("count down to the second in the last hour", () => {
    const at = (seconds: number): string => countdown(new Date(seconds * 1000).toISOString(), 0);
    expect([0, 5, 65, 3599, 3600, 90_000, 200_000, 10_000_000].map(at)).toEqual([
      "now",
      "in 0:05",
      "in 1:05",
      "in 59:59",
      "in 1 h 0 min",
      "in 25 h 0 min",
      "in 2 d 7 h",
      "in 115 d",
    ]);
    expect([5.9, 65, 7500, 200_000].map(secondsInWords)).toEqual([
      "5 s",
      "1 min 5 s",
      "2 h 5 min",
      "2 d 7 h",
    ]);
  });
});

describe("bodies of messages", () => {
  it("are shown as text when they are, and in hexadecimal", () => {
    const bytes = fromBase64(Buffer.from('[[1], {"é": 2}]').toString("base64"));
    expect(asText(bytes)).toBe('[[1], {"é": 2}]');
    expect(asText(new Uint8Array([0xff, 0x00]))).toBeUndefined();
    expect(hexDump(bytes)).toBe('000000  5b 5b 31 5d 2c 20 7b 22 c3 a9 22 3a 20 32 7d 5d  [[1], {"..": 2}]');
    expect(hexDump(new Uint8Array(18)).split("\n")[1]).toBe(`000010  00 00${" ".repeat(42)}  ..`);
  });

  it("are cut where a browser would be slow", () => {
    const lines = hexDump(new Uint8Array(MAX_HEX_BYTES + 3)).split("\n");
    expect(lines).toHaveLength(MAX_HEX_BYTES / 16 + 1);
    expect(lines.at(-1)).toBe("... 3 bytes more");
  });
});

describe("members of JSON", () => {
  it.each([
    ['{"args": [9007199254740993, 1.0], "x": 1}', "args", "[9007199254740993, 1.0]"],
    ['{"a":{"args":[1]},"args":{"b":"}, \\"args\\": 2"}}', "args", '{"b":"}, \\"args\\": 2"}'],
    ['{"args": "text"}', "args", '"text"'],
    ['{"x": ["args", "args"], "y": {"args": 1}}', "args", undefined],
    ["{}", "args", undefined],
  ])("%s", (text, name, member) => {
    expect(memberText(text, name)).toBe(member);
  });
});
