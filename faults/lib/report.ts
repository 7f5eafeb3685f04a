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

/** Columns with how each is made from a result; those of words are aligned to the left. */
const COLUMNS: readonly {
  readonly heading: string;
  readonly isWords?: boolean;
  readonly of: (result: Result) => string;
}[] = [
  { heading: "row", isWords: true, of: ({ fault }) => fault },
  { heading: "form", isWords: true, of: ({ form }) => form },
  { heading: "broker", isWords: true, of: ({ broker }) => broker },
  { heading: "broken", isWords: true, of: ({ broken }) => broken },
  { heading: "sent", of: ({ sent }) => String(sent) },
  { heading: "run", of: ({ run }) => String(run) },
  { heading: "held", of: ({ held }) => String(held) },
  { heading: "dead letters", of: ({ dead, deadly }) => `${dead} of ${deadly}` },
  { heading: "lost", of: ({ lost }) => String(lost) },
  { heading: "duplicates", of: ({ duplicates, mayRepeat }) => `${duplicates} (≤ ${mayRepeat})` },
  { heading: "recovery", of: ({ recoverySeconds }) => inSeconds(recoverySeconds) },
  { heading: "time", of: ({ seconds }) => inSeconds(seconds) },
  { heading: "verdict", isWords: true, of: (result) => (isFailure(result) ? "FAIL" : "pass") },
];

/** Limits that were exceeded. */
export function exceeded({ checks }: Result): readonly Check[] {
  return checks.filter(({ value, limit }) => !(value <= limit));
}

export function isFailure(line: Line): boolean {
  return "error" in line ? !line.isSkipped : exceeded(line).length > 0;
}

/** The table, and below it what was exceeded and remarked. */
export function toTable(lines: readonly Line[]): string {
  const notes = lines.flatMap((line) => {
    const { remark = undefined, traces = [] } = "error" in line ? {} : line;
    const all = [...reasonsOf(line), ...traces.map((trace) => `lost ${trace}`)];
    return (remark === undefined ? all : [...all, remark]).map((note) => `${where(line)}: ${note}`);
  });
  return [...align([COLUMNS.map(({ heading }) => heading), ...lines.map(toCells)]), ...notes].join("\n");
}

/** `F2 quorum queue rabbitmq` */
export function where({ fault, form, broker }: Pick<Line, "fault" | "form" | "broker">): string {
  return [fault, form, broker].filter((part) => part !== "").join(" ");
}

/** Why a line is not a pass. */
export function reasonsOf(line: Line): readonly string[] {
  if ("error" in line) return [line.error];
  return exceeded(line).map(({ what, value, limit }) => `${what}: ${round(value)}, at most ${limit}`);
}

function toCells(line: Line): string[] {
  if (!("error" in line)) return COLUMNS.map((column) => column.of(line));
  const names = [line.fault, line.form, line.broker];
  const blanks = Array.from({ length: COLUMNS.length - names.length - 1 }, () => "-");
  return [...names, ...blanks, line.isSkipped ? "skipped" : "FAIL"];
}

function inSeconds(value: number | undefined): string {
  return value === undefined ? "-" : `${value.toFixed(1)} s`;
}

function round(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = COLUMNS.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const pad = (cell: string, at: number): string =>
    COLUMNS[at]?.isWords === true ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0);
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
