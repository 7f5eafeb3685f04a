/** What a beat is made from. */
import type { App } from "../app/index.ts";
import type { Clock } from "./clock.ts";
import type { Seat } from "./seat.ts";
import type { ScheduleStore } from "./stores/schedule-store.ts";

/** pino's and console's way of logging. */
export interface BeatLogger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export interface BeatOptions {
  readonly app: App;
  /** Who leads, and what was run. Default: the setting beatLock, else a file beside the setting beatScheduleFilename. The beat closes it. */
  readonly seat?: Seat;
  /** Schedules beside the app's own; the beat closes it. */
  readonly store?: ScheduleStore;
  /** Seconds slept at most. Default: the setting beatMaxLoopInterval. */
  readonly maxInterval?: number;
  readonly logger?: BeatLogger;
  /** For tests. */
  readonly clock?: Clock;
}

/** 5 s where schedules may change, as django-celery-beat; else 300 s, as Celery. */
export function maxIntervalMs(seconds: number, mayChange: boolean): number {
  if (seconds > 0) return seconds * 1000;
  return mayChange ? 5000 : 300_000;
}

export const SILENT: BeatLogger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
