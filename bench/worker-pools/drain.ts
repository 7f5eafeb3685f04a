/** Drains the queue with Celerity's worker: from the start of the first task to the end of the last. */
import { setTimeout as sleep } from "node:timers/promises";
import { createWorker } from "../../index.ts";
import { readInput, report, Stopwatch } from "../lib/child.ts";
import type { DrainInput } from "./drains.ts";
import { app, appModule } from "./tasks.ts";

const POLL_MS = 2;

const { pool, concurrency, count, idealSeconds } = readInput<DrainInput>();
const worker = createWorker({ app, appModule, pool, concurrency });
await worker.start();
while (worker.processed === 0 && worker.jobs.active.length === 0) await sleep(POLL_MS);
const watch = new Stopwatch();
while (worker.processed < count) await sleep(POLL_MS);
const { values } = watch.rate(count);
const { perSecond = 0 } = values;
await worker.stop();
await app.close();
report({ values: { perSecond, ofIdeal: count / perSecond / (idealSeconds ?? 1) } });
