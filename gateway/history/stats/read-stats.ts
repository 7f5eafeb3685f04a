/** Adds what all gateways have counted, for a stretch of time. */
import { formatIsoTime } from "../../../protocol/index.ts";
import type { Records } from "../../state/state-store.ts";
import { addBucket, type Bucket, emptyBucket, readBuckets } from "./bucket.ts";
import { type Percentiles, percentilesOf, quantile } from "./histogram.ts";
import { type Grain, HOURS, keyOf, MINUTES } from "./tally.ts";

export interface StatsQuery {
  /** Milliseconds since 1970; a multiple of the step. */
  readonly fromMs: number;
  /** A multiple of a minute. */
  readonly stepMs: number;
  readonly points: number;
  /** Only tasks of this name. */
  readonly task?: string | undefined;
}

/** The body of `GET /v1/stats`. */
export interface StatsView {
  readonly from: string;
  readonly step_seconds: number;
  readonly points: readonly StatsPoint[];
  /** Those with the most ends, over all points. */
  readonly tasks: readonly TaskStats[];
}

export interface StatsPoint extends Omit<Bucket, "wait" | "runtime"> {
  /** Where the step begins. */
  readonly at: string;
  /** Seconds. */
  readonly wait: Percentiles;
  readonly runtime: Percentiles;
}

export interface TaskStats {
  readonly task: string;
  readonly succeeded: number;
  readonly failed: number;
  readonly retried: number;
  /** Of the runtime, in seconds. */
  readonly p95: number | null;
}

const MAX_TASKS = 20;
const PAGE = 500;

/** Rejects with StateError. */
export async function readStats(records: Records, query: StatsQuery): Promise<StatsView> {
  const { fromMs, stepMs, points: count, task: wanted } = query;
  const points = Array.from({ length: count }, emptyBucket);
  const tasks = new Map<string, Bucket>();
  const grain = stepMs % HOURS.ms === 0 ? HOURS : MINUTES;
  for await (const { startMs, text } of recordsOf(records, grain, fromMs, fromMs + count * stepMs)) {
    const point = points[Math.floor((startMs - fromMs) / stepMs)];
    for (const [task, bucket] of readBuckets(text)) {
      if (point === undefined || (wanted !== undefined && task !== wanted)) continue;
      addBucket(point, bucket);
      const sum = tasks.get(task) ?? emptyBucket();
      addBucket(sum, bucket);
      tasks.set(task, sum);
    }
  }
  return {
    from: formatIsoTime(fromMs),
    step_seconds: stepMs / 1000,
    points: points.map(({ wait, runtime, ...counts }, at) => ({
      at: formatIsoTime(fromMs + at * stepMs),
      ...counts,
      wait: percentilesOf(wait),
      runtime: percentilesOf(runtime),
    })),
    tasks: busiest(tasks),
  };
}

async function* recordsOf(
  records: Records,
  grain: Grain,
  fromMs: number,
  untilMs: number,
): AsyncGenerator<{ readonly startMs: number; readonly text: string }> {
  for (let after = keyOf(grain, fromMs, ""); ; ) {
    const page = await records.list(grain.kind, { after, limit: PAGE });
    for (const { key, value } of page) {
      const startMs = Number.parseInt(key, 10) * grain.ms;
      if (startMs >= untilMs) return;
      yield { startMs, text: value };
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.key;
  }
}

function busiest(tasks: ReadonlyMap<string, Bucket>): readonly TaskStats[] {
  return [...tasks]
    .map(([task, { succeeded, failed, retried, runtime }]) => ({
      task,
      ...{ succeeded, failed, retried },
      p95: quantile(runtime, 0.95),
    }))
    .filter(({ succeeded, failed, retried }) => succeeded + failed + retried > 0)
    .sort((one, other) => endsOf(other) - endsOf(one) || (one.task < other.task ? -1 : 1))
    .slice(0, MAX_TASKS);
}

function endsOf({ succeeded, failed }: TaskStats): number {
  return succeeded + failed;
}
