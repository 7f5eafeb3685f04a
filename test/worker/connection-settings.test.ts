/** Settings of connections, on brokers that come, go and refuse. */
import { Redis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { createWorker } from "../../worker/index.ts";
import { amqpUrl, freePorts, redisUrl, startRedis } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

async function deadUrl(): Promise<string> {
  return `redis://127.0.0.1:${await freePorts(1)}/0`;
}

describe("several brokers", () => {
  it.each([
    ["in one string", (urls: readonly string[]) => urls.join(";")],
    ["in a list", (urls: readonly string[]) => urls],
  ])("are tried in turn, %s", async (_what, join) => {
    const urls = [await deadUrl(), await deadUrl(), await redisUrl()];
    for (const brokerFailoverStrategy of ["round-robin", "shuffle"] as const) {
      const app = testApp({ brokerUrl: join(urls), brokerFailoverStrategy, taskPublishDeadline: 20 });
      app.task("add", (x: number, y: number) => x + y);
      const worker = await testWorker(app);
      expect(await app.call("add", { args: [2, 3], timeoutMs: 20_000 })).toBe(5);
      await worker.stop();
    }
  });

  it("may differ for those who read and those who write", async () => {
    const [from, to] = [await redisUrl(), await redisUrl()];
    const app = testApp({ brokerUrl: await deadUrl(), brokerReadUrl: from, brokerWriteUrl: to });
    app.task("add", (x: number, y: number) => x + y);
    await app.sendTask("add", { args: [1, 2] });
    const redis = new Redis(to);
    onTestFinished(() => redis.disconnect());
    expect(await redis.llen("celery")).toBe(1);
    await testWorker(app);
    const sender = testApp({ brokerUrl: from, resultBackend: app.settings.resultBackend });
    expect(await sender.call("add", { args: [2, 3], timeoutMs: 20_000 })).toBe(5);
    expect(await redis.llen("celery")).toBe(1);
  });
});

describe("brokerLoginMethod", () => {
  it("chooses how to log in to RabbitMQ", async () => {
    const brokerUrl = await amqpUrl();
    await testApp({ brokerUrl, brokerLoginMethod: "AMQPLAIN" }).sendTask("add");
    const external = testApp({ brokerUrl, brokerLoginMethod: "EXTERNAL", taskPublishDeadline: 2 });
    await expect(external.sendTask("add")).rejects.toMatchObject({ code: "broker_unavailable" });
    const unknown = testApp({ brokerUrl, brokerLoginMethod: "KERBEROS" });
    await expect(unknown.sendTask("add")).rejects.toThrow(/"KERBEROS" is unknown; use one of PLAIN/);
  });
});

describe("brokerConnectionRetry", () => {
  it("false ends a worker that loses its broker", async () => {
    const server = await startRedis();
    const worker = await testWorker(testApp({ brokerUrl: server.url, brokerConnectionRetry: false }));
    await server.kill();
    expect(await worker.failed).toMatchObject({ code: "broker_unavailable" });
    await server.stop();
  });

  it("is for brokers that go, and the one on startup for those that never were", async () => {
    const brokerUrl = [await deadUrl(), await deadUrl()];
    for (const settings of [{ brokerConnectionRetry: false }, { brokerConnectionRetryOnStartup: false }]) {
      const worker = createWorker({ app: testApp({ brokerUrl, ...settings }) });
      await expect(worker.start()).rejects.toMatchObject({ code: "broker_unavailable" });
    }
  });

  it("lets a worker wait for its broker to start", async () => {
    const server = await startRedis();
    await server.kill();
    const app = testApp({
      brokerUrl: server.url,
      brokerConnectionRetry: false,
      brokerConnectionRetryOnStartup: true,
    });
    const worker = createWorker({ app });
    onTestFinished(() => worker.stop());
    const started = worker.start();
    await server.restart();
    await started;
    await worker.stop();
  });
});

describe("transport options", () => {
  it("may have kombu's own names", async () => {
    const brokerUrl = await redisUrl();
    const app = testApp({ brokerUrl, brokerTransportOptions: { global_keyprefix: "mine:" } });
    await app.sendTask("add");
    const redis = new Redis(brokerUrl);
    onTestFinished(() => redis.disconnect());
    expect(await redis.llen("mine:celery")).toBe(1);
  });
});

describe("the result store", () => {
  it("is tried again for as long as its settings say", async () => {
    const server = await startRedis();
    const settings = {
      resultBackendAlwaysRetry: true,
      resultBackendBaseSleepBetweenRetriesMs: 10,
      resultBackendMaxSleepBetweenRetriesMs: 50,
    };
    const document = {
      task_id: "t",
      status: "SUCCESS",
      result: 5,
      traceback: null,
      children: [],
      date_done: null,
    };
    const stores = async (more: object): Promise<void> => {
      const app = testApp({ resultBackend: server.url, ...settings, ...more });
      await (await app.backend()).store([{ document, correlationId: "t" }]);
    };
    await stores({});
    await server.kill();
    await expect(stores({ resultBackendMaxRetries: 3 })).rejects.toMatchObject({
      code: "backend_unavailable",
    });
    const patient = stores({});
    await server.restart();
    await patient;
  });

  it("keeps failures for resultFailureExpires", async () => {
    const resultBackend = await redisUrl();
    const app = testApp({ resultBackend, resultFailureExpires: 50, resultExpires: 5000 });
    app.task("add", (x: number, y: number) => x + y);
    app.task("fail", () => {
      throw new Error("no");
    });
    await testWorker(app);
    const good = await app.sendTask("add", { args: [1, 2] });
    const bad = await app.sendTask("fail");
    await good.get({ timeoutMs: 20_000 });
    await expect(bad.get({ timeoutMs: 20_000 })).rejects.toThrow("no");
    const redis = new Redis(resultBackend);
    onTestFinished(() => redis.disconnect());
    const left = (id: string): Promise<number> => redis.ttl(`celery-task-meta-${id}`);
    expect(await left(good.id)).toBeGreaterThan(4000);
    expect(await left(bad.id)).toBeLessThanOrEqual(50);
    expect(await left(bad.id)).toBeGreaterThan(0);
  });
});
