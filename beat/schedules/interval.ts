/** Celery's schedule. Sources: celery/schedules.py, remaining() in celery/utils/time.py of 5.7. */
import { ConfigurationError } from "../../protocol/errors.ts";
import { humanizeSeconds } from "./humanize.ts";
import type { Due, IntervalSpec, Schedule } from "./schedule.ts";
import { DAY_MS, Zone } from "./zone.ts";

/** Seconds: what a timedelta can hold at the least, and a hundred years. */
const [SHORTEST, LONGEST] = [1e-6, 36_525 * 86_400];
const [SECOND_MS, MINUTE_MS, HOUR_MS] = [1000, 60_000, 3_600_000];

/** How a builder's interval differs from the plain one. */
export interface IntervalOptions {
  /** Whether runs are rounded down to the full day, hour or minute, whichever the interval has. Default: false. */
  readonly relative?: boolean;
}

/** An interval of so many seconds. Throws ConfigurationError. */
export function schedule(seconds: number, options: IntervalOptions = {}): Schedule {
  return new IntervalSchedule(seconds, options.relative ?? false, "UTC");
}

/** Runs so many seconds apart, each counted from the one before it. */
export class IntervalSchedule implements Schedule {
  readonly #seconds: number;
  readonly #relative: boolean;
  readonly #zone: Zone;

  /** `timezone` says where a day ends, for relative ones. Throws ConfigurationError. */
  constructor(seconds: number, relative: boolean, timezone: string) {
    if (!(typeof seconds === "number" && seconds >= SHORTEST && seconds <= LONGEST)) {
      throw new ConfigurationError(
        `The seconds of an interval are ${String(seconds)}. Use a number from ${SHORTEST} to ${LONGEST}.`,
      );
    }
    this.#seconds = seconds;
    this.#relative = relative;
    this.#zone = Zone.named(timezone);
  }

  isDue(lastRunAtMs: number, nowMs: number): Due {
    const next = this.nextAfter(lastRunAtMs);
    if (next > nowMs) return { isDue: false, nextSeconds: (next - nowMs) / 1000 };
    const nextSeconds = this.#relative ? (this.nextAfter(nowMs) - nowMs) / 1000 : this.#seconds;
    return { isDue: true, nextSeconds };
  }

  nextAfter(lastRunAtMs: number): number {
    const end = lastRunAtMs + this.#seconds * 1000;
    if (!this.#relative) return end;
    const rounded = this.#seconds >= 86_400 ? this.#midnight(lastRunAtMs) : this.#fullUnit(lastRunAtMs, end);
    // Celery takes an interval below a second for due at once, again and again.
    return rounded > lastRunAtMs ? rounded : end;
  }

  toString(): string {
    return `<freq: ${humanizeSeconds(this.#seconds)}>`;
  }

  toJSON(): IntervalSpec {
    return { type: "interval", seconds: this.#seconds, ...(this.#relative && { relative: true }) };
  }

  /** Days are days of the calendar, whatever the clocks do. */
  #midnight(lastMs: number): number {
    const end = this.#zone.wallAt(lastMs) + this.#seconds * 1000;
    const midnights = this.#zone.instantsOf(floor(end, DAY_MS));
    return midnights.find((instant) => instant > lastMs) ?? this.#zone.instantsOf(end)[0];
  }

  /** The last full hour, minute or second until `endMs`. */
  #fullUnit(lastMs: number, endMs: number): number {
    const unit = this.#seconds >= 3600 ? HOUR_MS : this.#seconds >= 60 ? MINUTE_MS : SECOND_MS;
    const roundings = (wallMs: number): readonly number[] => this.#zone.instantsOf(floor(wallMs, unit));
    const wall = this.#zone.wallAt(endMs);
    const candidates = roundings(wall);
    const rounded = candidates.findLast((instant) => instant <= endMs) ?? Math.min(...candidates);
    if (rounded > lastMs || unit === SECOND_MS) return rounded;
    // The clocks were set back by a part of an hour.
    const others = [
      ...roundings(wall + unit),
      ...roundings(this.#zone.wallAt(lastMs) + this.#seconds * 1000),
    ];
    const future = [...candidates, ...others].filter((instant) => instant > lastMs);
    const before = future.filter((instant) => instant <= endMs);
    if (before.length > 0) return Math.max(...before);
    return future.length > 0 ? Math.min(...future) : endMs;
  }
}

function floor(wallMs: number, unitMs: number): number {
  return Math.floor(wallMs / unitMs) * unitMs;
}
