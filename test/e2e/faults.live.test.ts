/** A short form of `npm run faults`: the quick rows, with few tasks and short leases. */
import { describe, expect, it } from "vitest";
import type { BrokerName, Fault, FaultCase } from "../../faults/lib/fault.ts";
import { casesOf, type Result, runFault } from "../../faults/lib/run-fault.ts";
import { FAULTS } from "../../faults/rows/index.ts";
import { amqpUrl, redisUrl, serviceMissing, sqliteFile, temporaryFolder } from "../helpers/services.ts";

const URLS: Readonly<Record<BrokerName, () => Promise<string>>> = {
  rabbitmq: amqpUrl,
  redis: redisUrl,
  sqlite: async () => `sqla+sqlite:///${await sqliteFile()}`,
};

/** What a dead process held is taken over after this; the defaults are longer. */
const LEASE_MS = 2000;

async function run(fault: Fault, form: FaultCase, broker: BrokerName, tasks: number): Promise<Result> {
  const [url, resultsUrl, folder] = [await URLS[broker](), await redisUrl(), await temporaryFolder()];
  const place = { broker, url, resultsUrl, folder };
  const options = { place, form, tasks, seed: Date.now() % 2 ** 31, seconds: 1, leaseMs: LEASE_MS };
  return await runFault(fault, options, new AbortController().signal);
}

/** What was exceeded, the times apart: a machine may be slow. */
function exceeded({ checks }: Result): string[] {
  return checks
    .filter(({ what, value, limit }) => !(what.startsWith("seconds ") || value <= limit))
    .map(({ what, value, limit }) => `${what}: ${value}, at most ${limit}`);
}

describe.skipIf(serviceMissing("redis", "rabbitmq"))("npm run faults", () => {
  it.each([
    { row: "F1", name: "prefork", broker: "redis" },
    { row: "F2", name: "one of two", broker: "rabbitmq" },
    { row: "F3", name: "all, 3600 s", broker: "redis" },
    { row: "F4", name: "one of two", broker: "sqlite" },
    { row: "F18", name: "kills the child", broker: "rabbitmq" },
  ] as const)(
    "$row $name, $broker: no task is lost, and none repeated beyond its bound",
    {
      timeout: 180_000,
    },
    async ({ row, name, broker }) => {
      const fault = FAULTS.find((one) => one.name === row);
      const form = fault && casesOf(fault, broker).find((one) => one.name === name);
      if (fault === undefined || form === undefined) throw new Error(`There is no ${row} ${name}.`);
      const result = await run(fault, form, broker, 60);
      expect(exceeded(result)).toEqual([]);
      expect(result.run + result.dead).toBe(result.sent);
    },
  );

  it("notices what is lost when tasks are acknowledged early", { timeout: 180_000 }, async () => {
    const early: Fault = {
      name: "F2",
      what: "kill -9 with Celery's default acknowledgement",
      brokers: ["redis"],
      async run(scene) {
        const worker = await scene.startWorker({ env: { CELERY_TASK_ACKS_LATE: "false" } });
        await scene.load();
        await scene.untilUnderWay();
        await worker.kill();
        await scene.startWorker();
        await scene.settled([], 2 * (LEASE_MS / 1000) + 2);
        return { broken: { times: 1, what: "kill -9" }, duplicates: 0 };
      },
    };
    const result = await run(early, { name: "" }, "redis", 60);
    expect(result.lost).toBeGreaterThan(0);
    expect(exceeded(result).join()).toContain("lost: ");
  });
});
