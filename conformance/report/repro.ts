/** repro/<id>.sh: tries one vector again, with the adapter of the run. */
import { realpathSync } from "node:fs";
import { relative } from "node:path";
import type { Status } from "../run/result.ts";
import type { Report, ReportedResult } from "./report.ts";

const REPRODUCED: ReadonlySet<Status> = new Set(["fail", "error", "known-fail", "flaky"]);
/** Longest message in the comment of a script. */
const MAX_MESSAGE = 200;
/** By what a script of an earlier run is known. */
export const REPRO_MARK = "# Written by celerity conformance run.";

export function isReproduced({ status }: Pick<ReportedResult, "status">): boolean {
  return REPRODUCED.has(status);
}

/** A word as a POSIX shell reads it back, whatever is in it. */
export function shellQuote(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The command that tries a vector again, for people and shells. */
export function replayCommandOf({ replay }: Pick<Report, "replay">, id: string): string {
  return ["conformance", "replay", id, ...replay].map(shellQuote).join(" ");
}

/**
 * A script for `folder`, which must be there. It goes to where the run was by a relative path, so that both can be moved
 * together.
 */
export function toRepro(report: Report, result: ReportedResult, folder: string, cwd: string): string {
  const { id, status, message } = result;
  const why = message.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").slice(0, MAX_MESSAGE);
  const home = relative(realpathSync(folder), realpathSync(cwd)) || ".";
  return [
    "#!/bin/sh",
    REPRO_MARK,
    `# ${id}: ${status}: ${why}`,
    "# CELERITY is how to start celerity: npx celerity, unless it is set.",
    `cd -P -- "$(dirname -- "$0")"/${shellQuote(home)} || exit 3`,
    `exec $\{CELERITY:-npx celerity} ${replayCommandOf(report, id)}`,
    "",
  ].join("\n");
}
