/**
 * Schedules in a JSON file, or in this process only. One process at a time may change a file; any number may read it. Runs
 * are known where they are sent, and not in the file.
 */
import { stat } from "node:fs/promises";
import { ConfigurationError, isPlainObject } from "../../protocol/index.ts";
import { parseJson, readText, writeJson } from "../json-file.ts";
import { type NewSchedule, scheduleDefinition } from "./check-definition.ts";
import type { ScheduleStore, StoredSchedule } from "./schedule-store.ts";

export interface FileSchedulesOptions {
  /** undefined: nothing survives this process. */
  readonly path?: string;
  readonly onWarning?: (message: string, error?: unknown) => void;
  readonly now?: () => number;
}

const FORMAT = 1;

/** Reads the file when it is first asked, and whenever it has changed. */
export function createFileScheduleStore(options: FileSchedulesOptions = {}): ScheduleStore {
  const { path, onWarning = () => undefined, now = Date.now } = options;
  let schedules = new Map<string, StoredSchedule>();
  let seen = "";
  let changes = 0;
  /** Resolves when the caller before is done. */
  let last: Promise<unknown> = Promise.resolve();

  const refresh = async (): Promise<void> => {
    if (path === undefined) return;
    const stamp = await stampOf(path);
    if (stamp === seen) return;
    const read = stamp === "" ? [] : await readSchedules(path, onWarning);
    schedules = new Map(
      read.map((schedule) => [schedule.name, withRuns(schedule, schedules.get(schedule.name))]),
    );
    seen = stamp;
  };
  const save = async (): Promise<void> => {
    changes += 1;
    if (path === undefined) return;
    await writeJson(path, { format: FORMAT, schedules: [...schedules.values()].map(toJson) });
    seen = await stampOf(path);
  };
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = last.then(async () => {
      await refresh();
      return work();
    });
    last = result.catch(() => undefined);
    return result;
  };
  const update = (name: string, change: (old: StoredSchedule) => StoredSchedule): boolean => {
    const old = schedules.get(name);
    if (old === undefined) return false;
    schedules.set(name, change(old));
    return true;
  };

  return {
    name: path === undefined ? "memory" : "file",
    keepsAppEntries: false,
    list: () => inTurn(async () => [...schedules.values()]),
    get: (name) => inTurn(async () => schedules.get(name)),
    put: (given) =>
      inTurn(async () => {
        const definition = scheduleDefinition(given);
        const old = schedules.get(definition.name);
        const lastRunAtMs = definition.enabled ? old?.lastRunAtMs : undefined;
        const totalRunCount = old?.totalRunCount ?? 0;
        schedules.set(definition.name, { ...definition, lastRunAtMs, totalRunCount, changedAtMs: now() });
        await save();
      }),
    delete: (name) =>
      inTurn(async () => {
        const existed = schedules.delete(name);
        if (existed) await save();
        return existed;
      }),
    setEnabled: (name, enabled) =>
      inTurn(async () => {
        const existed = update(name, (old) => ({
          ...old,
          enabled,
          lastRunAtMs: undefined,
          changedAtMs: now(),
        }));
        if (existed) await save();
        return existed;
      }),
    version: () => (path === undefined ? Promise.resolve(String(changes)) : stampOf(path)),
    recordRuns: (runs) =>
      inTurn(async () => {
        for (const { name, lastRunAtMs, count } of runs)
          update(name, (old) => ({ ...old, lastRunAtMs, totalRunCount: old.totalRunCount + count }));
      }),
    async close() {
      await last;
    },
  };
}

/** Changes with every writing; empty without a file. */
async function stampOf(path: string): Promise<string> {
  try {
    const { mtimeNs, ino, size } = await stat(path, { bigint: true });
    return `${mtimeNs} ${ino} ${size}`;
  } catch {
    return "";
  }
}

/** Runs are counted where they are sent, in beat's process: they are not in the file, which has another writer. */
function withRuns(schedule: StoredSchedule, old: StoredSchedule | undefined): StoredSchedule {
  if (old === undefined || !schedule.enabled) return schedule;
  return { ...schedule, lastRunAtMs: old.lastRunAtMs, totalRunCount: old.totalRunCount };
}

function toJson({ lastRunAtMs: _last, totalRunCount: _count, ...kept }: StoredSchedule): object {
  return kept;
}

async function readSchedules(
  path: string,
  onWarning: (message: string, error?: unknown) => void,
): Promise<StoredSchedule[]> {
  const value = parseJson((await readText(path)) ?? "");
  if (!isPlainObject(value) || value["format"] !== FORMAT || !Array.isArray(value["schedules"])) {
    throw new ConfigurationError(`${path} is not a file of schedules; move it away, or repair it.`);
  }
  return value["schedules"].flatMap((item: unknown) => {
    try {
      if (!isPlainObject(item) || !isPlainObject(item["schedule"]))
        throw new ConfigurationError("It is no schedule.");
      const { changedAtMs, ...given } = item;
      // Whatever its fields are: scheduleDefinition() looks at each.
      const definition = scheduleDefinition(given as unknown as NewSchedule);
      const changed = typeof changedAtMs === "number" ? changedAtMs : 0;
      return [{ ...definition, lastRunAtMs: undefined, totalRunCount: 0, changedAtMs: changed }];
    } catch (error) {
      onWarning(`A schedule in ${path} is left out`, error);
      return [];
    }
  });
}
