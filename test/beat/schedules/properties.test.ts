/** What holds for all schedules at all times. `CELERITY_SEED=<n>` repeats a run. */
import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { clocked, parseSchedule, type Schedule, solar } from "../../../beat/schedules/index.ts";
import { SOLAR_EVENTS } from "../../../beat/schedules/schedule.ts";
import { Zone } from "../../../beat/schedules/zone.ts";
import { clockChanges, crontabFields, crontabOf, FROM_MS, TO_MS, ZONES } from "./generated.ts";

const SEED = Number(process.env["CELERITY_SEED"] ?? Date.now() % 2 ** 31);

const changes = ZONES.flatMap(clockChanges);
/** Any time, and many around changes of the clocks. */
const time = fc.oneof(
  fc.integer({ min: FROM_MS, max: TO_MS }),
  fc
    .tuple(fc.constantFrom(...changes), fc.integer({ min: -7_300_000, max: 7_300_000 }))
    .map(([change, after]) => change + after),
);
const zone = fc.constantFrom(...ZONES);
const degrees = (limit: number): fc.Arbitrary<number> => fc.integer({ min: -limit, max: limit });

const kinds: Readonly<Record<string, fc.Arbitrary<Schedule>>> = {
  crontab: fc.tuple(crontabFields, zone).map(([fields, timezone]) => crontabOf(fields, timezone)),
  interval: fc.double({ min: 0.001, max: 1e6, noNaN: true }).map((seconds) => parseSchedule(seconds)),
  "relative interval": fc
    .tuple(
      fc.oneof(fc.integer({ min: 1, max: 200_000 }), fc.double({ min: 0.001, max: 100, noNaN: true })),
      zone,
    )
    .map(([seconds, timezone]) => parseSchedule({ type: "interval", seconds, relative: true }, { timezone })),
  solar: fc
    .tuple(fc.constantFrom(...SOLAR_EVENTS), degrees(60), degrees(180))
    .map(([event, latitude, longitude]) => solar(event, latitude, longitude)),
  clocked: time.map((at) => clocked(new Date(at))),
};

describe.each(Object.entries(kinds))(`%s (CELERITY_SEED=${SEED})`, (kind, schedules) => {
  const numRuns = kind === "solar" ? 100 : 1000;

  test("the next run is later than the last, and isDue agrees with it", () => {
    const property = fc.property(schedules, time, fc.integer({ min: 0, max: 4e9 }), (schedule, last, gap) => {
      const next = schedule.nextAfter(last);
      expect(next).toBeGreaterThan(last);
      for (const now of [last + gap, Math.ceil(next), Math.ceil(next) - 1]) {
        if (now < last || !Number.isFinite(now)) continue;
        const due = schedule.isDue(last, now);
        expect(due.isDue).toBe(next <= now);
        expect(due.nextSeconds).toBeGreaterThan(0);
        if (!due.isDue && next - now < 1e11) expect(due.nextSeconds).toBeCloseTo((next - now) / 1000, 6);
      }
    });
    fc.assert(property, { numRuns, seed: SEED });
  });

  test("a later last run never has an earlier next one", () => {
    const property = fc.property(schedules, time, fc.integer({ min: 0, max: 1e8 }), (schedule, last, gap) => {
      expect(schedule.nextAfter(last + gap)).toBeGreaterThanOrEqual(schedule.nextAfter(last));
    });
    fc.assert(property, { numRuns, seed: SEED });
  });

  test("is the same when read back", () => {
    const property = fc.property(schedules, time, (schedule, last) => {
      const read = parseSchedule(JSON.parse(JSON.stringify(schedule)));
      expect(read.toString()).toBe(schedule.toString());
      if (kind !== "relative interval") expect(read.nextAfter(last)).toBe(schedule.nextAfter(last));
    });
    fc.assert(property, { numRuns: numRuns / 10, seed: SEED });
  });
});

describe("clocks", () => {
  test.each(ZONES)("of %s are Temporal's", (timezone) => {
    const property = fc.property(time, (at) => {
      const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone).toPlainDateTime();
      const wall = local.toZonedDateTime("UTC").epochMilliseconds;
      const clocks = Zone.named(timezone);
      expect(clocks.wallAt(at)).toBe(wall);
      const instants = (["earlier", "later"] as const).map(
        (disambiguation) => local.toZonedDateTime(timezone, { disambiguation }).epochMilliseconds,
      );
      expect(clocks.instantsOf(wall)).toEqual([...new Set(instants)]);
    });
    fc.assert(property, { numRuns: 500, seed: SEED });
  });

  test.each(ZONES)("of %s skip times as Temporal has it", (timezone) => {
    const near = fc.constantFrom(...(clockChanges(timezone).length > 0 ? clockChanges(timezone) : [FROM_MS]));
    const property = fc.property(near, fc.integer({ min: 0, max: 3_600_000 }), (change, after) => {
      const wall = Zone.named(timezone).wallAt(change - 1) + 1 + after;
      const local = Temporal.Instant.fromEpochMilliseconds(wall).toZonedDateTimeISO("UTC").toPlainDateTime();
      expect(Zone.named(timezone).instantsOf(wall)[0]).toBe(
        local.toZonedDateTime(timezone).epochMilliseconds,
      );
    });
    fc.assert(property, { numRuns: 300, seed: SEED });
  });
});
