/** Counts how often something can be done, within a bound on count and CPU time. */
import type { Sample } from "../lib/bench.ts";
import { Stopwatch } from "../lib/child.ts";

/** How much to do in one case. */
export interface Bounds {
  /** Operations at most. */
  readonly count: number;
  /** Milliseconds of CPU time at most: it hardly depends on what others do meanwhile. */
  readonly maxMs: number;
}

/** Calls that are open at once when an operation works off the event loop. */
const LANES = 16;
/** Time between two looks at the clock. */
const BATCH_MS = 1;

/** The sample of one case; half as much again goes to warming up. */
export async function measure(
  name: string,
  { count, maxMs }: Bounds,
  operation: () => unknown,
): Promise<Sample> {
  const first = operation();
  await first;
  const repeat = first instanceof Promise ? repeatInLanes : repeatAlone;
  await repeat(operation, count / 2, maxMs / 2);
  const watch = new Stopwatch();
  const { values, cpuUs = Number.NaN } = watch.rate(await repeat(operation, count, maxMs));
  return { case: name, values: { ...values, perCpuSecond: 1e6 / cpuUs }, cpuUs };
}

function repeatAlone(operation: () => unknown, count: number, maxMs: number): number {
  const start = process.cpuUsage();
  let batch = 1;
  let done = 0;
  for (;;) {
    for (let at = 0; at < batch; at += 1) operation();
    done += batch;
    const usedMs = cpuMsSince(start);
    if (done >= count || usedMs >= maxMs) return done;
    if ((usedMs / done) * batch < BATCH_MS) batch *= 2;
    batch = Math.min(batch, Math.ceil(count - done));
  }
}

async function repeatInLanes(operation: () => unknown, count: number, maxMs: number): Promise<number> {
  const start = process.cpuUsage();
  let left = Math.ceil(count);
  let done = 0;
  const lane = async (): Promise<void> => {
    while (left > 0 && cpuMsSince(start) < maxMs) {
      left -= 1;
      await operation();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return done;
}

function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
