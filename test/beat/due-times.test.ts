import { describe, expect, it } from "vitest";
import { type NewSchedule, nextDueTimes, scheduleDefinition } from "../../beat/index.ts";

const FROM = Date.parse("2026-11-21T12:00:30Z");
const HOUR = 3_600_000;

function due(changes: Partial<NewSchedule>, count = 3, facts: object = {}): string[] {
  const definition = scheduleDefinition({ name: "a", task: "t", schedule: "0 * * * *", ...changes });
  const times = nextDueTimes({ ...definition, ...facts }, count, { fromMs: FROM, timezone: "Europe/Berlin" });
  return times.map((atMs) => new Date(atMs).toISOString().slice(0, 19));
}

describe("the next times of a schedule", () => {
  it("are those of its crontab, in its zone", () => {
    expect(due({})).toEqual(["2026-11-21T13:00:00", "2026-11-21T14:00:00", "2026-11-21T15:00:00"]);
    expect(due({ schedule: "30 4 * * mon" }, 2)).toEqual(["2026-11-23T03:30:00", "2026-11-30T03:30:00"]);
    const schedule = { type: "crontab", hour: 4, minute: 0, timezone: "Asia/Tokyo" } as const;
    expect(due({ schedule }, 1)).toEqual(["2026-11-21T19:00:00"]);
  });

  it("go on from an interval's last run, or from when it was changed, or from now", () => {
    const schedule = 20;
    expect(due({ schedule }, 2)).toEqual(["2026-11-21T12:00:50", "2026-11-21T12:01:10"]);
    const changedAtMs = FROM - 5000;
    expect(due({ schedule }, 2, { changedAtMs })).toEqual(["2026-11-21T12:00:45", "2026-11-21T12:01:05"]);
    const lastRunAtMs = FROM - 43_000;
    expect(due({ schedule }, 1, { changedAtMs, lastRunAtMs })).toEqual(["2026-11-21T12:00:47"]);
  });

  it("begin with the start and end before the end", () => {
    const startAtMs = FROM + HOUR;
    expect(due({ schedule: 7200, startAtMs }, 2)).toEqual(["2026-11-21T13:00:30", "2026-11-21T15:00:30"]);
    expect(due({ startAtMs }, 1)).toEqual(["2026-11-21T14:00:00"]);
    expect(due({ expiresAtMs: FROM + 2 * HOUR })).toEqual(["2026-11-21T13:00:00", "2026-11-21T14:00:00"]);
  });

  it("are one where it runs once, and none where it is paused or over", () => {
    expect(due({ oneOff: true })).toHaveLength(1);
    expect(due({ enabled: false })).toEqual([]);
    const [past, future] = ["2026-11-20T00:00:00Z", "2026-12-01T09:00:00+01:00"];
    expect(due({ schedule: { type: "clocked", time: past } })).toEqual([]);
    expect(due({ schedule: { type: "clocked", time: future } })).toEqual(["2026-12-01T08:00:00"]);
    expect(due({ schedule: { type: "solar", event: "sunset", latitude: 52.5, longitude: 13.4 } }, 2)).toEqual(
      [expect.stringMatching(/^2026-11-21T15:0/), expect.stringMatching(/^2026-11-22T15:0/)],
    );
  });

  it("are a thousand at most", () => {
    expect(due({ schedule: 1e-6 }, 1e9)).toHaveLength(1000);
  });
});
