/** `npm run faults`: breaks workers on brokers of our own, and counts what becomes of the tasks. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Servers, startServers } from "../bench/lib/servers.ts";
import { toError } from "../protocol/index.ts";
import { makeFolder, removeFolder } from "../test/helpers/services-process.ts";
import { type BrokerName, type Fault, type FaultCase, NotHere } from "./lib/fault.ts";
import type { Ledger } from "./lib/ledger.ts";
import { type FaultsOptions, readOptions, usage } from "./lib/options.ts";
import { openOwnPlace } from "./lib/own-servers.ts";
import { followRun } from "./lib/progress.ts";
import { isFailure, type Line, reasonsOf, toJson, toTable, where } from "./lib/report.ts";
import { casesOf, runFault } from "./lib/run-fault.ts";
import type { Place } from "./lib/scene.ts";
import { FAULTS } from "./rows/index.ts";

/** A line of the table to be. */
interface Step {
  readonly fault: Fault;
  readonly form: FaultCase;
  readonly broker: BrokerName;
}

/** A run was no pass; it could not begin; a signal ended it. */
const FAILED = 1;
const UNUSABLE = 2;
const INTERRUPTED = 130;

/** The first signal ends the run in order, the second at once; what we started notices that we are gone. */
const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(INTERRUPTED);
    interruption.abort();
  });
}

try {
  const options = readOptions(process.argv.slice(2), FAULTS);
  if (options === undefined) process.stdout.write(usage(FAULTS));
  else process.exitCode = await runAll(options);
} catch (error) {
  process.stderr.write(`${toError(error).message}\n`);
  process.exitCode = UNUSABLE;
}

/** Resolves to the exit code. */
async function runAll(options: FaultsOptions): Promise<number> {
  const { tasks, seed, jsonFile } = options;
  const plan = planOf(options);
  if (plan.length === 0) throw new Error("No fault comes in this form on this broker: see --help.");
  process.stderr.write(`${plan.length} runs, ${tasks} tasks each, --seed ${seed}\n`);
  // Results are always in Redis.
  const isRabbitNeeded = plan.some(({ broker, fault }) => broker === "rabbitmq" && !fault.ownServers);
  const servers = await startServers(isRabbitNeeded ? ["redis", "rabbitmq"] : ["redis"]);
  const lines: Line[] = [];
  try {
    for (const [at, step] of plan.entries()) {
      if (interruption.signal.aborted) break;
      let ledger: Ledger | undefined;
      const progress = followRun(`[${at + 1}/${plan.length}] ${where(namesOf(step))}`, () => ledger);
      const line = await runOne(step, servers, options, (begun) => {
        ledger = begun;
      });
      // Nothing can be said about what was interrupted.
      progress.end(interruption.signal.aborted ? "interrupted" : verdictOf(line));
      if (interruption.signal.aborted) break;
      lines.push(line);
    }
  } finally {
    await servers.stop();
  }
  process.stdout.write(`\n${toTable(lines)}\n`);
  if (jsonFile !== undefined) await writeFile(jsonFile, toJson(lines, tasks, seed));
  if (interruption.signal.aborted) return INTERRUPTED;
  return lines.some(isFailure) ? FAILED : 0;
}

function namesOf({ fault, form, broker }: Step): Pick<Line, "fault" | "form" | "broker"> {
  return { fault: fault.name, form: form.name, broker };
}

function verdictOf(line: Line): string {
  if ("error" in line && line.isSkipped) return `skipped: ${line.error}`;
  return isFailure(line) ? `FAIL: ${reasonsOf(line).join("; ")}` : "pass";
}

function planOf({ faults, brokers, form: part = "" }: FaultsOptions): readonly Step[] {
  const places = faults.flatMap((fault) =>
    brokers.filter((broker) => fault.brokers.includes(broker)).map((broker) => ({ fault, broker })),
  );
  return places.flatMap(({ fault, broker }) =>
    casesOf(fault, broker)
      .filter(({ name }) => name.includes(part))
      .map((form) => ({ fault, form, broker })),
  );
}

async function runOne(
  step: Step,
  servers: Servers,
  { tasks, seed, seconds, leaseMs }: FaultsOptions,
  onBegun: (ledger: Ledger) => void,
): Promise<Line> {
  const { fault, form } = step;
  const folder = await makeFolder("faults");
  try {
    await using place = await openPlace(step, servers, folder);
    const scene = { place, form, tasks, seed, seconds, leaseMs };
    return await runFault(fault, scene, interruption.signal, onBegun);
  } catch (error) {
    const isSkipped = error instanceof NotHere;
    return { ...namesOf(step), error: toError(error).message, isSkipped };
  } finally {
    await removeFolder(folder);
  }
}

/** An empty place: on the servers of all, or on some that the fault may break. */
async function openPlace(
  { fault, form, broker }: Step,
  shared: Servers,
  folder: string,
): Promise<Place & AsyncDisposable> {
  if (fault.ownServers) return openOwnPlace(broker, folder, form);
  const { urls, resultsUrl } = await shared.clear();
  const url = broker === "sqlite" ? `sqla+sqlite:///${join(folder, "broker.sqlite")}` : urls[broker];
  return { broker, url, resultsUrl, folder, [Symbol.asyncDispose]: async () => undefined };
}
