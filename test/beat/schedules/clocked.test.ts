import { describe, expect, test } from "vitest";
import { clocked } from "../../../beat/schedules/index.ts";
import { ConfigurationError } from "../../../protocol/errors.ts";

const time = Date.UTC(2026, 2, 1, 9);

describe("a clocked schedule", () => {
  const once = clocked("2026-03-01T09:00:00Z");

  test("is due from its time on", () => {
    expect(once.isDue(0, time - 1500)).toEqual({ isDue: false, nextSeconds: 1.5 });
    expect(once.isDue(0, time)).toEqual({ isDue: true, nextSeconds: 100_000_000 });
    expect(once.isDue(0, time + 86_400_000)).toEqual({ isDue: true, nextSeconds: 100_000_000 });
  });

  test("and never again", () => {
    expect(once.nextAfter(0)).toBe(time);
    expect(once.nextAfter(time)).toBe(Number.POSITIVE_INFINITY);
    expect(once.isDue(time, time + 1)).toEqual({ isDue: false, nextSeconds: 100_000_000 });
  });

  test.each([
    "2026-03-01T09:00:00Z",
    "2026-03-01 09:00:00",
    "2026-03-01T10:00:00+01:00",
    "2026-03-01T04:00-0500",
    "2026-03-01T10:00:00+01:00[Europe/Berlin]",
    new Date(time),
  ])("at %s", (text) => {
    expect(clocked(text).nextAfter(0)).toBe(time);
    expect(clocked(text).toJSON()).toEqual({ type: "clocked", time: "2026-03-01T09:00:00Z" });
  });

  test("is written as Python writes it", () => {
    expect(once.toString()).toBe("<clocked: 2026-03-01 09:00:00+00:00>");
    expect(clocked("2026-03-01T09:00:00.25Z").toString()).toBe("<clocked: 2026-03-01 09:00:00.250000+00:00>");
  });

  test.each(["", "soon", "2026-02-30", "2026-03-01T10:00[Europe/Berlin]", new Date(Number.NaN)])(
    "refuses %s",
    (text) => {
      expect(() => clocked(text)).toThrow(ConfigurationError);
      expect(() => clocked(text)).toThrow(/no ISO 8601 time/);
    },
  );
});
