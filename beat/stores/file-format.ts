/** The files of schedules: definitions, which people and programs write, and runs, which beat writes beside them. */
import { stat } from "node:fs/promises";
import { ConfigurationError, isPlainObject, type PlainObject } from "../../protocol/index.ts";
import { parseJson, readText, writeJson } from "../json-file.ts";
import { scheduleDefinition } from "./check-definition.ts";
import type { PastRuns, ScheduleDefinition } from "./schedule-store.ts";

/** A definition, and when it was changed; times are milliseconds since 1970. */
export interface KeptDefinition {
  readonly definition: ScheduleDefinition;
  readonly changedAtMs: number;
  /** When it was resumed: runs before that do not count. */
  readonly resumedAtMs: number | undefined;
}

const FORMAT = 1;

export const NO_RUNS: PastRuns = { lastRunAtMs: undefined, totalRunCount: 0 };

/** Changes with every writing; empty without a file. */
export async function stampOf(path: string): Promise<string> {
  try {
    const { mtimeNs, ino, size } = await stat(path, { bigint: true });
    return `${mtimeNs} ${ino} ${size}`;
  } catch {
    return "";
  }
}

/** What cannot be understood is left out, with a warning; throws ConfigurationError when that is the whole file. */
export async function readDefinitions(
  path: string,
  onWarning: (message: string, error?: unknown) => void,
): Promise<Map<string, KeptDefinition>> {
  const text = await readText(path);
  const value = text === undefined ? { format: FORMAT, schedules: [] } : parseJson(text);
  if (!isPlainObject(value) || value["format"] !== FORMAT || !Array.isArray(value["schedules"])) {
    throw new ConfigurationError(`${path} is not a file of schedules; move it away, or repair it.`);
  }
  const kept = value["schedules"].flatMap((item: unknown) => {
    try {
      if (!isPlainObject(item)) throw new ConfigurationError("A schedule must be an object.");
      return [readDefinition(item)];
    } catch (error) {
      onWarning(`A schedule in ${path} is left out`, error);
      return [];
    }
  });
  return new Map(kept.map((one) => [one.definition.name, one]));
}

function readDefinition({ changedAtMs, resumedAtMs, ...given }: PlainObject): KeptDefinition {
  return {
    definition: scheduleDefinition(given),
    changedAtMs: typeof changedAtMs === "number" ? changedAtMs : 0,
    resumedAtMs: typeof resumedAtMs === "number" ? resumedAtMs : undefined,
  };
}

export async function writeDefinitions(path: string, kept: Iterable<KeptDefinition>): Promise<void> {
  const schedules = [...kept].map(({ definition, ...times }) => ({ ...definition, ...times }));
  await writeJson(path, { format: FORMAT, schedules });
}

/** Nothing where there is no file, or none that can be understood: runs are figures, and come again. */
export async function readRuns(path: string): Promise<Map<string, PastRuns>> {
  const value = parseJson((await readText(path)) ?? "");
  if (!isPlainObject(value) || value["format"] !== FORMAT || !isPlainObject(value["runs"])) return new Map();
  return new Map(Object.entries(value["runs"]).map(([name, runs]) => [name, readPastRuns(runs)]));
}

function readPastRuns(value: unknown): PastRuns {
  if (!isPlainObject(value)) return NO_RUNS;
  const { lastRunAtMs, totalRunCount } = value;
  return {
    lastRunAtMs: typeof lastRunAtMs === "number" ? lastRunAtMs : undefined,
    totalRunCount: typeof totalRunCount === "number" ? totalRunCount : 0,
  };
}

export async function writeRuns(path: string, runs: ReadonlyMap<string, PastRuns>): Promise<void> {
  await writeJson(path, { format: FORMAT, runs: Object.fromEntries(runs) });
}
