/** Where beat's entries come from: the app, and a store of schedules where there is one. */
import { isDeepStrictEqual } from "node:util";
import type { App, SendOptions } from "../app/index.ts";
import { appEntries } from "./app-entries.ts";
import type { BeatLogger } from "./beat-options.ts";
import { describeEntry } from "./describe-entry.ts";
import type { BeatEntry } from "./entry.ts";
import { parseSchedule } from "./schedules/index.ts";
import { scheduleDefinition } from "./stores/check-definition.ts";
import type {
  RecordedRuns,
  ScheduleDefinition,
  ScheduleStore,
  StoredSchedule,
} from "./stores/schedule-store.ts";

export interface EntrySource {
  /** True where entries may change while beat runs. */
  readonly mayChange: boolean;
  /** Writes the app's entries into a store that keeps them, where they are new or have changed. */
  install(): Promise<void>;
  /** All entries that are to run. */
  load(): Promise<readonly BeatEntry[]>;
  /** Whether they may have changed since they were loaded. */
  hasChanged(): Promise<boolean>;
  /** Notes runs that were sent. */
  recordRuns(runs: readonly RecordedRuns[]): Promise<void>;
  /** Pauses an entry that is over. */
  disable(entry: BeatEntry): Promise<void>;
}

/** Throws ConfigurationError for a wrong entry of the app. */
export function createEntrySource(
  app: App,
  store: ScheduleStore | undefined,
  logger: BeatLogger,
): EntrySource {
  const own = new Map(appEntries(app).map((entry) => [entry.name, entry]));
  const timezone = app.settings.timezone ?? "UTC";
  let loaded: string | undefined;

  const stored = (schedule: StoredSchedule): BeatEntry[] => {
    try {
      return [toBeatEntry(schedule, timezone, own.get(schedule.name))];
    } catch (error) {
      logger.warn({ err: error }, `The schedule "${schedule.name}" is left out`);
      return [];
    }
  };

  return {
    mayChange: store !== undefined,
    async install() {
      if (store?.keepsAppEntries !== true) return;
      for (const entry of own.values()) {
        try {
          const old = await store.get(entry.name);
          const wanted = scheduleDefinition(describeEntry(entry, timezone, old));
          if (!isDeepStrictEqual(wanted, old === undefined ? undefined : definitionOf(old)))
            await store.put(wanted);
        } catch (error) {
          logger.warn({ err: error }, `The entry "${entry.name}" cannot be kept in the store of schedules`);
        }
      }
    },
    async load() {
      if (store === undefined) return [...own.values()];
      // Before the rows: a change in between is then seen the next time.
      loaded = await store.version();
      const schedules = await store.list();
      const names = new Set(schedules.map(({ name }) => name));
      const others = [...own.values()].filter(({ name }) => !names.has(name));
      return [...others, ...schedules.filter(({ enabled }) => enabled).flatMap(stored)];
    },
    hasChanged: async () => store !== undefined && (await store.version()) !== loaded,
    async recordRuns(runs) {
      await store?.recordRuns(runs);
    },
    async disable({ name, isStored }) {
      if (isStored) await store?.setEnabled(name, false);
    },
  };
}

/** A stored schedule, ready to run. What its store cannot keep, it takes from the app's entry of its name. Throws ConfigurationError. */
export function toBeatEntry(schedule: StoredSchedule, timezone: string, own?: BeatEntry): BeatEntry {
  const { options } = schedule;
  const headers = { ...options.headers, periodic_task_name: schedule.name };
  const expires = schedule.expiresAtMs === undefined ? {} : { expires: new Date(schedule.expiresAtMs) };
  return {
    name: schedule.name,
    task: schedule.task,
    schedule: parseSchedule(schedule.schedule, { timezone }),
    args: schedule.args,
    kwargs: schedule.kwargs,
    options: { ...unkept(own), ...options, ...expires, headers },
    catchUp: schedule.catchUp,
    oneOff: schedule.oneOff,
    startAtMs: schedule.startAtMs,
    expiresAtMs: schedule.expiresAtMs,
    isStored: true,
    sinceMs: schedule.lastRunAtMs ?? (hasFirstRun(schedule) ? undefined : schedule.changedAtMs),
    runCount: schedule.totalRunCount,
  };
}

/** Options that no store has a place for. */
function unkept(own: BeatEntry | undefined): SendOptions {
  const {
    queue: _q,
    exchange: _e,
    routingKey: _r,
    priority: _p,
    expires: _x,
    headers: _h,
    ...rest
  } = own?.options ?? {};
  return rest;
}

/** Whether it says itself when it runs first. */
function hasFirstRun({ schedule, startAtMs }: StoredSchedule): boolean {
  return schedule.type === "clocked" || startAtMs !== undefined;
}

function definitionOf({
  lastRunAtMs: _at,
  totalRunCount: _count,
  changedAtMs: _changed,
  ...rest
}: StoredSchedule): ScheduleDefinition {
  return rest;
}
