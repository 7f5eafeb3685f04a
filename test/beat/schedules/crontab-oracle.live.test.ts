/**
 * Celery's own crontab and schedule judge ours: generated ones in six time zones, at and around every change of the clocks in
 * ten years and at times between. `CELERITY_SEED=<n>` repeats a run; `CELERITY_ALL_RUNS=<n>` compares the first n crontabs run
 * by run over the ten years, those with 50 000 runs or more through all changes of the clocks and in each month.
 */
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { afterAll, describe, expect, test } from "vitest";
import { CRONTAB_FIELDS, type CrontabFieldName, expandField } from "../../../beat/schedules/crontab-field.ts";
import { parseSchedule, type Schedule, schedule } from "../../../beat/schedules/index.ts";
import { pythonEnvironment } from "../../helpers/python-environment.ts";
import { PythonLines } from "../../helpers/python-lines.ts";
import { clockChanges, crontabFields, crontabOf, FROM_MS, runsAfter, TO_MS, ZONES } from "./generated.ts";

const SEED = Number(process.env["CELERITY_SEED"] ?? Date.now() % 2 ** 31);
const ALL_RUNS = Number(process.env["CELERITY_ALL_RUNS"] ?? 0);
/** Crontabs in each zone, and for each of them the times between changes of the clocks and the runs after every start. */
const [CRONTABS, TIMES, RUNS] = [200, 5, 4];
/** With CELERITY_ALL_RUNS: what is too much to compare run by run, and runs from each of many starts instead. */
const [MANY_RUNS, SOME_RUNS] = [50_000, 400];
const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000];

/** Where we differ on purpose. */
const DIFFERENCES = {
  repeatedHour: {
    celery:
      "An entry that last ran in the hour that clocks repeat is due at its time in the first of the two, which is past: it runs without pause until the hour ends.",
    ours: "It is due at the first of Celery's times that is later than its last run.",
  },
  shortRelative: {
    celery: "A relative interval below a second is rounded down to before its last run: it is due at once.",
    ours: "It is due when the interval is over.",
  },
} as const;

const file = fileURLToPath(new URL("python_schedules.py", import.meta.url));

let python: PythonLines | undefined;
afterAll(() => python?.close());

/** One process for all, because it takes its time to start. */
function askCelery(question: object): Promise<unknown> {
  python ??= new PythonLines({ version: "latest", file, env: pythonEnvironment() });
  return python.call(question);
}

/** The same sample in every zone. */
const crontabs = fc.sample(crontabFields, { numRuns: CRONTABS, seed: SEED });

