import { describe, expect, test } from "vitest";
import type { App, AsyncResult } from "../../app/index.ts";
import { createPark } from "../../worker/parking.ts";
import { amqpUrl, redisUrl, sqliteFile } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";
import { sealedSettings } from "./sealed-fleet.ts";

const WAIT = { timeoutMs: 30_000 };
const POLL = { timeout: 30_000, interval: 20 };

/** And seconds that are enough for a worker to start, to park and to stop: RabbitMQ declares 28 queues the first time. */
const brokers: [name: string, countdown: number, url: () => Promise<string | undefined>][] = [
  ["memory", 2, async () => undefined],
  ["Redis", 3, redisUrl],
  ["SQLite", 3, async () => `sqla+sqlite:///${await sqliteFile()}`],
  ["RabbitMQ", 7, amqpUrl],
];

async function waiting(app: App): Promise<number> {
  return (await app.connection()).queueSize("celery");
}

/** Runs a worker until it has taken everything, and stops it: what it held is waiting again, what it parked is not. */
async function passThrough(app: App): Promise<number> {
  const worker = await testWorker(app);
  await expect.poll(() => waiting(app), POLL).toBe(0);
  await worker.stop();
  return waiting(app);
}

describe.each(brokers)("on %s a task with an ETA far away", (_broker, countdown, urlOf) => {
  const parkingApp = async (settings: Parameters<typeof testApp>[0] = {}): Promise<App> => {
    const brokerUrl = await urlOf();
    return testApp({ ...(brokerUrl && { brokerUrl }), workerEtaParkAfter: 1, ...settings });
  };

  test("waits at the broker, whoever acknowledges early, and runs as if it came for the first time", async () => {
    const app = await parkingApp();
    const seen: unknown[] = [];
    const received: unknown[] = [];
    app.signals.on("task_received", ({ taskId }) => received.push(taskId));
    const note = (self: { request: { etaMs?: number | undefined; deliveryInfo: object } }): boolean => {
      seen.push(self.request.deliveryInfo);
      return Date.now() >= (self.request.etaMs ?? 0);
    };
    const late = app.task("late", { bind: true, acksLate: true }, note);
    const early = app.task("early", { bind: true, acksLate: false }, note);
    const sent = [await late.applyAsync([], { countdown }), await early.applyAsync([], { countdown })];
    expect(await passThrough(app)).toBe(0);
    expect(received).toEqual([]);
    await testWorker(app);
    expect(await Promise.all(sent.map((result) => result.get(WAIT)))).toEqual([true, true]);
    const info = { queue: "celery", exchange: "", routingKey: "celery", redelivered: false };
    expect(seen).toEqual([info, info]);
    expect(received.toSorted()).toEqual(sent.map(({ id }) => id).toSorted());
  });

  test("runs although its seal was looked at before", async () => {
    const messageSealNonceStore = `sqlite:///${await sqliteFile()}`;
    const app = await parkingApp({ ...sealedSettings, messageSealNonceStore });
    const add = app.task("add", (x: number, y: number) => x + y);
    const sent = await add.applyAsync([1, 1], { countdown });
    expect(await passThrough(app)).toBe(0);
    await testWorker(app);
    expect(await sent.get(WAIT)).toBe(2);
  });
});

describe("which tasks wait where", () => {
  const run = async (settings: Parameters<typeof testApp>[0], countdowns: readonly number[]) => {
    const app = testApp(settings);
    const add = app.task("add", (x: number) => x);
    const worker = await testWorker(app);
    const sent: AsyncResult<number>[] = [];
    for (const countdown of countdowns) sent.push(await add.applyAsync([sent.length], { countdown }));
    expect(await (await add.delay(99)).get(WAIT)).toBe(99);
    return { sent, worker };
  };

  test("near ones in memory, those beyond the setting at the broker", async () => {
    const { worker } = await run({ workerEtaParkAfter: 10 }, [5, 600, 601]);
    expect(worker.jobs.scheduled).toHaveLength(1);
  });

  test("those beyond the limit at the broker when the setting is null", async () => {
    const { worker } = await run({ workerEtaParkAfter: null, workerEtaTaskLimit: 2 }, [600, 600, 600]);
    expect(worker.jobs.scheduled).toHaveLength(2);
  });

  test("all at the broker when it is 0", async () => {
    const { worker, sent } = await run({ workerEtaParkAfter: 0 }, [0.3, 0.4]);
    expect(worker.jobs.scheduled).toEqual([]);
    expect(await Promise.all(sent.map((result) => result.get(WAIT)))).toEqual([0, 1]);
  });

  test("at the broker once as many as may be are held", async () => {
    const { worker, sent } = await run({ workerEtaTaskLimit: 2 }, [2, 2, 2, 2]);
    expect(worker.jobs.scheduled).toHaveLength(2);
    expect(await Promise.all(sent.map((result) => result.get(WAIT)))).toEqual([0, 1, 2, 3]);
  });

  test("in memory when the seal cannot be freed", async () => {
    const app = testApp({ workerEtaParkAfter: null });
    const add = app.task("add", (x: number) => x);
    const worker = await testWorker(app);
    await add.applyAsync([1], { countdown: 600 });
    await expect.poll(() => worker.jobs.scheduled.length, POLL).toBe(1);
    const [job] = worker.jobs.scheduled;
    const [lane] = worker.requireParts().lanes;
    if (job === undefined || lane === undefined) throw new Error("Nothing is scheduled.");
    const sealCheck = {
      check: () => undefined,
      checkControl: async () => undefined,
      settled: () => undefined,
      released: async () => false,
      stop: () => undefined,
      close: async () => undefined,
    };
    const park = createPark({ afterSeconds: 0, etaLimit: 10, sealCheck });
    expect(await park(job, lane.scheduler)).toBe(false);
    await worker.stop();
    expect(await waiting(app)).toBe(1);
  });
});

describe("a task that will not run", () => {
  const ended = (result: AsyncResult<unknown>): Promise<unknown> =>
    result.get(WAIT).catch((error: unknown) => error);
  const asRevoked = (why: string): object => ({ code: "task_revoked", args: [why] });

  test("ends at once when it was revoked before it came", async () => {
    const app = testApp();
    const add = app.task("add", (x: number) => x);
    const worker = await testWorker(app);
    worker.revoked.add("told-before");
    const result = await add.applyAsync([1], { countdown: 600, taskId: "told-before" });
    expect(await ended(result)).toMatchObject(asRevoked("revoked"));
  });

  test("ends when it is due, when it was revoked or expired meanwhile", async () => {
    const app = testApp({ workerEtaParkAfter: 0 });
    const add = app.task("add", (x: number) => x);
    const worker = await testWorker(app);
    const revoked = await add.applyAsync([1], { countdown: 1 });
    const expired = await add.applyAsync([1], { countdown: 1, expires: 0.5 });
    expect(await (await add.delay(2)).get(WAIT)).toBe(2);
    worker.revoked.add(revoked.id);
    expect(await ended(revoked)).toMatchObject(asRevoked("revoked"));
    expect(await ended(expired)).toMatchObject(asRevoked("expired"));
  });
});
