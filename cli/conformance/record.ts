/** `celerity conformance record`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  loadPlans,
  type PlanFile,
  record,
  suiteFolder,
  suiteText,
  writeManifest,
} from "../../conformance/index.ts";
import { ConfigurationError } from "../../protocol/index.ts";
import type { AdapterFlags } from "./options.ts";
import { print, sessionOptions } from "./run.ts";

export interface RecordFlags extends AdapterFlags {
  readonly plans: string;
  readonly vectors?: string;
  readonly only?: readonly string[];
  readonly check?: boolean;
}

/** Resolves to the exit code: 1 when `--check` finds a file that would be another. */
export async function recordPlans(words: readonly string[], flags: RecordFlags): Promise<number> {
  const folder = flags.vectors ?? suiteFolder();
  mkdirSync(folder, { recursive: true });
  const files = loadPlans(flags.plans).filter(({ name }) => flags.only?.includes(name) ?? true);
  if (files.length === 0) throw new ConfigurationError(`There are no such plans in ${flags.plans}.`);
  let isStale = false;
  for (const file of files) {
    const text = await recorded(file, words, flags);
    const path = join(folder, `${file.name}.json`);
    const isSame = existsSync(path) && readFileSync(path, "utf8") === text;
    isStale ||= !isSame;
    if (flags.check !== true) writeFileSync(path, text);
    print(`${path}: ${file.plans.length} vectors${isSame ? ", as before" : ""}`);
  }
  if (flags.check === true) return isStale ? 1 : 0;
  writeManifest(folder);
  return 0;
}

async function recorded(file: PlanFile, words: readonly string[], flags: RecordFlags): Promise<string> {
  let count = 0;
  const vectors = await record(file.plans, {
    session: sessionOptions(words, flags),
    servers: flags,
    onCaptured: (id) => {
      count += 1;
      process.stderr.write(`${count} of ${file.plans.length}  ${id}\n`);
    },
  });
  const version = vectors[0]?.recorded["celery"] ?? "";
  if (file.celery !== undefined && !version.startsWith(file.celery))
    throw new ConfigurationError(`${file.name} is recorded from Celery ${file.celery}, not from ${version}.`);
  return suiteText(file, vectors);
}
