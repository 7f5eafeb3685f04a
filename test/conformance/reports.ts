/** Reports of adapters for tests. */
import { fileURLToPath } from "node:url";
import { exitCodeOf, type Report, toReport } from "../../conformance/index.ts";
import { type ParrotOptions, parrot, runParrot, suite } from "./parrot.ts";

/** The adapter of hostile.mjs. */
export const hostile: readonly [string, ...string[]] = [
  process.execPath,
  fileURLToPath(new URL("hostile.mjs", import.meta.url)),
];

/** The report of a run of vectors against the adapter of parrot.mjs with a fault, or of another command. */
export async function reportOf(fault: string, options: ParrotOptions): Promise<Report> {
  const run = await runParrot(fault, options);
  const replay = ["--timeout", "20", "--", ...(options.command ?? parrot(fault))];
  return toReport(run, { runner: "1.2.3", suite, exitCode: exitCodeOf(run.results), replay });
}
