/** Sends chords that grow to a worker, and watches how much memory that takes in both processes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chord } from "../../canvas/index.ts";
import { createApp } from "../../index.ts";
import { signature } from "../../protocol/index.ts";
import { readInput, report } from "../lib/child.ts";
import type { LargeInput } from "./bench.ts";

const SAMPLE_MS = 20;
const MB = 2 ** 20;

const input = readInput<LargeInput>();
const app = createApp({ env: {}, brokerUrl: input.broker, resultBackend: input.results });
const workerFile = fileURLToPath(new URL("celerity-worker.js", import.meta.url));
const worker = spawn(process.execPath, [workerFile, JSON.stringify(input)], {
  stdio: ["ignore", "pipe", "inherit"],
});
await once(worker.stdout, "data");

/** Resident memory of the worker, in MB. Linux only. */
function workerMb(): number {
  const status = readFileSync(`/proc/${worker.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

async function run(size: number): Promise<number> {
  const startedAtMs = performance.now();
  const members = Array.from({ length: size }, (_, at) => signature("tasks.add", [at, 1]));
  const result = await app.apply(chord(members, signature("tasks.sum")));
  const sum = await result.get({ timeoutMs: 120_000 });
  if (sum !== (size * (size + 1)) / 2) throw new Error(`Wrong result: ${JSON.stringify(sum)}`);
  return (size * 1000) / (performance.now() - startedAtMs);
}

const samples = [];
for (const size of [...input.sizes.slice(0, 1), ...input.sizes]) {
  let [peakMb, clientMb] = [0, 0];
  const timer = setInterval(() => {
    peakMb = Math.max(peakMb, workerMb());
    clientMb = Math.max(clientMb, process.memoryUsage.rss() / MB);
  }, SAMPLE_MS);
  const perSecond = await run(size);
  clearInterval(timer);
  samples.push({ case: `chord of ${size}`, values: { perSecond, peakMb, clientMb } });
}
// The first one warmed up.
report(...samples.slice(1));
worker.kill("SIGTERM");
await once(worker, "exit");
await app.close();
