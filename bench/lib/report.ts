/** Turns results into aligned tables, and into JSON. */
import { cpus, release, totalmem } from "node:os";
import type { Bench, Metric, Role } from "./bench.ts";
import { QUIET_CORES } from "./noise.ts";
import type { BenchResult, Series } from "./rounds.ts";
import { median, spread } from "./statistics.ts";

/** With fewer quiet runs than this, all runs count. */
const ENOUGH_QUIET = 3;

/** One row of the table as data; ratios are undefined where there is nothing to compare with. */
export interface Row {
  readonly case: string;
  readonly contender: string;
  readonly role: Role;
  /** Median, and half the range as a part of it, by metric. */
  readonly metrics: Readonly<Record<string, { readonly median: number; readonly spread: number }>>;
  /** CPU time of the measured process for one operation, in microseconds. */
  readonly cpuUs: number | undefined;
  /** Median over all runs. */
  readonly otherCores: number | undefined;
  readonly runs: number;
  /** Runs that the figures are taken from: the quiet ones when there are enough of them. */
  readonly used: number;
  readonly ofFloor: number | undefined;
  readonly ofPython: number | undefined;
}

/** Rows in the order of the cases, then of the contenders. Ratios are of the bench's first metric. */
export function toRows({ bench, series }: BenchResult): Row[] {
  const cases = [...new Set(series.map((one) => one.case))];
  return cases.flatMap((name) => {
    const rivals = series.filter((one) => one.case === name);
    return rivals.map((one) => toRow(one, rivals, bench));
  });
}

type RunOfSeries = Series["runs"][number];

function toRow(series: Series, rivals: readonly Series[], bench: Bench): Row {
  const { contender, case: name, runs } = series;
  const used = quietOnes(runs, (run) => [run]);
  const [first] = bench.metrics;
  const entries = bench.metrics.map((metric) => {
    const values = used.map((run) => metricOf(run, metric));
    return [metric.key, { median: median(values), spread: spread(values) }] as const;
  });
  return {
    case: name,
    contender: contender.name,
    role: contender.role,
    metrics: Object.fromEntries(entries),
    cpuUs: medianOf(used.map(({ sample }) => sample.cpuUs)),
    otherCores: medianOf(runs.map(({ otherCores }) => otherCores)),
    runs: runs.length,
    used: used.length,
    ofFloor: first && ratioTo("floor", series, rivals, first),
    ofPython: first && ratioTo("python", series, rivals, first),
  };
}

function metricOf({ sample }: RunOfSeries, { key }: Metric): number {
  return sample.values[key] ?? Number.NaN;
}

/** The items whose runs nobody disturbed, or all of them when those are too few. */
function quietOnes<Item>(
  items: readonly Item[],
  runsOf: (item: Item) => readonly RunOfSeries[],
): readonly Item[] {
  const quiet = items.filter((item) => runsOf(item).every(({ otherCores = 0 }) => otherCores <= QUIET_CORES));
  return quiet.length >= ENOUGH_QUIET ? quiet : items;
}

function medianOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : median(known);
}

/** The median of the ratios of each round: within a round the machine changes least. */
function ratioTo(role: Role, series: Series, rivals: readonly Series[], metric: Metric): number | undefined {
  const speed = ({ runs }: Series): number =>
    median(runs.map((run) => metricOf(run, metric))) * (metric.better === "higher" ? 1 : -1);
  const [best] = rivals
    .filter(({ contender }) => contender.role === role)
    .sort((a, b) => speed(b) - speed(a));
  if (best === undefined) return undefined;
  const rounds = series.runs.flatMap((run, round) => {
    const other = best.runs[round];
    return other === undefined ? [] : [[run, other] as const];
  });
  return median(
    quietOnes(rounds, (pair) => pair).map(([run, other]) => metricOf(run, metric) / metricOf(other, metric)),
  );
}

/** The table of one bench, and what could not be measured. */
export function toTable(result: BenchResult): string {
  const { bench, count, failures, leftOut } = result;
  const heading = [
    "",
    ...bench.metrics.flatMap(({ heading }) => [heading, "±"]),
    "CPU µs",
    "others",
    "runs",
    "of floor",
    "of Python",
  ];
  const lines = [heading];
  let lastCase = "";
  for (const row of toRows(result)) {
    if (row.case !== lastCase) lines.push([`${row.case}:`]);
    lastCase = row.case;
    lines.push(toCells(row, bench));
  }
  const title = `${bench.name}: ${bench.title} (${formatNumber(count, 0)})`;
  const failed = failures.map(({ contender, reason }) => `FAILED ${contender.name}: ${shorten(reason)}`);
  return [title, ...align(lines), ...leftOut, ...failed].join("\n");
}

/** The end of a program's output says what went wrong. */
function shorten(reason: string): string {
  return reason.trim().split("\n").slice(-12).join("\n");
}

function toCells(row: Row, bench: Bench): string[] {
  const metrics = bench.metrics.flatMap(({ key, digits }) => {
    const value = row.metrics[key];
    return [formatNumber(value?.median, digits), formatNumber((value?.spread ?? Number.NaN) * 100, 0, " %")];
  });
  return [
    `  ${row.contender}`,
    ...metrics,
    formatNumber(row.cpuUs, row.cpuUs !== undefined && row.cpuUs < 100 ? 1 : 0),
    formatNumber(row.otherCores, 2),
    row.used === row.runs ? String(row.runs) : `${row.used} of ${row.runs}`,
    formatNumber(row.ofFloor, 2),
    formatNumber(row.ofPython, 2),
  ];
}

function formatNumber(value: number | undefined, digits: number, unit = ""): string {
  if (value === undefined || Number.isNaN(value)) return "-";
  const [whole = "", decimals] = value.toFixed(digits).split(".");
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, " ");
  return (decimals === undefined ? grouped : `${grouped}.${decimals}`) + unit;
}

/** The first column to the left, the others to the right. */
function align(lines: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const line of lines) {
    for (const [at, cell] of line.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  }
  const pad = (cell: string, at: number): string =>
    at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0);
  return lines.map((line) => line.map(pad).join("  ").trimEnd());
}

/** Everything, raw values included, for tools. */
export function toJson(results: readonly BenchResult[]): string {
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    date: new Date().toISOString(),
  };
  const benches = results.map((result) => ({
    name: result.bench.name,
    title: result.bench.title,
    count: result.count,
    rows: toRows(result),
    raw: result.series.map(({ contender, case: name, runs }) => ({
      contender: contender.name,
      case: name,
      runs,
    })),
    leftOut: result.leftOut,
    failures: result.failures.map(({ contender, reason }) => ({ contender: contender.name, reason })),
  }));
  return `${JSON.stringify({ machine, benches }, null, 2)}\n`;
}
