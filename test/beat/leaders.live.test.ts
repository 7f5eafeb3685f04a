/** A short form of F25 of `npm run faults`: see faults/rows/f25-leader-dies.ts. */
import { expect, it } from "vitest";
import { runFault } from "../../faults/lib/run-fault.ts";
import { leaderDies } from "../../faults/rows/f25-leader-dies.ts";
import { redisUrl, temporaryFolder } from "../helpers/services.ts";

it("misses no run and sends none twice when the leader is killed, or stopped and woken", async () => {
  const place = {
    broker: "redis" as const,
    url: await redisUrl(),
    resultsUrl: await redisUrl(),
    folder: await temporaryFolder(),
  };
  const result = await runFault(
    leaderDies,
    { place, form: { name: "" }, tasks: 140, seed: Date.now(), seconds: undefined, leaseMs: undefined },
    new AbortController().signal,
  );
  expect(result.checks.filter(({ value, limit }) => !(value <= limit))).toEqual([]);
  expect(result.run).toBeGreaterThanOrEqual(35);
});
