/** Crontabs and times for property tests and for the comparison with Celery. */
import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { CRONTAB_FIELDS, type CrontabFieldName } from "../../../beat/schedules/crontab-field.ts";
import { crontab, type Schedule } from "../../../beat/schedules/index.ts";

/** Zones with every kind of change: by an hour and by half of one, at 00:00 and at 02:00, north and south, none, and for Ramadan. */
export const ZONES = [
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kolkata",
  "America/Sao_Paulo",
  "Africa/Casablanca",
] as const;

/** Ten years; in the first of them Sao Paulo still changed its clocks. */
export const FROM_MS: number = Date.UTC(2016, 0, 1);
export const TO_MS: number = Date.UTC(2026, 0, 1);

const NAMES: Partial<Record<CrontabFieldName, readonly string[]>> = {
  dayOfWeek: ["sun", "Monday", "tue", "WED", "thursday", "fri", "sat"],
  monthOfYear: ["jan", "February", "mar", "apr", "MAY", "jun", "july", "aug", "sep", "oct", "nov", "dec"],
};

function part(name: CrontabFieldName): fc.Arbitrary<string> {
  const [min, max] = CRONTAB_FIELDS[name];
  const number = fc.integer({ min, max }).map(String);
  const value = fc
    .oneof(number, fc.constantFrom(...(NAMES[name] ?? ["0"])))
    .filter((text) => text !== "0" || min === 0);
  const step = fc.integer({ min: 1, max: Math.ceil((max + 1) / 2) });
  const range = fc.tuple(value, value).map(([from, to]) => `${from}-${to}`);
  return fc.oneof(
    value,
    range,
    step.map((every) => `*/${every}`),
    fc.tuple(range, step).map(([numbers, every]) => `${numbers}/${every}`),
  );
}

/** The text of a field. */
export function fieldText(name: CrontabFieldName): fc.Arbitrary<string> {
  return fc.oneof(
    { arbitrary: fc.constant("*"), weight: 2 },
    { arbitrary: part(name), weight: 2 },
    {
      arbitrary: fc.array(part(name), { minLength: 2, maxLength: 4 }).map((parts) => parts.join(",")),
      weight: 1,
    },
  );
}

/** The five fields of a crontab that has dates, in the order of its text. Many run in the hours in which clocks are changed. */
export const crontabFields: fc.Arbitrary<readonly [string, string, string, string, string]> = fc
  .tuple(
    fc.oneof(fieldText("minute"), fc.constantFrom("0", "30", "*/20", "59")),
    fc.oneof(fieldText("hour"), fc.constantFrom("*", "0", "1-3", "2", "23-2")),
    fc.oneof(fc.constant("*"), fieldText("dayOfMonth")),
    fc.oneof({ arbitrary: fc.constant("*"), weight: 3 }, { arbitrary: fieldText("monthOfYear"), weight: 1 }),
    fc.oneof(fc.constant("*"), fieldText("dayOfWeek")),
  )
  .filter(hasDates);

/** Instants at which the clocks of a zone are changed in the ten years. */
export function clockChanges(zone: string): number[] {
  const changes: number[] = [];
  let time = Temporal.Instant.fromEpochMilliseconds(FROM_MS).toZonedDateTimeISO(zone);
  for (;;) {
    const next = time.getTimeZoneTransition("next");
    if (next === null || next.epochMilliseconds >= TO_MS) return changes;
    changes.push(next.epochMilliseconds);
    time = next;
  }
}

/** The schedule of five fields in the order of a crontab's text. */
export function crontabOf(fields: readonly string[], timezone: string): Schedule {
  const [minute = "", hour = "", dayOfMonth = "", monthOfYear = "", dayOfWeek = ""] = fields;
  return crontab({ minute, hour, dayOfMonth, monthOfYear, dayOfWeek, timezone });
}

/** The next runs, one after another: so many, and none after `untilMs`. */
export function runsAfter(
  schedule: Schedule,
  startMs: number,
  count: number,
  untilMs: number = Number.MAX_VALUE,
): number[] {
  const runs: number[] = [];
  for (let last = startMs; runs.length < count; ) {
    last = schedule.nextAfter(last);
    if (last > untilMs) break;
    runs.push(last);
  }
  return runs;
}

function hasDates(fields: readonly string[]): boolean {
  try {
    crontabOf(fields, "UTC");
    return true;
  } catch {
    return false;
  }
}
