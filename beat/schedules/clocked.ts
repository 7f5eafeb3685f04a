/** django-celery-beat's clocked schedule: once. Source: clockedschedule.py of django-celery-beat 2.9. */
import { Temporal } from "temporal-polyfill";
import { ConfigurationError } from "../../protocol/errors.ts";
import type { ClockedSpec, Due, Schedule } from "./schedule.ts";

/** Seconds until to ask again about what will not come again. */
const NEVER_SECONDS = 100_000_000;
/** An offset, or a zone's name in brackets, after the date. */
const HAS_OFFSET = /^.{10}.*(?:[Zz+\]]|-\d)/;

/** Once, at a Date or an ISO 8601 time; without an offset it is UTC. Throws ConfigurationError. */
export function clocked(time: string | Date): Schedule {
  return new ClockedSchedule(time);
}

/** One run, at its time or the first moment after it. An entry that last ran at or after its time does not run again. */
export class ClockedSchedule implements Schedule {
  readonly #time: Temporal.Instant;

  /** Throws ConfigurationError. */
  constructor(time: string | Date) {
    this.#time = parseTime(time);
  }

  isDue(lastRunAtMs: number, nowMs: number): Due {
    const next = this.nextAfter(lastRunAtMs);
    if (next <= nowMs) return { isDue: true, nextSeconds: NEVER_SECONDS };
    return { isDue: false, nextSeconds: Math.min((next - nowMs) / 1000, NEVER_SECONDS) };
  }

  nextAfter(lastRunAtMs: number): number {
    const time = Number(this.#time.epochNanoseconds / 1000n) / 1000;
    return lastRunAtMs < time ? time : Number.POSITIVE_INFINITY;
  }

  toString(): string {
    const local = this.#time.toZonedDateTimeISO("UTC").toPlainDateTime();
    const hasFraction = local.millisecond > 0 || local.microsecond > 0;
    const text = local.toString({ fractionalSecondDigits: hasFraction ? 6 : 0 }).replace("T", " ");
    return `<clocked: ${text}+00:00>`;
  }

  toJSON(): ClockedSpec {
    return { type: "clocked", time: this.#time.toString() };
  }
}

function parseTime(time: string | Date): Temporal.Instant {
  try {
    if (time instanceof Date) return Temporal.Instant.fromEpochMilliseconds(time.getTime());
    if (HAS_OFFSET.test(time)) return Temporal.Instant.from(time);
    return Temporal.PlainDateTime.from(time).toZonedDateTime("UTC").toInstant();
  } catch (cause) {
    throw new ConfigurationError(
      `The time ${JSON.stringify(String(time).slice(0, 100))} of a clocked schedule is no ISO 8601 time. Write one like "2026-03-01T09:00:00Z".`,
      { cause },
    );
  }
}
