/** Drains very many messages with the async pool, and watches the worker's memory. */
import { setTimeout as sleep } from "node:timers/promises";
import { createWorker } from "../../index.ts";
import { readInput, report, Stopwatch } from "../lib/child.ts";
import { median } from "../lib/statistics.ts";
import { app } from "./tasks.ts";

const SAMPLES_PER_RUN = 100;
/** Samples up to a point of which the median is taken: the garbage of a moment is not meant. */
const SAMPLES_PER_POINT = 5;
const QUARTERS = [25, 50, 75, 100] as const;

const { count } = readInput<{ readonly count: number }>();
const worker = createWorker({ app, pool: "async" });
const residentMb = (): number => process.memoryUsage.rss() / 2 ** 20;
const startMb = residentMb();
const samples: number[] = [];
await worker.start();
const watch = new Stopwatch();
while (worker.processed < count) {
  // As many samples however fast it is.
  if (worker.processed >= (samples.length * count) / SAMPLES_PER_RUN) samples.push(residentMb());
  await sleep(2);
}
const { values } = watch.rate(count);
await worker.stop();
await app.close();
const quarters = QUARTERS.map((percent) => {
  const end = Math.ceil((samples.length * percent) / 100);
  return [`mbAt${percent}`, median(samples.slice(Math.max(0, end - SAMPLES_PER_POINT), end))] as const;
});
report({ values: { ...values, startMb, ...Object.fromEntries(quarters), peakMb: Math.max(...samples) } });
