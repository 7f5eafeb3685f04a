/** What happened to the tasks of one name within a time. */
import { addHistogram, type Histogram } from "./histogram.ts";

export const COUNTS = ["accepted", "started", "succeeded", "failed", "retried", "revoked"] as const;
export type CountName = (typeof COUNTS)[number];

export interface Bucket extends Record<CountName, number> {
  /** From when a task could run until it started. */
  readonly wait: Histogram;
  readonly runtime: Histogram;
}

export function emptyBucket(): Bucket {
  return { accepted: 0, started: 0, succeeded: 0, failed: 0, retried: 0, revoked: 0, wait: [], runtime: [] };
}

export function addBucket(to: Bucket, from: Bucket): void {
  for (const name of COUNTS) to[name] += from[name];
  addHistogram(to.wait, from.wait);
  addHistogram(to.runtime, from.runtime);
}

/** As it is kept: the counts in their order, then wait and runtime as `bucket, hits` of those that were hit. */
type StoredBucket = readonly [counts: readonly number[], wait: readonly number[], runtime: readonly number[]];

/** Buckets by the names of their tasks, as text. */
export function writeBuckets(buckets: ReadonlyMap<string, Bucket>): string {
  const stored = [...buckets].map(([task, bucket]): [string, StoredBucket] => [
    task,
    [COUNTS.map((name) => bucket[name]), sparse(bucket.wait), sparse(bucket.runtime)],
  ]);
  return JSON.stringify(stored);
}

/** The gateway's own text: what is in it, it wrote. */
export function* readBuckets(text: string): Generator<readonly [task: string, bucket: Bucket]> {
  for (const [task, [counts, wait, runtime]] of JSON.parse(text) as [string, StoredBucket][]) {
    const bucket = { ...emptyBucket(), wait: dense(wait), runtime: dense(runtime) };
    for (const [at, name] of COUNTS.entries()) bucket[name] = counts[at] ?? 0;
    yield [task, bucket];
  }
}

function sparse(histogram: Histogram): number[] {
  return histogram.flatMap((hits, bucket) => (hits === 0 ? [] : [bucket, hits]));
}

function dense(pairs: readonly number[]): Histogram {
  const histogram: Histogram = [];
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const bucket = pairs[at] ?? 0;
    while (histogram.length <= bucket) histogram.push(0);
    histogram[bucket] = pairs[at + 1] ?? 0;
  }
  return histogram;
}
