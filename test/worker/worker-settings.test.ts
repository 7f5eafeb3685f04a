/** Settings of the worker and its queues, on real brokers. */
import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { createApp, type Settings } from "../../app/index.ts";
import { startPythonClient, startPythonWorker } from "../helpers/python.ts";
import { amqpUrl, rabbitApi, redisUrl } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

const POLL = { timeout: 30_000 };

async function redisApp(settings: Partial<Settings> = {}) {
  const url = await redisUrl();
  const app = testApp({ brokerUrl: url, resultBackend: url, ...settings });
  app.task("examples.add", (x: number, y: number) => x + y);
  return app;
}

/** RabbitMQ closes all connections to a virtual host, once it shows that there are two. */
async function cutConnections(brokerUrl: string): Promise<void> {
  const path = `vhosts${new URL(brokerUrl).pathname}/connections`;
  const connections = async (): Promise<readonly { readonly name: string }[]> =>
    (await rabbitApi(brokerUrl, "GET", path)) as readonly { readonly name: string }[];
  await expect.poll(async () => (await connections()).length, POLL).toBeGreaterThan(1);
  for (const { name } of await connections())
    await rabbitApi(brokerUrl, "DELETE", `connections/${encodeURIComponent(name)}`);
}

describe("workerDirect", () => {
  it("takes what Python sends to the worker's own queue", async () => {
    const [broker, backend, node] = [await amqpUrl(), await redisUrl(), `${randomUUID()}@test`];
    const app = testApp({ brokerUrl: broker, resultBackend: backend, workerDirect: true });
    app.task("examples.add", (x: number, y: number) => x + y);
    const worker = await testWorker(app, { hostname: node, queues: ["nobody-sends-here"] });
    expect(worker.queues.map(({ name }) => name)).toEqual(["nobody-sends-here", `${node}.dq2`]);
    const client = await startPythonClient({ version: "latest", broker, backend });
    const send = `app.send_task("examples.add", (2, 3), exchange="C.dq2", routing_key="${node}").get(timeout=20)`;
    expect(await client.evaluate(send)).toBe(5);
    expect(await app.call("examples.add", { args: [1, 2], queue: `${node}.dq2`, timeoutMs: 20_000 })).toBe(3);
  });

  it("is declared as Python's worker declares it", async () => {
    const broker = await amqpUrl();
    const python = await startPythonWorker({ version: "latest", broker, conf: { worker_direct: true } });
    await testWorker(testApp({ brokerUrl: broker, workerDirect: true }), { hostname: "js@test" });
    const vhost = new URL(broker).pathname;
    const bindings = await rabbitApi(broker, "GET", `exchanges${vhost}/C.dq2/bindings/source`);
    expect(bindings).toEqual(
      expect.arrayContaining(
        [python.name, "js@test"].map((node) =>
          expect.objectContaining({ destination: `${node}.dq2`, routing_key: node }),
        ),
      ),
    );
  });
});

describe("excludeQueues", () => {
  it("leaves out some of the app's queues", async () => {
    const app = await redisApp({ taskQueues: { celery: {}, slow: {}, other: {} } });
    const worker = await testWorker(app, { excludeQueues: ["slow", "unknown"] });
    expect(worker.queues.map(({ name }) => name)).toEqual(["celery", "other"]);
    const connection = await app.connection();
    await app.sendTask("examples.add", { args: [1, 2], queue: "slow" });
    expect(await app.call("examples.add", { args: [2, 3], queue: "other", timeoutMs: 20_000 })).toBe(5);
    expect(await connection.queueSize("slow")).toBe(1);
  });
});