describe.each(ZONES)(`%s (CELERITY_SEED=${SEED})`, { timeout: 120_000 }, (timezone) => {
  const changes = clockChanges(timezone);

  /** Shortly before every change of the clocks, at any time of the day before it, and at any other times. */
  function startsFor(index: number): number[] {
    const before = fc.oneof(
      fc.integer({ min: 0, max: 3 * MINUTE_MS }),
      fc.integer({ min: 0, max: 2 * HOUR_MS }),
      fc.integer({ min: 0, max: 26 * HOUR_MS }),
    );
    const any = fc.integer({ min: FROM_MS, max: TO_MS });
    const options = { seed: SEED + index };
    const distances = fc.sample(before, { ...options, numRuns: changes.length });
    const near = changes.map((change, position) => change - (distances[position] ?? 0));
    return [...near, ...fc.sample(any, { ...options, numRuns: TIMES })].filter(
      (time) => !isRepeated(time, timezone),
    );
  }

  const beforeChanges = changes
    .map((change) => change - 2 * HOUR_MS)
    .filter((time) => !isRepeated(time, timezone));
  const months = Array.from({ length: 120 }, (_, month) => Date.UTC(2016, month));

  test("crontabs run when Celery's do", async () => {
    for (const [index, fields] of crontabs.entries()) {
      const starts = startsFor(index);
      const until = Number.MAX_SAFE_INTEGER;
      const theirs = await askCelery({ op: "runs", timezone, fields, starts, count: RUNS, until });
      const ours = starts.map((start) => runsAfter(crontabOf(fields, timezone), start, RUNS));
      expectSame({ fields: fields.join(" "), starts: starts.map(shown) }, ours, theirs);
    }
  });

  test("crontabs are due, and asked again, when Celery's are", async () => {
    for (const [index, fields] of crontabs.entries()) {
      const gap = fc.oneof(
        fc.integer({ min: 0, max: 2 * HOUR_MS }),
        fc.integer({ min: 0, max: 40 * 24 * HOUR_MS }),
      );
      const starts = startsFor(index).slice(-10);
      const gaps = fc.sample(gap, { numRuns: starts.length, seed: SEED + index });
      const pairs = starts
        .map((last, position) => [last, last + (gaps[position] ?? 0)] as const)
        .filter(([, now]) => !isRepeated(now, timezone));
      const theirs = await askCelery({ op: "is_due", timezone, fields, pairs });
      const ours = pairs.map((pair) => dueAt(crontabOf(fields, timezone), ...pair));
      expectSame({ fields: fields.join(" "), pairs }, ours, theirs);
    }
  });

  if (changes.length > 0)
    test(DIFFERENCES.repeatedHour.ours, async () => {
      const minutes = Array.from({ length: 12 }, (_, index) => index * 5 * MINUTE_MS + 1);
      const starts = changes.flatMap((change) => minutes.map((after) => change + after));
      const repeated = starts.filter((start) => isRepeated(start, timezone));
      expect(repeated.length).toBeGreaterThan(0);
      // Those that run in every hour run without pause in Celery.
      const every = ["*", "*", "*", "*", "*"];
      const again = { op: "runs", timezone, fields: every, starts: repeated, count: 1, until: TO_MS };
      const late = ((await askCelery(again)) as number[][]).map(
        ([next = 0], index) => next < (repeated[index] ?? 0),
      );
      expect(new Set(late), DIFFERENCES.repeatedHour.celery).toEqual(new Set([true]));

      for (const fields of [every, ...crontabs.slice(0, 40)]) {
        const question = {
          op: "runs",
          timezone,
          fields,
          starts: repeated,
          count: 70,
          until: Number.MAX_SAFE_INTEGER,
        };
        const runs = (await askCelery({ ...question, count: fields === every ? 70 : 8 })) as number[][];
        for (const [index, start] of repeated.entries()) {
          const theirs = runs[index]?.find((run) => run > start);
          // With many runs in the hour the later ones were not asked for.
          if (theirs !== undefined)
            expectSame({ fields, start }, crontabOf(fields, timezone).nextAfter(start), theirs);
        }
      }
    });

  describe("relative intervals", () => {
    const shifts = [-2 * HOUR_MS, -HOUR_MS, -90_000, 0, 40 * MINUTE_MS, HOUR_MS];
    const any = fc.sample(fc.integer({ min: FROM_MS, max: TO_MS }), { numRuns: 20, seed: SEED });

    /** A run before, at and after every change of the clocks, also one that ends there; and at any times. */
    function startsFor(index: number, seconds: number): number[] {
      const odd = (index % 3) * 17_345;
      const near = [-seconds * 1000, ...shifts].flatMap((shift) =>
        changes.map((change) => change + shift + odd),
      );
      return [...near, ...any];
    }

    function relative(seconds: number): Schedule {
      return parseSchedule({ type: "interval", seconds, relative: true }, { timezone });
    }

    async function celeryAfter(seconds: number, starts: readonly number[]): Promise<number[]> {
      const question = { timezone, seconds, starts, count: 1, until: Number.MAX_SAFE_INTEGER };
      return ((await askCelery({ op: "runs", ...question })) as number[][]).flat();
    }

    test("run when Celery's do", async () => {
      const own = [
        1, 2.5, 30, 59.9, 60, 90, 1800, 3599, 3600, 5400, 7200, 43_200, 86_399, 86_400, 90_000, 604_800,
      ];
      own.push(...fc.sample(fc.integer({ min: 1, max: 200_000 }), { numRuns: 20, seed: SEED }));
      for (const [index, seconds] of own.entries()) {
        const starts = startsFor(index, seconds);
        const ours = starts.map((start) => relative(seconds).nextAfter(start));
        expectSame({ seconds, starts }, ours, await celeryAfter(seconds, starts));
        const pairs = starts.map((last) => [last, last + ((index % 4) * seconds * 1000) / 2] as const);
        const due = pairs.map((pair) => dueAt(relative(seconds), ...pair));
        expectSame({ seconds, pairs }, due, await askCelery({ op: "is_due", timezone, seconds, pairs }));
      }
    });

    test(DIFFERENCES.shortRelative.ours, async () => {
      for (const [index, seconds] of [0.2, 0.5, 0.9].entries()) {
        const starts = startsFor(index, seconds);
        const theirs = await celeryAfter(seconds, starts);
        const isLate = (next: number, position: number): boolean => next <= (starts[position] ?? 0);
        expect(theirs.some(isLate), DIFFERENCES.shortRelative.celery).toBe(true);
        const better = theirs.map((next, position) =>
          isLate(next, position) ? (starts[position] ?? 0) + seconds * 1000 : next,
        );
        expectSame(
          { seconds, starts },
          starts.map((start) => relative(seconds).nextAfter(start)),
          better,
        );
      }
    });
  });

  if (ALL_RUNS > 0)
    test("all runs of ten years", { timeout: 7_200_000 }, async () => {
      let compared = 0;
      for (const fields of crontabs.slice(0, ALL_RUNS)) {
        const entry = crontabOf(fields, timezone);
        const all = runsAfter(entry, FROM_MS, MANY_RUNS, TO_MS);
        const isMany = all.length === MANY_RUNS;
        const starts = isMany ? [...beforeChanges, ...months] : [FROM_MS];
        const count = isMany ? SOME_RUNS : MANY_RUNS;
        const question = { timezone, fields, starts, count, until: TO_MS };
        const theirs = await askCelery({ op: "runs", ...question });
        const ours = isMany ? starts.map((start) => runsAfter(entry, start, count, TO_MS)) : [all];
        expectSame({ fields }, ours, theirs);
        compared += ours.flat().length;
      }
      process.stderr.write(`${timezone}: ${compared} runs of ${ALL_RUNS} crontabs compared\n`);
    });
});

