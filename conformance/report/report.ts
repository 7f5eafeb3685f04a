/** The report of a run as data: report.json, from which the other reports are made. */
import type { AdapterInfo } from "../ccp/messages.ts";
import { countByStatus, type Result, type Status } from "../run/result.ts";
import type { Run } from "../run/runner.ts";

/** How much of a feature an implementation has, after its results. */
export type Support = "full" | "partial" | "incompatible" | "unknown";

export interface FeatureReport {
  readonly support: Support;
  readonly passed: number;
  readonly total: number;
}

/** report.json. */
export interface Report {
  /** The version of this form. */
  readonly schema: 1;
  readonly runner: string;
  readonly vectors: string;
  readonly adapter: AdapterInfo;
  /** ISO 8601. */
  readonly started_at: string;
  readonly took_ms: number;
  readonly exit_code: number;
  readonly totals: Readonly<Record<Status, number>>;
  readonly features: Readonly<Record<string, FeatureReport>>;
  readonly results: readonly Result[];
  readonly stderr: string;
}

/** Which program and which vectors made a report. */
export interface ReportOrigin {
  readonly runner: string;
  readonly vectors: string;
  readonly exitCode: number;
}

export function toReport(run: Run, { runner, vectors, exitCode }: ReportOrigin): Report {
  return {
    schema: 1,
    runner,
    vectors,
    adapter: run.adapter,
    started_at: new Date(run.startedAtMs).toISOString(),
    took_ms: run.tookMs,
    exit_code: exitCode,
    totals: countByStatus(run.results),
    features: featuresOf(run.results),
    results: run.results,
    stderr: run.stderr,
  };
}

const GOOD: ReadonlySet<Status> = new Set(["pass", "warn", "info"]);
const TRIED: ReadonlySet<Status> = new Set([...GOOD, "fail", "error", "known-fail", "flaky"]);

/** By feature, in alphabetical order. */
function featuresOf(results: readonly Result[]): Readonly<Record<string, FeatureReport>> {
  const names = [...new Set(results.flatMap(({ features }) => features))].toSorted();
  return Object.fromEntries(
    names.map((name) => {
      const tried = results.filter(({ features, status }) => features.includes(name) && TRIED.has(status));
      const passed = tried.filter(({ status }) => GOOD.has(status)).length;
      return [name, { support: supportOf(passed, tried.length), passed, total: tried.length }];
    }),
  );
}

function supportOf(passed: number, total: number): Support {
  if (total === 0) return "unknown";
  return passed === total ? "full" : passed === 0 ? "incompatible" : "partial";
}