describe("workerDeduplicateSuccessfulTasks", () => {
  it.each([true, false])(
    "%s: a task that is done and comes again",
    async (workerDeduplicateSuccessfulTasks) => {
      const brokerUrl = await amqpUrl();
      const app = testApp({
        brokerUrl,
        resultBackend: await redisUrl(),
        workerDeduplicateSuccessfulTasks,
      });
      const runs: string[] = [];
      app.task("note", { bind: true }, (self) => void runs.push(self.request.id));
      const { id } = await app.sendTask("note");
      // The first worker stores the result, and dies before it acknowledges.
      const connection = await app.openConnection();
      const consumer = connection.consume([{ name: "celery" }], { prefetch: 1 });
      for await (const [delivery] of consumer) {
        expect(delivery?.redelivered).toBe(false);
        break;
      }
      const document = { task_id: id, status: "SUCCESS", result: 7, traceback: null, children: [] };
      const entry = { document: { ...document, date_done: null }, correlationId: id };
      await (await app.backend()).store([entry]);
      await connection.close();
      const worker = await testWorker(app);
      await expect.poll(() => worker.processed, POLL).toBe(1);
      expect(runs).toEqual(workerDeduplicateSuccessfulTasks ? [] : [id]);
      expect(await app.result(id).get()).toBe(7);
      await worker.stop();
      expect(await (await app.connection()).queueSize("celery")).toBe(0);
    },
  );
});

describe("a lost connection", () => {
  it("ends what runs with workerCancelLongRunningTasksOnConnectionLoss, so that it runs again", async () => {
    const brokerUrl = await amqpUrl();
    const app = testApp({
      brokerUrl,
      resultBackend: await redisUrl(),
      workerCancelLongRunningTasksOnConnectionLoss: true,
      workerPrefetchMultiplier: 1,
      taskPublishDeadline: 60,
    });
    const aborted = vi.fn();
    let runs = 0;
    app.task("long", { bind: true }, (self) => {
      runs += 1;
      if (runs > 1) return "again";
      return new Promise<never>((_resolve, reject) => {
        self.signal.addEventListener("abort", () => {
          aborted();
          reject(new Error("aborted"));
        });
      });
    });
    await testWorker(app, { concurrency: 2 });
    const result = await app.sendTask("long");
    const states: string[] = [];
    const value = result.get({ timeoutMs: 40_000, onChange: ({ status }) => states.push(status) });
    await expect.poll(() => runs, POLL).toBe(1);
    await cutConnections(brokerUrl);
    expect(await value).toBe("again");
    expect(states).toEqual(["RETRY", "SUCCESS"]);
    expect(aborted).toHaveBeenCalledOnce();
  });

  it.each([true, false])(
    "%s: workerEnablePrefetchCountReduction",
    async (workerEnablePrefetchCountReduction) => {
      const brokerUrl = await amqpUrl();
      const app = testApp({ brokerUrl, workerEnablePrefetchCountReduction, workerPrefetchMultiplier: 2 });
      let release: () => void = () => undefined;
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      let running = 0;
      app.task("hold", async () => {
        running += 1;
        await released;
      });
      const worker = await testWorker(app, { concurrency: 4 });
      const lane = worker.parts?.lanes[0];
      expect(lane?.prefetch).toBe(8);
      for (let sent = 0; sent < 2; sent += 1) await app.sendTask("hold");
      await expect.poll(() => running, POLL).toBe(2);
      const lives = worker.connectionLives;
      await cutConnections(brokerUrl);
      await expect.poll(() => worker.connectionLives, POLL).toBeGreaterThan(lives);
      await expect.poll(() => lane?.prefetch, POLL).toBe(workerEnablePrefetchCountReduction ? 4 : 8);
      release();
      await expect.poll(() => lane?.prefetch, POLL).toBe(8);
    },
  );
});

describe("workerDisablePrefetch", () => {
  it("holds what runs, and no more", async () => {
    const app = await redisApp({ workerDisablePrefetch: true });
    const worker = await testWorker(app, { concurrency: 3 });
    expect(worker.parts?.lanes[0]?.prefetch).toBe(3);
  });
});

describe("taskAnnotations", () => {
  it("are options of tasks, which win over their own", () => {
    const app = createApp({
      env: {},
      taskAnnotations: [{ "*": { maxRetries: 1, rateLimit: "1/s" } }, { slow: { rateLimit: "1/m" } }],
    });
    const slow = app.task("slow", { maxRetries: 9, serializer: "yaml" }, () => undefined);
    const other = app.task("other", () => undefined);
    expect(slow.options).toEqual({ maxRetries: 1, rateLimit: "1/m", serializer: "yaml" });
    expect(other.options).toEqual({ maxRetries: 1, rateLimit: "1/s" });
  });
});
