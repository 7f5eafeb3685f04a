import { describe, expect, it } from "vitest";
import { dueRuns, firstBase, nextRun } from "../../beat/due.ts";
import { clocked, crontabFromString, schedule } from "../../beat/schedules/index.ts";
import { entry } from "./entries.ts";

const at = (time: string): number => Date.parse(`2026-11-${time}Z`);
const hourly = entry({ schedule: crontabFromString("0 * * * *") });

describe("dueRuns", () => {
  it("has nothing before the time", () => {
    const last = at("21T12:00:00");
    expect(dueRuns(hourly, last, at("21T12:59:59"))).toEqual({
      fires: [],
      lastRunAtMs: last,
      skipped: false,
    });
  });

  it("moves on to the instant itself, though it is looked at late", () => {
    const due = at("21T13:00:00");
    expect(dueRuns(hourly, at("21T12:00:00"), at("21T13:20:00"))).toEqual({
      fires: [due],
      lastRunAtMs: due,
      skipped: false,
    });
  });

  it("makes one run of several that were missed, and goes on from now", () => {
    const now = at("21T16:20:00");
    expect(dueRuns(hourly, at("21T12:00:00"), now)).toEqual({
      fires: [at("21T13:00:00")],
      lastRunAtMs: now,
      skipped: false,
    });
  });

  it("leaves all of them out where none is to be made up for", () => {
    const now = at("21T16:20:00");
    const none = entry({ ...hourly, catchUp: "none" });
    expect(dueRuns(none, at("21T12:00:00"), now)).toEqual({ fires: [], lastRunAtMs: now, skipped: true });
    expect(dueRuns(none, at("21T12:00:00"), at("21T13:00:20")).fires).toEqual([at("21T13:00:00")]);
  });

  it("takes on a hundred at once where all are to be made up for", () => {
    const all = entry({ schedule: schedule(1), catchUp: "all" });
    const { fires, lastRunAtMs } = dueRuns(all, 0, 1_000_000);
    expect(dueRuns({ ...all, oneOff: true }, 0, 1_000_000).fires).toEqual([1000]);
    expect(fires).toEqual(Array.from({ length: 100 }, (_, index) => (index + 1) * 1000));
    expect(lastRunAtMs).toBe(100_000);
    expect(dueRuns(all, 0, 1_000_000, null, 1000)).toEqual({
      fires: [],
      lastRunAtMs: 1_000_000,
      skipped: true,
    });
  });

  it.each([
    // Seconds of the deadline, minutes after the newest run, and whether that run is sent.
    [600, 9, true],
    [600, 10, true],
    [600, 11, false],
  ])("keeps a deadline of %i s for a crontab %i minutes late", (deadline, minutes, isSent) => {
    const now = at("21T16:00:00") + minutes * 60_000;
    const { fires, lastRunAtMs, skipped } = dueRuns(hourly, at("21T12:00:00"), now, deadline);
    expect(fires).toEqual(isSent ? [at("21T16:00:00")] : []);
    expect(lastRunAtMs).toBe(isSent ? at("21T16:00:00") : now);
    expect(skipped).toBe(true);
  });

  it("knows no deadline for intervals, as Celery", () => {
    expect(dueRuns(entry(), 0, 3_600_000, 60).fires).toEqual([10_000]);
  });
});

describe("nextRun", () => {
  it("waits for a start time", () => {
    const startAtMs = at("22T00:30:00");
    expect(nextRun(entry({ startAtMs }), at("21T00:00:00"))).toBe(startAtMs);
    expect(nextRun({ ...hourly, startAtMs }, at("21T00:00:00"))).toBe(at("22T01:00:00"));
    expect(nextRun({ ...hourly, startAtMs: at("22T01:00:00") }, at("21T00:00:00"))).toBe(at("22T01:00:00"));
    expect(nextRun({ ...hourly, startAtMs }, at("23T05:00:00"))).toBe(at("23T06:00:00"));
  });

  it("throws for a schedule that stands still", () => {
    const still = {
      ...schedule(1),
      toJSON: () => ({ type: "interval", seconds: 1 }) as const,
      nextAfter: () => 5,
    };
    expect(() => nextRun(entry({ schedule: still }), 5)).toThrow(/must be later/);
    expect(() => nextRun(entry({ schedule: { ...still, nextAfter: () => Number.NaN } }), 5)).toThrow(
      /must be later/,
    );
  });
});

describe("firstBase", () => {
  it("is now, or what the store knows", () => {
    expect(firstBase(entry(), 99)).toBe(99);
    expect(firstBase(entry({ sinceMs: 7 }), 99)).toBe(7);
  });

  it("lets an entry run at its start time, and a single instant though it is over", () => {
    const startAtMs = 1_000_000;
    expect(nextRun(entry({ startAtMs }), firstBase(entry({ startAtMs }), 0))).toBe(startAtMs);
    const past = entry({ schedule: clocked("2020-01-01T00:00:00Z") });
    expect(dueRuns(past, firstBase(past, Date.now()), Date.now()).fires).toEqual([
      Date.parse("2020-01-01T00:00:00Z"),
    ]);
  });
});
