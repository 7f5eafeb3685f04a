/** What beat runs: an entry with its schedule read. */
import type { CatchUp, SendOptions } from "../app/index.ts";
import type { PlainObject } from "../protocol/index.ts";
import type { Schedule } from "./schedules/schedule.ts";

export interface BeatEntry {
  readonly name: string;
  readonly task: string;
  readonly schedule: Schedule;
  /** Functions among them are called at each run. */
  readonly args: readonly unknown[];
  readonly kwargs: PlainObject;
  readonly options: SendOptions;
  readonly catchUp: CatchUp;
  /** Disabled after its run. */
  readonly oneOff: boolean;
  /** No run before, milliseconds since 1970. */
  readonly startAtMs: number | undefined;
  /** No run from then on: it is disabled. */
  readonly expiresAtMs: number | undefined;
  /** From a store of schedules, which is told about its runs; else from the app's settings. */
  readonly isStored: boolean;
  /** The run that its store knows of, or from when a new one counts; undefined: it begins when beat first sees it. */
  readonly sinceMs: number | undefined;
  /** Runs that its store knows of, those of other beats too. */
  readonly runCount: number;
}

/** Where an entry stands. */
export interface EntryState {
  /** The newest run that was taken on: the instant it was due, or when missed ones were caught up. Milliseconds since 1970. */
  readonly lastRunAtMs: number;
  readonly totalRunCount: number;
  /** Instants of runs that are taken on and of which nobody knows yet that the broker has them. */
  readonly pending: readonly number[];
}
