/** Drains the queue with Celerity's worker. */
import { createApp, createWorker } from "../../index.ts";
import { readInput, report, Stopwatch } from "../lib/child.ts";
import type { WorkerInput } from "./bench.ts";

const { broker, results, count } = readInput<WorkerInput>();
const app = createApp({ env: {}, brokerUrl: broker, resultBackend: results });
const watch = new Stopwatch();

const drained = new Promise<void>((resolve) => {
  let ran = 0;
  app.task("tasks.add", (x: number, y: number) => {
    ran += 1;
    if (ran === 1) watch.restart();
    if (ran === count) resolve();
    return x + y;
  });
});

const worker = createWorker({ app, pool: "async", concurrency: 250, prefetchMultiplier: 4 });
await worker.start();
await drained;
await worker.stop();
report(watch.rate(count));
await app.close();
