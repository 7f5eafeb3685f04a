/** Builds an implementation's adapter and runs the suite against it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toError } from "../../../protocol/index.ts";
import { readReport } from "../read.ts";
import type { Report } from "../report.ts";
import type { Implementation, ProgramWords } from "./manifest.ts";
import { missingPrograms, type Programs, withPrograms } from "./programs.ts";
import { type Ended, runBounded } from "./run-bounded.ts";

/** An implementation, and its report or why there is none. */
export type Tried = { readonly implementation: Implementation } & (
  | { readonly report: Report }
  | { readonly missing: string }
);

export interface TryOptions {
  /** How to start the command line program. */
  readonly celerity: ProgramWords;
  /** More options of `celerity conformance run`. */
  readonly runOptions: readonly string[];
  readonly programs: Programs;
  readonly buildTimeoutMs: number;
  readonly runTimeoutMs: number;
  /** Where each implementation's reports are kept, in a folder of its name. Default: nowhere. */
  readonly reports?: string;
  readonly onProgress: (line: string) => void;
}

/** Longest part of an output that is told, in lines. */
const TOLD_LINES = 5;

/** Rejects for nothing that an adapter can do. */
export async function tryImplementation(implementation: Implementation, options: TryOptions): Promise<Tried> {
  const missing =
    whatIsMissing(implementation, options.programs) ?? (await buildImplementation(implementation, options));
  const tried =
    missing === undefined ? await runSuite(implementation, options) : ({ implementation, missing } as const);
  const outcome = "missing" in tried ? tried.missing : totalsOf(tried.report);
  options.onProgress(`${implementation.name}: ${outcome}`);
  return tried;
}

function whatIsMissing({ needs, environment = {} }: Implementation, programs: Programs): string | undefined {
  const absent = missingPrograms(needs, programs);
  if (absent.length > 0) return `${absent.join(", ")} not found`;
  const unset = Object.entries(environment).find(([name]) => (process.env[name] ?? "") === "");
  return unset && `${unset[0]} is not set: ${unset[1]}`;
}

/** Resolves to why it was not built, undefined when it was. */
async function buildImplementation(
  { name, folder, build }: Implementation,
  { programs, buildTimeoutMs, onProgress }: TryOptions,
): Promise<string | undefined> {
  if (build === null) return undefined;
  onProgress(`${name}: ${build.join(" ")}`);
  const ended = await runBounded(withPrograms(build, programs), { cwd: folder, timeoutMs: buildTimeoutMs });
  return ended.code === 0 ? undefined : `not built: ${whyOf(ended, folder)}`;
}

/** In a process of its own, which has the adapter's folder as its working directory and can be ended as a whole. */
async function runSuite(implementation: Implementation, options: TryOptions): Promise<Tried> {
  const { name, folder, run, knownFailing, options: own = [] } = implementation;
  const { celerity, runOptions, programs, runTimeoutMs, reports, onProgress } = options;
  const place = reports === undefined ? mkdtempSync(join(tmpdir(), "conformance-")) : join(reports, name);
  // An older report must not pass for this one.
  rmSync(join(place, "report.json"), { force: true });
  const known = knownFailing === undefined ? [] : ["--known-failing", `@${knownFailing}`];
  const words = [
    "conformance",
    "run",
    ...runOptions,
    ...own.map(fromEnvironment),
    ...known,
    "--report",
    place,
    "--",
  ];
  onProgress(`${name}: ${run.join(" ")}`);
  const ended = await runBounded([...celerity, ...words, ...withPrograms(run, programs)], {
    cwd: folder,
    timeoutMs: runTimeoutMs,
  });
  try {
    return { implementation, report: readReport(join(place, "report.json")) };
  } catch (error) {
    const why = ended.code === 0 || ended.code === 1 ? toError(error).message : whyOf(ended, folder);
    return { implementation, missing: `not run: ${why}` };
  } finally {
    if (reports === undefined) rmSync(place, { recursive: true, force: true });
  }
}

function fromEnvironment(word: string): string {
  return word.startsWith("$") ? (process.env[word.slice(1)] ?? "") : word;
}

/** The matrix is shown to others, whom this machine's folders do not concern. */
function whyOf({ code, trouble, output }: Ended, folder: string): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  return [trouble ?? `exit code ${code}`, ...lines.slice(-TOLD_LINES)].join("\n").replaceAll(folder, ".");
}

function totalsOf({ totals }: Report): string {
  const counts = Object.entries(totals).filter(([, count]) => count > 0);
  return counts.map(([status, count]) => `${count} ${status}`).join(", ");
}
