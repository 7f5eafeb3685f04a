/** Starts a worker again and again. */
import { readInput, report } from "../lib/child.ts";
import type { LifeInput } from "./lives.ts";
import { startWorker, stopWorker } from "./worker-process.ts";

const input = readInput<LifeInput>();
let seconds = 0;
for (let at = 0; at < input.count; at += 1) {
  const worker = await startWorker(input);
  seconds += worker.seconds;
  await stopWorker(worker);
}
report({ values: { seconds: seconds / input.count } });