test(`fields are read as Celery reads them (CELERITY_SEED=${SEED})`, { timeout: 60_000 }, async () => {
  const pieces = ["*", "/", "-", ",", " ", "_", "+", "x", "٣", "sun", "Mar", "mayday"];
  pieces.push(..."0 1 2 5 7 12 31 59 60".split(" "));
  const text = fc
    .array(fc.constantFrom(...pieces), { minLength: 0, maxLength: 7 })
    .map((some) => some.join(""));
  const field = fc.constantFrom(...(Object.keys(CRONTAB_FIELDS) as CrontabFieldName[]));
  const texts = fc.sample(fc.tuple(field, text), { numRuns: 20_000, seed: SEED });
  const theirs = (await askCelery({ op: "fields", texts })) as unknown[];
  for (const [index, [name, value]] of texts.entries())
    expectSame([name, value], expanded(name, value), theirs[index]);
  expect(theirs.filter((numbers) => numbers !== null).length).toBeGreaterThan(1000);
});

test("intervals are written as Celery writes them", async () => {
  const seconds = [
    0.004, 0.005, 0.125, 0.999, 1, 1.125, 1.135, 59.99, 59.995, 60, 67.5, 90, 97.5, 3600, 4_050, 86_400, 1e9,
  ];
  seconds.push(...fc.sample(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { numRuns: 1000, seed: SEED }));
  expect(seconds.map((every) => schedule(every).toString())).toEqual(
    await askCelery({ op: "texts", seconds }),
  );
});

/** Whether the clocks show the same time an hour, or less, before. */
function isRepeated(time: number, timezone: string): boolean {
  const local = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(timezone);
  return (
    local.toPlainDateTime().toZonedDateTime(timezone, { disambiguation: "earlier" }).epochMilliseconds !==
    time
  );
}

/** As Celery's schedstate. */
function dueAt(entry: Schedule, last: number, now: number): unknown {
  const { isDue, nextSeconds } = entry.isDue(last, now);
  return [isDue, nextSeconds];
}

function expanded(name: CrontabFieldName, value: string): number[] | null {
  try {
    return expandField(name, value);
  } catch {
    return null;
  }
}

function shown(time: number): string {
  return new Date(time).toISOString();
}

/** Compares as texts, which is quick, and shows what differs. */
function expectSame(context: unknown, ours: unknown, theirs: unknown): void {
  if (JSON.stringify(ours) !== JSON.stringify(theirs)) expect(ours, JSON.stringify(context)).toEqual(theirs);
}
