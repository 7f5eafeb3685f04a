/** What a program or a gateway does with schedules: those of a store, which a running beat reads, and the app's own. */
import type { App, AsyncResult } from "../app/index.ts";
import type { PlainObject } from "../protocol/index.ts";
import { appEntries } from "./app-entries.ts";
import { describeEntry } from "./describe-entry.ts";
import { type DueTimesOptions, nextDueTimes } from "./due-times.ts";
import type { BeatEntry } from "./entry.ts";
import { toBeatEntry } from "./entry-source.ts";
import { type NewSchedule, scheduleDefinition } from "./stores/check-definition.ts";
import { type AppScheduleOptions, openAppScheduleStore } from "./stores/open.ts";
import { ScheduleError } from "./stores/schedule-error.ts";
import type { ScheduleDefinition, ScheduleStore, StoredSchedule } from "./stores/schedule-store.ts";
import { trigger } from "./trigger.ts";

/** A schedule as it is shown. */
export interface ScheduleEntry extends StoredSchedule {
  /** `app`: from the app's code or settings; `store`: kept in the store, where it can be changed. */
  readonly origin: "app" | "store";
}

/**
 * Beat sees what is changed here within 5 s. Calls reject with BackendError `backend_unavailable` when the store cannot be
 * reached, and with ConfigurationError when the app's own entries are wrong.
 */
export interface Schedules {
  /** By name; a stored one stands for the app's own of that name. */
  list(): Promise<readonly ScheduleEntry[]>;
  get(name: string): Promise<ScheduleEntry | undefined>;
  /** Adds it, or replaces what has its name. Rejects with ScheduleError, which names the field. */
  put(given: NewSchedule | PlainObject): Promise<ScheduleEntry>;
  /** Removes what is stored, and lets the app's own of that name count again; false when nothing was stored. */
  remove(name: string): Promise<boolean>;
  /** False when there is none. One of the app's own is paused by a stored copy. */
  pause(name: string): Promise<boolean>;
  /** What was due meanwhile is not made up for. False when there is none. */
  resume(name: string): Promise<boolean>;
  /**
   * Sends its task now, be it paused, with a new id; its next run stays as it was. undefined when there is none. Rejects as
   * App.sendTask does.
   */
  trigger(name: string): Promise<AsyncResult | undefined>;
  /** As the function of this name; undefined when there is none. Default: 10 times. */
  nextDueTimes(
    name: string,
    count?: number,
    fromMs?: DueTimesOptions["fromMs"],
  ): Promise<readonly number[] | undefined>;
  /** Closes the store. Twice is fine. */
  close(): Promise<void>;
}

/** Of the store that a beat of the app reads. Throws ConfigurationError for a place that is unknown. */
export function openSchedules(app: App, options?: AppScheduleOptions): Schedules {
  return createSchedules(app, openAppScheduleStore(app, options));
}

/** Of a store, which close() closes. */
export function createSchedules(app: App, store: ScheduleStore): Schedules {
  const timezone = app.settings.timezone ?? "UTC";
  const own = (): Map<string, BeatEntry> => new Map(appEntries(app).map((entry) => [entry.name, entry]));

  const show = async (entry: BeatEntry): Promise<ScheduleEntry> => ({
    ...plain(describeEntry(entry, timezone)),
    ...(await store.otherRuns(entry.name)),
    changedAtMs: 0,
    origin: "app",
  });
  const get = async (name: string): Promise<ScheduleEntry | undefined> => {
    const stored = await store.get(name);
    if (stored !== undefined) return { ...stored, origin: "store" };
    const entry = own().get(name);
    return entry === undefined ? undefined : show(entry);
  };
  const setEnabled = async (name: string, enabled: boolean): Promise<boolean> => {
    if (await store.setEnabled(name, enabled)) return true;
    const entry = own().get(name);
    // It runs unless a stored one says that it does not.
    if (entry !== undefined && !enabled)
      await store.put(scheduleDefinition({ ...describeEntry(entry, timezone), enabled }));
    return entry !== undefined;
  };

  return {
    async list() {
      const stored = await store.list();
      const others = own();
      for (const { name } of stored) others.delete(name);
      const entries: ScheduleEntry[] = stored.map((schedule) => ({ ...schedule, origin: "store" }));
      entries.push(...(await Promise.all([...others.values()].map(show))));
      return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
    },
    get,
    async put(given) {
      const definition = scheduleDefinition(given);
      await store.put(definition);
      const kept = await get(definition.name);
      if (kept === undefined) throw new ScheduleError("name", "was removed by somebody else meanwhile");
      return kept;
    },
    remove: (name) => store.delete(name),
    pause: (name) => setEnabled(name, false),
    resume: (name) => setEnabled(name, true),
    async trigger(name) {
      const stored = await store.get(name);
      const entry = own().get(name);
      if (stored !== undefined) return trigger(app, toBeatEntry(stored, timezone, entry));
      return entry === undefined ? undefined : trigger(app, entry);
    },
    async nextDueTimes(name, count = 10, fromMs = Date.now()) {
      const schedule = await get(name);
      return schedule === undefined ? undefined : nextDueTimes(schedule, count, { fromMs, timezone });
    },
    close: () => store.close(),
  };
}

/** What JSON makes of it; a function, whose value nobody knows before it is sent, is shown as such. */
function plain(definition: ScheduleDefinition): ScheduleDefinition {
  const text = JSON.stringify(definition, (_key, value: unknown) => {
    if (typeof value === "function") return `<function ${value.name}>`;
    return typeof value === "bigint" ? String(value) : value;
  });
  return JSON.parse(text) as ScheduleDefinition;
}
