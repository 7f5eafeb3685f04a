/** Results as an aligned table, and as JSON. */
import { cpus, release, totalmem } from "node:os";
import type { Check } from "./fault.ts";
import type { Result } from "./run-fault.ts";

/** A line of the table: a result, or why there is none. */
export type Line =
  | Result
  | {
      readonly fault: string;
      readonly form: string;
      readonly broker: string;
      readonly error: string;
      /** This machine cannot do it; not a failure. */
      readonly isSkipped: boolean;
    };

const HEADING = [
  "fault",
  "",
  "broker",
  "accepted",
  "done",
  "lost",
  "twice",
  "limit",
  "again",
  "dead",
  "recovery",
  "verdict",
];
/** Columns of words; the others are numbers. */
const WORDS: ReadonlySet<number> = new Set([0, 1, 2, 11]);

/** Limits that were exceeded. */
export function exceeded({ checks }: Result): readonly Check[] {
  return checks.filter(({ value, limit }) => !(value <= limit));
}

export function isFailure(line: Line): boolean {
  return "error" in line ? !line.isSkipped : exceeded(line).length > 0;
}

/** The table, and below it what was exceeded. */
export function toTable(lines: readonly Line[]): string {
  const reasons = lines.flatMap((line) => reasonsOf(line).map((reason) => `${where(line)}: ${reason}`));
  return [...align([HEADING, ...lines.map(toCells)]), ...reasons].join("\n");
}

function where({ fault, form, broker }: Line): string {
  return [fault, form, broker].filter((part) => part !== "").join(" ");
}

/** Why a line is not a pass. */
export function reasonsOf(line: Line): readonly string[] {
  if ("error" in line) return [line.error];
  return exceeded(line).map(({ what, value, limit }) => `${what}: ${round(value)}, at most ${limit}`);
}

function toCells(line: Line): string[] {
  const names = [line.fault, line.form, line.broker];
  if ("error" in line)
    return [...names, ...Array.from({ length: 8 }, () => "-"), line.isSkipped ? "skipped" : "FAIL"];
  const { accepted, done, lost, duplicates, startedAgain, dead, recoverySeconds, checks } = line;
  const limit = checks.find(({ what }) => what === "duplicates")?.limit ?? 0;
  const recovery = recoverySeconds === undefined ? "-" : `${round(recoverySeconds)} s`;
  const counts = [accepted, done, lost, duplicates, limit, startedAgain, dead].map(String);
  return [...names, ...counts, recovery, isFailure(line) ? "FAIL" : "pass"];
}

function round(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  }
  const pad = (cell: string, at: number): string =>
    WORDS.has(at) ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0);
  return rows.map((row) => row.map(pad).join("  ").trimEnd());
}

/** Everything, for tools. */
export function toJson(lines: readonly Line[], tasks: number, seed: number): string {
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    date: new Date().toISOString(),
  };
  const rows = lines.map((line) => ({ ...line, passed: !isFailure(line), reasons: reasonsOf(line) }));
  return `${JSON.stringify({ machine, tasks, seed, rows }, null, 2)}\n`;
}
