/** A short form of those rows of `npm run faults` whose tasks come in by the gateway. */
import { describe, expect, it } from "vitest";
import { type Fault, type FaultCase, NotHere } from "../../faults/lib/fault.ts";
import { openOwnPlace } from "../../faults/lib/own-servers.ts";
import { casesOf, type Result, runFault } from "../../faults/lib/run-fault.ts";
import { FAULTS } from "../../faults/rows/index.ts";
import { cleanUp, redisUrl, serviceMissing, temporaryFolder } from "../helpers/services.ts";

const TASKS = 60;

async function run(
  fault: Fault,
  form: FaultCase,
  broker: "redis" | "sqlite",
  seconds: number,
): Promise<Result> {
  const folder = await temporaryFolder();
  const shared = { broker, url: await redisUrl(), resultsUrl: await redisUrl(), folder };
  const own = fault.ownServers ? await openOwnPlace(broker, folder, form) : undefined;
  if (own !== undefined) cleanUp(async () => await own[Symbol.asyncDispose]());
  const options = { form, tasks: TASKS, seed: Date.now() % 2 ** 31, seconds, leaseMs: 2000 };
  return await runFault(fault, { ...options, place: own ?? shared }, new AbortController().signal);
}

/** What was exceeded, the times apart: a machine may be slow. */
function exceeded({ checks }: Result): string[] {
  return checks
    .filter(({ what, value, limit }) => !(what.startsWith("seconds ") || value <= limit))
    .map(({ what, value, limit }) => `${what}: ${value}, at most ${limit}`);
}

describe.skipIf(serviceMissing("redis"))("npm run faults, through the gateway", () => {
  it.for([
    { row: "F17", name: "", broker: "redis", seconds: 6 },
    { row: "F22", name: "maxmemory, noeviction", broker: "redis", seconds: 2 },
    { row: "F22", name: "disk full", broker: "sqlite", seconds: 2 },
    { row: "F24", name: "Redis killed", broker: "redis", seconds: 6 },
    { row: "G1", name: "", broker: "redis", seconds: 1 },
  ] as const)(
    "$row $name, $broker: what was accepted is done, and what was not is refused",
    { timeout: 240_000 },
    async ({ row, name, broker, seconds }, { skip }) => {
      const fault = FAULTS.find((one) => one.name === row);
      const form = fault && casesOf(fault, broker).find((one) => one.name === name);
      if (fault === undefined || form === undefined) throw new Error(`There is no ${row} ${name}.`);
      const result = await run(fault, form, broker, seconds).catch((error: unknown) => {
        if (error instanceof NotHere) skip(error.message);
        throw error;
      });
      expect(exceeded(result)).toEqual([]);
      expect(result.run).toBe(result.sent);
      expect(result.sent).toBeGreaterThan(TASKS);
    },
  );
});
