/** Drains very many messages with the async pool, and watches the worker's memory. */
import { setTimeout as sleep } from "node:timers/promises";
import { createWorker } from "../../index.ts";
import { readInput, report, Stopwatch } from "../lib/child.ts";
import { median } from "../lib/statistics.ts";
import { app } from "./tasks.ts";

const SAMPLES_PER_RUN = 100;

const { count } = readInput<{ readonly count: number }>();
const worker = createWorker({ app, pool: "async" });
const rssMb: number[] = [];
await worker.start();
const watch = new Stopwatch();
while (worker.processed < count) {
  // As many samples however fast it is.
  if (worker.processed >= (rssMb.length * count) / SAMPLES_PER_RUN)
    rssMb.push(process.memoryUsage.rss() / 2 ** 20);
  await sleep(2);
}
const { values } = watch.rate(count);
await worker.stop();
await app.close();
const tenth = Math.ceil(rssMb.length / 10);
const [warmMb, lastMb] = [median(rssMb.slice(tenth, 2 * tenth)), median(rssMb.slice(-tenth))];
report({ values: { ...values, warmMb, lastMb, peakMb: Math.max(...rssMb) } });
