/** Metrics as they are read: nothing is kept for them between two readings. */

export interface Sample {
  readonly labels?: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Of histograms: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string;
}

/** A metric with all its series. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  read(): readonly Sample[] | Promise<readonly Sample[]>;
}

/** What a histogram has counted; buckets are not cumulative, and the last one is for what is above all bounds. */
export interface Histogram {
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly number[];
}

/** The series of one histogram. */
export function histogramSamples(
  labels: Readonly<Record<string, string>>,
  bounds: readonly number[],
  { count, sum, buckets }: Histogram,
): readonly Sample[] {
  let total = 0;
  const below = bounds.map((bound, at) => {
    total += buckets[at] ?? 0;
    return { labels: { ...labels, le: bound }, value: total, suffix: "_bucket" };
  });
  return [
    ...below,
    { labels: { ...labels, le: "+Inf" }, value: count, suffix: "_bucket" },
    { labels, value: sum, suffix: "_sum" },
    { labels, value: count, suffix: "_count" },
  ];
}
