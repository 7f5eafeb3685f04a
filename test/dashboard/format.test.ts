import { expect, test } from "vitest";
import { bytes, percent, plural } from "../../dashboard/src/lib/format.ts";
import { ago, duration } from "../../dashboard/src/lib/time.ts";
import { visibleRange } from "../../dashboard/src/parts/visible-range.ts";

test("numbers and times for people", () => {
  const nowMs = Date.parse("2030-01-01T00:10:00Z");
  expect(ago("2030-01-01T00:09:58Z", nowMs)).toBe("just now");
  expect(ago("2030-01-01T00:09:18Z", nowMs)).toBe("42 s ago");
  expect(ago("2030-01-01T01:10:30Z", nowMs)).toBe("in 1 h");
  expect([0, 12, 1250, 65_000, 7_200_000, 200_000_000].map(duration)).toEqual([
    "< 1 ms",
    "12 ms",
    "1.25 s",
    "1 min 5 s",
    "2 h 0 min",
    "2 d 7 h",
  ]);
  expect(plural(1, "task")).toBe("1 task");
  expect(plural(3, "retry", "retries")).toBe("3 retries");
  expect([percent(0.5), percent(0.004), bytes(512), bytes(1_572_864)]).toEqual([
    "50 %",
    "0.4 %",
    "512 B",
    "1.5 MiB",
  ]);
});

test("of a long list, rows of the window and some more are drawn", () => {
  expect(visibleRange(0, 400, 40, 10_000)).toEqual({ first: 0, end: 18 });
  expect(visibleRange(40_000, 400, 40, 10_000)).toEqual({ first: 992, end: 1018 });
  expect(visibleRange(400_000, 400, 40, 10_000).end).toBe(10_000);
  expect(visibleRange(400_000, 400, 40, 3)).toEqual({ first: 2, end: 3 });
});
