/**
 * A histogram of durations whose bounds are the same everywhere and for ever, so that those of many gateways and minutes can be
 * added, and percentiles be read from the sum: each bound is about 1.19 times the one before, from a millisecond to two days.
 */

/** How often each bucket was hit; what is missing at the end is 0. */
export type Histogram = number[];

const FIRST_SECONDS = 0.001;
const FACTOR = 2 ** 0.25;
const BUCKETS = 110;

/** Percentiles, in seconds; null without any duration. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export function addDuration(histogram: Histogram, seconds: number): void {
  const exact = Math.ceil(Math.log(Math.max(seconds, FIRST_SECONDS) / FIRST_SECONDS) / Math.log(FACTOR));
  const bucket = Math.min(BUCKETS, exact);
  while (histogram.length <= bucket) histogram.push(0);
  histogram[bucket] = (histogram[bucket] ?? 0) + 1;
}

export function addHistogram(to: Histogram, from: readonly number[]): void {
  while (to.length < Math.min(from.length, BUCKETS + 1)) to.push(0);
  for (let at = 0; at < to.length; at += 1) to[at] = (to[at] ?? 0) + (from[at] ?? 0);
}

export function percentilesOf(histogram: readonly number[]): Percentiles {
  return { p50: quantile(histogram, 0.5), p95: quantile(histogram, 0.95), p99: quantile(histogram, 0.99) };
}

/** As far into the bucket as its share of the count says; at most a bucket's width from the truth. */
export function quantile(histogram: readonly number[], share: number): number | null {
  const count = histogram.reduce((sum, one) => sum + one, 0);
  if (count === 0) return null;
  let left = share * count;
  for (const [bucket, hits] of histogram.entries()) {
    if (left <= hits && hits > 0) {
      const upper = boundOf(bucket);
      const lower = bucket === 0 ? 0 : boundOf(bucket - 1);
      return rounded(lower + (upper - lower) * (left / hits));
    }
    left -= hits;
  }
  return rounded(boundOf(histogram.length - 1));
}

function boundOf(bucket: number): number {
  return FIRST_SECONDS * FACTOR ** bucket;
}

/** To three digits: the buckets say no more. */
function rounded(seconds: number): number {
  return Number(seconds.toPrecision(3));
}
