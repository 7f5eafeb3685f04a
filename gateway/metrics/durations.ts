/** Upper bounds of the buckets in seconds, from a millisecond to a minute, the longest wait. */
export const DURATION_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

/** A histogram of durations. */
export class Durations {
  count = 0;
  /** Seconds. */
  sum = 0;
  /** One for each of DURATION_BUCKETS and one for what is above; not cumulative. */
  readonly buckets: number[] = new Array<number>(DURATION_BUCKETS.length + 1).fill(0);

  add(seconds: number): void {
    this.count += 1;
    this.sum += seconds;
    let at = 0;
    while (seconds > (DURATION_BUCKETS[at] ?? Number.POSITIVE_INFINITY)) at += 1;
    this.buckets[at] = (this.buckets[at] ?? 0) + 1;
  }
}
