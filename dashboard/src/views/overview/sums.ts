/** Numbers of the overview, of the documents that it follows. */
import type { StatsPoint, TaskStats } from "../../lib/documents.ts";

/** Sums over all points. */
export interface Sums {
  readonly accepted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly retried: number;
}

export function sumsOf(points: readonly StatsPoint[]): Sums {
  const sum = (name: keyof Sums): number => points.reduce((total, point) => total + point[name], 0);
  return {
    accepted: sum("accepted"),
    succeeded: sum("succeeded"),
    failed: sum("failed"),
    retried: sum("retried"),
  };
}

/** Of the ends, how many were failures, from 0 to 1; undefined when nothing ended. */
export function failureShare({ succeeded, failed }: Pick<Sums, "succeeded" | "failed">): number | undefined {
  return succeeded + failed === 0 ? undefined : failed / (succeeded + failed);
}

/** The worst 95th percentile of the newest points that have one, in seconds. */
export function latestP95(points: readonly StatsPoint[], of: "wait" | "runtime"): number | undefined {
  return points.findLast((point) => point[of].p95 !== null)?.[of].p95 ?? undefined;
}

/** What the table of tasks is sorted by. */
export type Order = "slowest" | "failing" | "busiest";

const RANKS: Readonly<Record<Order, (task: TaskStats) => number>> = {
  slowest: ({ p95 }) => p95 ?? -1,
  failing: ({ failed, succeeded }) => (failed === 0 ? 0 : failed + failed / (failed + succeeded)),
  busiest: ({ succeeded, failed }) => succeeded + failed,
};

/** The worst, or busiest, first. */
export function sortTasks(tasks: readonly TaskStats[], order: Order): readonly TaskStats[] {
  const rank = RANKS[order];
  return tasks.toSorted((a, b) => rank(b) - rank(a) || (a.task < b.task ? -1 : 1));
}

/** `1.2 s`, `350 ms`, `2 µs`: short enough for an axis. */
export function shortSeconds(seconds: number): string {
  if (seconds === 0) return "0";
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 1) return `${Number((seconds * 1000).toPrecision(3))} ms`;
  if (seconds < 120) return `${Number(seconds.toPrecision(3))} s`;
  return seconds < 7200
    ? `${Number((seconds / 60).toPrecision(3))} min`
    : `${Number((seconds / 3600).toPrecision(3))} h`;
}

/** `12`, `1.2k`, `3.4M`. */
export function shortCount(value: number): string {
  if (value < 1000) return String(Number(value.toPrecision(3)));
  return value < 1e6
    ? `${Number((value / 1000).toPrecision(3))}k`
    : `${Number((value / 1e6).toPrecision(3))}M`;
}
