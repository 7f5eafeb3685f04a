/**
 * Schedules in a JSON file, or in this process only. Any number of processes may read and change the file; a lock file beside
 * it lets one at a time write. Runs are in a second file, so that the first changes only when somebody edits it, be it with an
 * editor.
 */
import { scheduleDefinition } from "./check-definition.ts";
import { FileCopy } from "./file-copy.ts";
import type { KeptDefinition } from "./file-format.ts";
import type { ScheduleDefinition, ScheduleStore, StoredSchedule } from "./schedule-store.ts";

export interface FileSchedulesOptions {
  /** undefined: nothing survives this process. */
  readonly path?: string;
  readonly onWarning?: (message: string, error?: unknown) => void;
  readonly now?: () => number;
}

/** Reads the file when it is first asked, and whenever it has changed. */
export function createFileScheduleStore(options: FileSchedulesOptions = {}): ScheduleStore {
  const { path, onWarning = () => undefined, now = Date.now } = options;
  const copy = new FileCopy(path, onWarning);

  const stored = ({
    definition,
    changedAtMs,
    resumedAtMs = Number.NEGATIVE_INFINITY,
  }: KeptDefinition): StoredSchedule => {
    const { lastRunAtMs, totalRunCount } = copy.runsOf(definition.name);
    const counts = definition.enabled && lastRunAtMs !== undefined && lastRunAtMs >= resumedAtMs;
    return { ...definition, lastRunAtMs: counts ? lastRunAtMs : undefined, totalRunCount, changedAtMs };
  };
  const keep = (definition: ScheduleDefinition): void => {
    const { name, enabled, oneOff } = definition;
    const old = copy.get(name);
    const isSwitched = old !== undefined && old.definition.enabled !== enabled;
    // The number of runs is what says that a one-off schedule is over.
    if (oneOff && (isSwitched || old?.definition.oneOff === false))
      copy.setRuns(name, { ...copy.runsOf(name), totalRunCount: 0 });
    const resumedAtMs = isSwitched ? now() : old?.resumedAtMs;
    copy.set(name, { definition, changedAtMs: now(), resumedAtMs });
  };

  return {
    name: path === undefined ? "memory" : "file",
    keepsAppEntries: false,
    list: () => copy.read(() => copy.all().map(stored)),
    get: (name) =>
      copy.read(() => {
        const found = copy.get(name);
        return found === undefined ? undefined : stored(found);
      }),
    async put(given) {
      const definition = scheduleDefinition(given);
      await copy.change(() => keep(definition));
    },
    delete: (name) => copy.change(() => copy.delete(name)),
    setEnabled: (name, enabled) =>
      copy.change(() => {
        const old = copy.get(name);
        if (old !== undefined) keep({ ...old.definition, enabled });
        return old !== undefined;
      }),
    version: () => copy.version(),
    recordRuns: (runs) =>
      copy.change(() => {
        for (const { name, lastRunAtMs, count } of runs)
          copy.setRuns(name, { lastRunAtMs, totalRunCount: copy.runsOf(name).totalRunCount + count });
      }),
    otherRuns: (name) => copy.read(() => copy.runsOf(name)),
    close: () => copy.close(),
  };
}
