/** Sends and runs chords that grow, in one process, and watches how much memory that takes. */
import { chord } from "../../canvas/index.ts";
import { createApp, createWorker } from "../../index.ts";
import { signature } from "../../protocol/index.ts";
import { readInput, report } from "../lib/child.ts";
import type { LargeInput } from "./bench.ts";

const SAMPLE_MS = 20;
const MB = 2 ** 20;

const { broker, results, sizes } = readInput<LargeInput>();
const app = createApp({ env: {}, brokerUrl: broker, resultBackend: results });
app.task("tasks.one", (_: number) => 1);
app.task("tasks.count", (values: number[]) => values.length);
const worker = createWorker({ app, pool: "async" });
await worker.start();

async function run(size: number): Promise<number> {
  const startedAtMs = performance.now();
  const members = Array.from({ length: size }, (_, at) => signature("tasks.one", [at]));
  const result = await app.apply(chord(members, signature("tasks.count")));
  const counted = await result.get({ timeoutMs: 120_000 });
  if (counted !== size) throw new Error(`Wrong result: ${JSON.stringify(counted)}`);
  return (size * 1000) / (performance.now() - startedAtMs);
}

const samples = [];
for (const size of [...sizes.slice(0, 1), ...sizes]) {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, SAMPLE_MS);
  const perSecond = await run(size);
  clearInterval(timer);
  samples.push({ case: `chord of ${size}`, values: { perSecond, peakMb: peak / MB } });
}
// The first one warmed up.
report(...samples.slice(1));
await worker.stop();
await app.close();
