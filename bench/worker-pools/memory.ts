/** Starts a worker, leaves it alone, and looks how much memory its processes hold. */
import { setTimeout as sleep } from "node:timers/promises";
import { readInput, report } from "../lib/child.ts";
import type { LifeInput } from "./lives.ts";
import { treeMemoryKib } from "./tree-memory.ts";
import { startWorker, stopWorker } from "./worker-process.ts";

const input = readInput<LifeInput>();
const worker = await startWorker(input);
await sleep(input.count * 1000);
const mb = treeMemoryKib(worker.process.pid ?? 0) / 1024;
await stopWorker(worker);
report({ values: { mb } });
