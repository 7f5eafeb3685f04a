/** `npm run faults`: breaks workers on brokers of our own, and counts what becomes of the tasks. */
import { rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Servers, startServers } from "../bench/lib/servers.ts";
import { toError } from "../protocol/index.ts";
import { makeFolder, removeFolder } from "../test/helpers/services-process.ts";
import { type BrokerName, type Fault, type FaultCase, NotHere } from "./lib/fault.ts";
import { type FaultsOptions, readOptions, usage } from "./lib/options.ts";
import { isFailure, type Line, reasonsOf, toJson, toTable } from "./lib/report.ts";
import { casesOf, runFault } from "./lib/run-fault.ts";
import type { Place } from "./lib/scene.ts";
import { FAULTS } from "./rows/index.ts";

/** Of the scene that runs; workers and servers notice that we are gone, and end. */
let folder = "";
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  });
}

try {
  const options = readOptions(process.argv.slice(2), FAULTS);
  if (options === undefined) process.stdout.write(usage(FAULTS));
  else await runAll(options);
} catch (error) {
  process.stderr.write(`${toError(error).message}\n`);
  process.exitCode = 1;
}

async function runAll(options: FaultsOptions): Promise<void> {
  const { faults, brokers, tasks, seed, jsonFile } = options;
  const plan = faults.flatMap((fault) =>
    brokers
      .filter((broker) => fault.brokers.includes(broker))
      .flatMap((broker) => casesOf(fault, broker).map((form) => ({ fault, broker, form }))),
  );
  process.stderr.write(`${plan.length} runs, ${tasks} tasks each, --seed ${seed}\n`);
  // Results are always in Redis.
  const isRabbitNeeded = plan.some(({ broker }) => broker === "rabbitmq");
  const servers = await startServers(isRabbitNeeded ? ["redis", "rabbitmq"] : ["redis"]);
  const lines: Line[] = [];
  for (const { fault, broker, form } of plan) {
    const line = await runOne(fault, broker, form, servers, options);
    lines.push(line);
    const verdict = isFailure(line) ? `FAIL: ${reasonsOf(line).join("; ")}` : "done";
    process.stderr.write(
      `${[fault.name, form.name, broker].filter((part) => part !== "").join(" ")}: ${verdict}\n`,
    );
  }
  await servers.stop();
  process.stdout.write(`\n${toTable(lines)}\n`);
  if (jsonFile !== undefined) await writeFile(jsonFile, toJson(lines, tasks, seed));
  if (lines.some(isFailure)) process.exitCode = 1;
}

async function runOne(
  fault: Fault,
  broker: BrokerName,
  form: FaultCase,
  servers: Servers,
  { tasks, seed, seconds }: FaultsOptions,
): Promise<Line> {
  folder = await makeFolder("faults");
  try {
    const { urls, resultsUrl } = await servers.clear();
    const url = broker === "sqlite" ? `sqla+sqlite:///${join(folder, "broker.sqlite")}` : urls[broker];
    const place: Place = { broker, url, resultsUrl, folder };
    return await runFault(fault, { place, form, tasks, seed, seconds });
  } catch (error) {
    const isSkipped = error instanceof NotHere;
    return { fault: fault.name, form: form.name, broker, error: toError(error).message, isSkipped };
  } finally {
    await removeFolder(folder);
    folder = "";
  }
}
