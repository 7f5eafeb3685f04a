/** What every schedule does, and how it is written down. Times are milliseconds since 1970. */

/** Celery's `schedstate` (celery/schedules.py). */
export interface Due {
  readonly isDue: boolean;
  /** In how many seconds from now to ask again. */
  readonly nextSeconds: number;
}

/** When a beat entry is due. */
export interface Schedule {
  /** Celery's is_due: is an entry that last ran at `lastRunAtMs` due at `nowMs`? */
  isDue(lastRunAtMs: number, nowMs: number): Due;
  /** The first run after `lastRunAtMs`, whatever time it is now; Infinity for never again. */
  nextAfter(lastRunAtMs: number): number;
  /** For people, as Python's repr: `<crontab: 0 4 * * * (m/h/dM/MY/d)>`, `<freq: 30.00 seconds>`. */
  toString(): string;
  /** As data, which parseSchedule() reads back: for files, REST and comparing definitions. */
  toJSON(): ScheduleSpec;
}

/** A field of a crontab: its text, one number or several. */
export type CrontabField = string | number | readonly number[];

/** Every so many seconds. */
export interface IntervalSpec {
  readonly type: "interval";
  readonly seconds: number;
  /** Whether runs are rounded down to the full day, hour or minute. Default: false. */
  readonly relative?: boolean;
}

/** At clock times of a time zone. */
export interface CrontabSpec {
  readonly type: "crontab";
  readonly minute: CrontabField;
  readonly hour: CrontabField;
  readonly dayOfWeek: CrontabField;
  readonly dayOfMonth: CrontabField;
  readonly monthOfYear: CrontabField;
  /** An IANA name. Default: the `timezone` given to parseSchedule(). */
  readonly timezone?: string;
}

/** The events of the sun, under Celery's names. */
export const SOLAR_EVENTS = [
  "dawn_astronomical",
  "dawn_nautical",
  "dawn_civil",
  "sunrise",
  "solar_noon",
  "sunset",
  "dusk_civil",
  "dusk_nautical",
  "dusk_astronomical",
] as const;

/** One of {@link SOLAR_EVENTS}. */
export type SolarEvent = (typeof SOLAR_EVENTS)[number];

/** At an event of the sun. */
export interface SolarSpec {
  readonly type: "solar";
  readonly event: SolarEvent;
  /** Degrees north, -90 to 90. */
  readonly latitude: number;
  /** Degrees east, -180 to 180. */
  readonly longitude: number;
}

/** Once. */
export interface ClockedSpec {
  readonly type: "clocked";
  /** ISO 8601; without an offset it is UTC. */
  readonly time: string;
}

/** A schedule as plain JSON. */
export type ScheduleSpec = IntervalSpec | CrontabSpec | SolarSpec | ClockedSpec;
