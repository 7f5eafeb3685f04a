/** Counts how often something can be done, within a bound on count and time. */
import type { Sample } from "../lib/bench.ts";
import type { CodecInput } from "./bench.ts";

/** Operations between two looks at the clock. */
const BATCH = 10;

/** The sample of one case; a fifth of the time goes to warming up. */
export function measure(name: string, { count, maxMs }: CodecInput, operation: () => unknown): Sample {
  repeat(operation, count / 5, maxMs / 5);
  const { done, seconds } = repeat(operation, count, maxMs);
  return { case: name, values: { perSecond: done / seconds } };
}

function repeat(operation: () => unknown, count: number, maxMs: number): { done: number; seconds: number } {
  const startedAtMs = performance.now();
  let elapsedMs = 0;
  let done = 0;
  while (done < count && elapsedMs < maxMs) {
    for (let at = 0; at < BATCH; at += 1) operation();
    done += BATCH;
    elapsedMs = performance.now() - startedAtMs;
  }
  return { done, seconds: elapsedMs / 1000 };
}
