/** Celery's crontab. Source: celery/schedules.py of 5.7. */
import { ConfigurationError } from "../../protocol/errors.ts";
import { type CrontabFieldName, expandField } from "./crontab-field.ts";
import { dueByNext } from "./due.ts";
import type { CrontabField, CrontabSpec, Due, Schedule } from "./schedule.ts";
import { DAY_MS, END_MS, Zone } from "./zone.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
/** Of the months from January, in leap years. */
const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The fields of a crontab, each `*` when left out, and its time zone, by default the app's. */
export type CrontabOptions = Partial<Omit<CrontabSpec, "type">>;

/**
 * A crontab: `crontab({ hour: 4, minute: 30, dayOfWeek: "mon-fri" })`. Days must be right in all three of their fields.
 * Throws ConfigurationError.
 */
export function crontab(options: CrontabOptions = {}): Schedule {
  return new CrontabSchedule(options, "UTC");
}

/** The crontab of five fields with one blank between them: `30 4 * * mon-fri`. Throws ConfigurationError. */
export function crontabFromString(text: string, timezone?: string): Schedule {
  return new CrontabSchedule({ ...splitCrontab(text), ...(timezone !== undefined && { timezone }) }, "UTC");
}

/** The five fields of a crontab's text. Throws ConfigurationError for more or less. */
export function splitCrontab(text: string): Record<CrontabFieldName, string> {
  const [minute, hour, dayOfMonth, monthOfYear, dayOfWeek, ...more] = text.split(" ", 6);
  if (
    minute === undefined ||
    hour === undefined ||
    dayOfMonth === undefined ||
    monthOfYear === undefined ||
    dayOfWeek === undefined ||
    more.length > 0
  ) {
    throw new ConfigurationError(
      `The crontab ${JSON.stringify(text.slice(0, 100))} needs five fields with one blank between them: minute, hour, day of the month, month, day of the week.`,
    );
  }
  return { minute, hour, dayOfMonth, monthOfYear, dayOfWeek };
}

/** A crontab in a time zone. */
export class CrontabSchedule implements Schedule {
  readonly #spec: CrontabSpec;
  readonly #zone: Zone;
  readonly #months: ReadonlySet<number>;
  readonly #days: ReadonlySet<number>;
  readonly #weekdays: ReadonlySet<number>;
  /** The minutes of a day it matches, counted from midnight, in order. */
  readonly #times: readonly number[];
  /** The last day that was found to match, counted from 1970. */
  #matchingDay = -1;

  /** Throws ConfigurationError for wrong fields, dates that never come, and unknown zones. */
  constructor(options: CrontabOptions, defaultTimezone: string) {
    const { minute = "*", hour = "*", dayOfWeek = "*", dayOfMonth = "*", monthOfYear = "*" } = options;
    const { timezone } = options;
    const fields = { minute, hour, dayOfWeek, dayOfMonth, monthOfYear };
    this.#spec = { type: "crontab", ...fields, ...(timezone !== undefined && { timezone }) };
    this.#zone = Zone.named(timezone ?? defaultTimezone);
    const months = expandField("monthOfYear", monthOfYear);
    const days = expandField("dayOfMonth", dayOfMonth);
    if (!months.some((month) => days.some((day) => day <= (LONGEST_MONTHS[month - 1] ?? 0)))) {
      throw new ConfigurationError(
        `The dayOfMonth ${field(dayOfMonth)} of a crontab never comes in its monthOfYear ${field(monthOfYear)}. Change one of them.`,
      );
    }
    this.#months = new Set(months);
    this.#days = new Set(days);
    this.#weekdays = new Set(expandField("dayOfWeek", dayOfWeek));
    const minutes = expandField("minute", minute);
    this.#times = expandField("hour", hour).flatMap((hour) => minutes.map((minute) => hour * 60 + minute));
  }

  isDue(lastRunAtMs: number, nowMs: number): Due {
    return dueByNext((last) => this.nextAfter(last), lastRunAtMs, nowMs);
  }

  nextAfter(lastRunAtMs: number): number {
    const last = Math.max(lastRunAtMs, 0);
    let wall = this.#zone.wallAt(Math.min(last, END_MS));
    for (;;) {
      wall = this.#nextWall(wall);
      if (!(wall < END_MS)) return Number.POSITIVE_INFINITY;
      // A time that comes twice counts the first time. In the repeated hour Celery takes it for due again and again.
      const [instant] = this.#zone.instantsOf(wall);
      if (instant > last) return instant;
    }
  }

  toString(): string {
    const { minute, hour, dayOfMonth, monthOfYear, dayOfWeek } = this.#spec;
    const fields = [minute, hour, dayOfMonth, monthOfYear, dayOfWeek].map(field).join(" ");
    return `<crontab: ${fields} (m/h/dM/MY/d)>`;
  }

  toJSON(): CrontabSpec {
    return this.#spec;
  }

  /** The first time on the clocks, in a later minute than `wallMs`, that the fields match. */
  #nextWall(wallMs: number): number {
    const minutes = Math.floor(wallMs / MINUTE_MS);
    const day = Math.floor(minutes / DAY_MINUTES);
    if (day === this.#matchingDay || this.#matches(new Date(day * DAY_MS))) {
      this.#matchingDay = day;
      const time = firstAbove(this.#times, minutes - day * DAY_MINUTES);
      if (time !== undefined) return (day * DAY_MINUTES + time) * MINUTE_MS;
    }
    return this.#nextDay(day) + (this.#times[0] ?? 0) * MINUTE_MS;
  }

  /** Ends, because every day of a year comes on every weekday within 40 years. */
  #nextDay(day: number): number {
    const date = new Date((day + 1) * DAY_MS);
    while (!this.#matches(date)) {
      if (this.#months.has(date.getUTCMonth() + 1)) date.setUTCDate(date.getUTCDate() + 1);
      else date.setUTCMonth(date.getUTCMonth() + 1, 1);
    }
    return date.getTime();
  }

  #matches(date: Date): boolean {
    return (
      this.#days.has(date.getUTCDate()) &&
      this.#weekdays.has(date.getUTCDay()) &&
      this.#months.has(date.getUTCMonth() + 1)
    );
  }
}

/** The first of ordered numbers that is above a limit. */
function firstAbove(numbers: readonly number[], limit: number): number | undefined {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) > limit) high = middle;
    else low = middle + 1;
  }
  return numbers[low];
}

/** A field as Python writes it. */
function field(value: CrontabField): string {
  return typeof value === "object" ? `[${value.join(", ")}]` : String(value);
}
