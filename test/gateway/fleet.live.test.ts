/** A fleet of two languages on Redis and on RabbitMQ: a Python worker and a TypeScript worker, asked and told over HTTP. */
import { beforeAll, describe, expect, test, vi } from "vitest";
import { createApp } from "../../app/index.ts";
import { createGateway } from "../../gateway/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { createWorker } from "../../worker/index.ts";
import { brokers } from "../e2e/places.ts";
import { type PythonWorker, pythonVersions, startPythonWorker } from "../helpers/python.ts";
import { serviceMissing } from "../helpers/services.ts";
import { post, read } from "./place.ts";

const PATIENCE = { timeout: 30_000, interval: 100 };
const isMissing = !process.env["CI"] && (!pythonVersions().includes("latest") || serviceMissing("rabbitmq"));

describe.skipIf(isMissing).each(["Redis", "RabbitMQ"] as const)("workers on %s", (name) => {
  let url: string;
  let python: PythonWorker;

  beforeAll(async () => {
    const brokerUrl = await brokers[name]();
    const open = (): ReturnType<typeof createApp> => {
      const app = createApp({ env: {}, brokerUrl, onWarning: () => undefined });
      cleanUp(() => app.close());
      return app;
    };
    const own = open();
    own.task("shop.add", (x: number, y: number) => x + y);
    const worker = createWorker({
      app: own,
      pool: "async",
      concurrency: 7,
      hostname: "ts@shop",
      queues: ["ts"],
    });
    cleanUp(() => worker.stop());
    await worker.start();
    python = await startPythonWorker({ version: "latest", broker: brokerUrl, args: ["-Q", "py"] });
    const gateway = createGateway({ app: open() });
    cleanUp(() => gateway.close());
    ({ url } = await gateway.listen({ port: 0 }));
  });

  const order = (worker: string, action: string, body: object): ReturnType<typeof read> =>
    read(post(`${url}/v1/workers/${worker}:${action}`, body));

  test("are listed with their languages, pools and queues", async () => {
    await vi.waitFor(async () => {
      const { body } = await read(fetch(`${url}/v1/workers`));
      expect(body["workers"]).toMatchObject([
        {
          name: python.name,
          status: "online",
          language: "python",
          software: { name: "py-celery", version: expect.stringMatching(/^5\./) },
          pid: python.pid,
          pool: "prefork",
          concurrency: 2,
          active: 0,
          processed: 0,
          load: [expect.any(Number), expect.any(Number), expect.any(Number)],
          queues: ["py"],
        },
        {
          name: "ts@shop",
          status: "online",
          language: "typescript",
          pool: "async",
          concurrency: 7,
          queues: ["ts"],
        },
      ]);
    }, PATIENCE);
    const { body } = await read(fetch(`${url}/v1/workers/${python.name}`));
    expect(body["tasks"]).toContain("examples.add");
  });

  test("have run what was sent to them", async () => {
    const task = { task: "examples.add", args: [2, 3], queue: "py" };
    expect((await post(`${url}/v1/tasks`, task)).status).toBe(202);
    await vi.waitFor(async () => {
      const { body } = await read(fetch(`${url}/v1/workers/${python.name}`));
      expect(body).toMatchObject({ processed: 1, totals: { "examples.add": 1 } });
    }, PATIENCE);
  });

  test("obey", async () => {
    expect(await order(python.name, "grow", { n: 1 })).toMatchObject({
      status: 200,
      body: { replies: [{ worker: python.name, ok: "pool will grow" }] },
    });
    await vi.waitFor(async () => {
      expect((await read(fetch(`${url}/v1/workers/${python.name}`))).body["concurrency"]).toBe(3);
    }, PATIENCE);
    expect((await order(python.name, "shrink", {})).status).toBe(200);
    for (const worker of [python.name, "ts@shop"])
      expect(await order(worker, "add-consumer", { queue: "extra" })).toMatchObject({
        status: 200,
        body: { replies: [{ ok: "add consumer extra" }] },
      });
    expect(await order(python.name, "autoscale", { min: 1, max: 2 })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining("Autoscale not enabled") },
    });
  });

  test("answer together when all are told", async () => {
    const { body } = await order("-", "rate-limit", { task: "examples.add", rate: "10/m" });
    expect(body["replies"]).toHaveLength(2);
    expect(body["replies"]).toEqual(
      expect.arrayContaining([
        { worker: python.name, ok: "new rate limit set successfully" },
        { worker: "ts@shop", error: "unknown task" },
      ]),
    );
    const none = await order(python.name, "rate-limit", { task: "examples.add", rate: null });
    expect(none.body["replies"]).toEqual([{ worker: python.name, ok: "rate limit disabled successfully" }]);
    const limits = { task: "examples.add", soft: 5, hard: 9.5 };
    expect((await order(python.name, "time-limit", limits)).body["replies"]).toEqual([
      { worker: python.name, ok: "time limits set successfully" },
    ]);
  });

  test("end, and are known to be gone", async () => {
    expect((await order(python.name, "shutdown", {})).status).toBe(202);
    await vi.waitFor(async () => {
      const { body } = await read(fetch(`${url}/v1/workers?status=offline`));
      expect(body["workers"]).toMatchObject([{ name: python.name }]);
    }, PATIENCE);
  });
});
