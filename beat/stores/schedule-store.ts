/**
 * The seam of schedules that may change while beat runs: what an administrator, a program or the gateway edits. Everything
 * in it is plain JSON. Beat reads it, tells it about runs, and notices changes within 5 s.
 */
import type { CatchUp } from "../../app/index.ts";
import type { PlainObject } from "../../protocol/index.ts";
import type { ScheduleSpec } from "../schedules/schedule.ts";

/** Options of a run that every store can keep. */
export interface ScheduleOptions {
  readonly queue?: string;
  readonly exchange?: string;
  readonly routingKey?: string;
  /** 0 to 255. */
  readonly priority?: number;
  /** Seconds after which a run that has not started is dropped. */
  readonly expires?: number;
  readonly headers?: PlainObject;
}

/** A schedule as it is written. */
export interface ScheduleDefinition {
  /** 1 to 200 characters. */
  readonly name: string;
  readonly task: string;
  readonly schedule: ScheduleSpec;
  readonly args: readonly unknown[];
  readonly kwargs: PlainObject;
  readonly options: ScheduleOptions;
  /** What becomes of runs that were missed. */
  readonly catchUp: CatchUp;
  readonly enabled: boolean;
  /** Paused after its next run. */
  readonly oneOff: boolean;
  /** No run before, milliseconds since 1970. */
  readonly startAtMs?: number;
  /** No run from then on, milliseconds since 1970; it is paused then. A run that waits for a worker is dropped then too. */
  readonly expiresAtMs?: number;
  readonly description: string;
}

/** What became of a schedule. */
export interface PastRuns {
  /** undefined: not since it was enabled. Milliseconds since 1970. */
  readonly lastRunAtMs: number | undefined;
  readonly totalRunCount: number;
}

/** A schedule, and what became of it. */
export interface StoredSchedule extends ScheduleDefinition, PastRuns {
  /** When the definition was written last, milliseconds since 1970. */
  readonly changedAtMs: number;
}

/**
 * Calls reject with BackendError `backend_unavailable` when the store cannot be reached, and with ConfigurationError for a
 * definition that cannot be kept.
 */
export interface ScheduleStore {
  readonly name: string;
  /** True where it is meant to show and to keep the app's own entries too: beat writes those that are new or have changed. */
  readonly keepsAppEntries: boolean;
  /** All schedules by name, paused ones too; those that cannot be understood are left out, with a warning. */
  list(): Promise<readonly StoredSchedule[]>;
  get(name: string): Promise<StoredSchedule | undefined>;
  /** Adds it, or replaces what has its name; the runs so far stay. */
  put(definition: ScheduleDefinition): Promise<void>;
  /** False when there was none. */
  delete(name: string): Promise<boolean>;
  /** Pauses or resumes. Runs while it is paused are not made up for. False when there is none. */
  setEnabled(name: string, enabled: boolean): Promise<boolean>;
  /** Something that is different after every change; not after {@link recordRuns}. */
  version(): Promise<string>;
  /** Beat: notes runs, those of the app's own entries too. */
  recordRuns(runs: readonly RecordedRuns[]): Promise<void>;
  /** What is known of runs of entries that are not kept here: the app's own. */
  otherRuns(name: string): Promise<PastRuns>;
  /** Twice is fine. */
  close(): Promise<void>;
}

/** Runs of a schedule that were sent. */
export interface RecordedRuns {
  readonly name: string;
  /** The newest. */
  readonly lastRunAtMs: number;
  readonly count: number;
}
