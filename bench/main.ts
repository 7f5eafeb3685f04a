/** `npm run bench -- <name>`: measures Celerity beside Python Celery and beside the bare client libraries. */
import { mkdir, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { toError } from "../protocol/index.ts";
import { compressorsBench, serializersBench, signingBench } from "./codecs/bench.ts";
import { gatewayBench } from "./gateway/bench.ts";
import { gatewayFlowerBench, gatewayWaitsBench } from "./gateway/flower.ts";
import { gatewayGuardedBench } from "./gateway/guarded-bench.ts";
import { gatewayMemoryBench } from "./gateway/memory-bench.ts";
import type { Bench } from "./lib/bench.ts";
import { type BenchOptions, readOptions, USAGE } from "./lib/options.ts";
import { describeProfiles } from "./lib/profile.ts";
import { toJson, toTable } from "./lib/report.ts";
import { type BenchResult, runBench } from "./lib/rounds.ts";
import { producerAmqp, producerRedis } from "./producer/bench.ts";
import { roundtripAmqp, roundtripRedis } from "./roundtrip/bench.ts";
import { workerAmqp, workerRedis } from "./worker/bench.ts";
import { cpuBench, drainAmqpBench, drainRedisBench, waitsBench } from "./worker-pools/drains.ts";
import { memoryBench, startupBench } from "./worker-pools/lives.ts";
import { millionBench } from "./worker-pools/long.ts";
import { largeChordsBench, workflowsBench } from "./workflows/bench.ts";

const BENCHES: readonly Bench[] = [
  producerRedis,
  producerAmqp,
  workerRedis,
  workerAmqp,
  cpuBench,
  drainRedisBench,
  drainAmqpBench,
  waitsBench,
  startupBench,
  memoryBench,
  millionBench,
  roundtripRedis,
  roundtripAmqp,
  workflowsBench,
  largeChordsBench,
  gatewayBench,
  gatewayGuardedBench,
  gatewayFlowerBench,
  gatewayWaitsBench,
  gatewayMemoryBench,
  serializersBench,
  compressorsBench,
  signingBench,
];

/** Children and servers notice that we are gone, and end. */
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));

try {
  const options = readOptions(process.argv.slice(2), BENCHES);
  if (options.benches.length === 0) list();
  else await measure(options);
} catch (error) {
  process.stderr.write(`${toError(error).message}\n`);
  process.exitCode = 1;
}

function list(): void {
  const rows = BENCHES.map(({ name, title, count }) => `  ${name.padEnd(26)}${title} (${count})`);
  process.stdout.write(`${USAGE}\n${rows.join("\n")}\n`);
}

async function measure(options: BenchOptions): Promise<void> {
  const { benches, jsonFile } = options;
  const profileFolder = options.profileFolder === undefined ? undefined : resolve(options.profileFolder);
  if (profileFolder !== undefined) await mkdir(profileFolder, { recursive: true });
  const results: BenchResult[] = [];
  for (const bench of benches) {
    const onProgress = (line: string): void => void process.stderr.write(`${line}\n`);
    const result = await runBench(bench, { ...options, profileFolder, onProgress });
    results.push(result);
    process.stdout.write(`\n${toTable(result)}\n\n`);
    if (result.failures.length > 0) process.exitCode = 1;
  }
  if (jsonFile !== undefined) await writeFile(jsonFile, toJson(results));
  if (profileFolder !== undefined) process.stdout.write(`${describeProfiles(profileFolder)}\n`);
}
