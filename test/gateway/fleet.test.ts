/** Workers over HTTP: a TypeScript worker on a memory broker, and brokers that have no remote control. */
import { randomUUID } from "node:crypto";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createApp } from "../../app/index.ts";
import { createWorker, type Worker, type WorkerOptions } from "../../worker/index.ts";
import { sqliteFile } from "../helpers/services.ts";
import { testApp } from "../helpers/worker.ts";
import { openAccess } from "./access-place.ts";
import { openGateway, post, read } from "./place.ts";

const PATIENCE = { timeout: 20_000, interval: 50 };

/** A gateway and the workers of one broker, each with an app of its own as in life. */
async function openFleet(
  ...workers: readonly Partial<WorkerOptions>[]
): Promise<{ readonly url: string; readonly workers: readonly Worker[]; readonly names: readonly string[] }> {
  const broker = `memory://${randomUUID()}`;
  const started = workers.map((options, at) => {
    const app = testApp({ brokerUrl: broker, workerPoolRestarts: true });
    app.task("shop.add", (x: number, y: number) => x + y);
    return createWorker({ app, pool: "async", hostname: `w${at}@shop`, concurrency: 3, ...options });
  });
  onTestFinished(async () => void (await Promise.all(started.map((worker) => worker.stop()))));
  for (const worker of started) await worker.start();
  const { url } = await openGateway({ settings: { brokerUrl: broker } });
  return { url, workers: started, names: started.map(({ hostname }) => hostname) };
}

describe("GET /v1/workers", () => {
  it("tells of each worker what it is made of", async () => {
    const { url, names } = await openFleet({}, { queues: ["mail"] });
    const { status, body } = await read(fetch(`${url}/v1/workers`));
    expect(status).toBe(200);
    const workers = body["workers"] as Record<string, unknown>[];
    expect(workers.map(({ name }) => name)).toEqual(names);
    expect(workers[1]).toMatchObject({
      status: "online",
      language: "typescript",
      software: { name: "celerity" },
      pid: process.pid,
      pool: "async",
      concurrency: 3,
      queues: ["mail"],
      links: { self: "/v1/workers/w1@shop" },
      heartbeat: { every_seconds: expect.any(Number), age_seconds: expect.any(Number) },
    });
    await vi.waitFor(async () => {
      const again = await read(fetch(`${url}/v1/workers`));
      expect(again.body["workers"]).toMatchObject([
        { active: 0, processed: 0, load: [{}, {}, {}].map(() => expect.any(Number)) },
        {},
      ]);
    }, PATIENCE);
  });

  it("goes page by page, and by status", async () => {
    const { url, workers } = await openFleet({}, {}, {});
    const first = await read(fetch(`${url}/v1/workers?limit=2`));
    expect(first.body["workers"]).toMatchObject([{ name: "w0@shop" }, { name: "w1@shop" }]);
    const second = await read(fetch(url + String(first.body["next"])));
    expect(second.body).toMatchObject({ workers: [{ name: "w2@shop" }] });
    expect(second.body["next"]).toBeUndefined();
    await workers[1]?.stop();
    await vi.waitFor(async () => {
      const gone = await read(fetch(`${url}/v1/workers?status=offline`));
      expect(gone.body).toMatchObject({ workers: [{ name: "w1@shop", status: "offline", heartbeat: null }] });
    }, PATIENCE);
    expect((await fetch(`${url}/v1/workers?status=tired`)).status).toBe(422);
  });

  it("asks the workers once for many callers", async () => {
    const asked: string[] = [];
    const broker = `memory://${randomUUID()}`;
    const app = testApp({ brokerUrl: broker });
    const worker = createWorker({ app, pool: "async", hostname: "w@shop" });
    onTestFinished(() => worker.stop());
    await worker.start();
    const { url, app: own } = await openGateway({ settings: { brokerUrl: broker } });
    const connection = await own.connection();
    const publish = connection.publish.bind(connection);
    vi.spyOn(connection, "publish").mockImplementation((message, route) => {
      const { method } = JSON.parse(Buffer.from(message.body).toString()) as { method: string };
      if (route.exchange === "celery.pidbox") asked.push(method);
      return publish(message, route);
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => read(fetch(`${url}/v1/workers`))));
    for (const { body } of answers)
      expect(body).toMatchObject({ workers: [{ name: "w@shop", pool: "async" }] });
    expect(asked.filter((method) => method === "stats")).toHaveLength(1);
  });
});

describe("GET /v1/workers/{name}", () => {
  it("tells of its tasks, and 404 of one that nobody knows", async () => {
    const { url } = await openFleet({});
    const { body } = await read(fetch(`${url}/v1/workers/w0%40shop`));
    expect(body).toMatchObject({ name: "w0@shop", tasks: ["shop.add"], totals: {} });
    const unknown = await read(fetch(`${url}/v1/workers/w9@shop`));
    expect(unknown).toMatchObject({ status: 404, body: { type: "/problems/unknown-worker" } });
  });

  it("tells what the worker has of tasks, to those who may see them", async () => {
    const broker = `memory://${randomUUID()}`;
    const app = testApp({ brokerUrl: broker });
    let finish = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    app.task("shop.hold", () => held);
    const worker = createWorker({ app, pool: "async", hostname: "w@shop", concurrency: 1 });
    onTestFinished(() => worker.stop());
    onTestFinished(finish);
    await worker.start();
    const { url, key } = await openAccess({ settings: { brokerUrl: broker } });
    const all = { authorization: `Bearer ${await key({ scopes: ["workers:read"], read: "all" })}` };
    const own = await key({ scopes: ["workers:read", "tasks:submit"] });
    const another = { authorization: `Bearer ${await key({ scopes: ["workers:read"] })}` };
    const running = await read(
      post(`${url}/v1/tasks`, { task: "shop.hold" }, { authorization: `Bearer ${own}` }),
    );
    const { id: waiting } = await app.sendTask("shop.hold", { args: ["secret"] });
    const { id: later } = await app.sendTask("shop.hold", { countdown: 3600 });
    await vi.waitFor(async () => {
      const { body } = await read(fetch(`${url}/v1/workers/w@shop`, { headers: all }));
      expect(body).toMatchObject({
        active_tasks: [{ id: running.body["id"], task: "shop.hold", started_at: expect.any(String) }],
        reserved_tasks: [{ id: waiting, task: "shop.hold" }],
        scheduled_tasks: [{ id: later, task: "shop.hold", eta: expect.any(String) }],
      });
      expect(JSON.stringify(body)).not.toContain("secret");
    }, PATIENCE);
    const bearer = { authorization: `Bearer ${own}` };
    const mine = (await read(fetch(`${url}/v1/workers/w@shop`, { headers: bearer }))).body;
    expect(mine).toMatchObject({
      active_tasks: [{ id: running.body["id"] }],
      reserved_tasks: [],
      scheduled_tasks: [],
    });
    const theirs = (await read(fetch(`${url}/v1/workers/w@shop`, { headers: another }))).body;
    expect([theirs["active_tasks"], theirs["reserved_tasks"], theirs["scheduled_tasks"]]).toEqual([
      [],
      [],
      [],
    ]);
  });
});

describe("POST /v1/workers/{name}:<action>", () => {
  it("has a queue consumed, and not any more", async () => {
    const { url, workers } = await openFleet({});
    const order = (action: string): Promise<Response> =>
      post(`${url}/v1/workers/w0@shop:${action}`, { queue: "extra" });
    expect(await read(order("add-consumer"))).toMatchObject({
      status: 200,
      body: { replies: [{ worker: "w0@shop", ok: "add consumer extra" }] },
    });
    const seen = await read(fetch(`${url}/v1/workers/w0@shop`));
    expect(seen.body["queues"]).toEqual(["celery", "extra"]);
    expect((await order("cancel-consumer")).status).toBe(200);
    expect((workers[0]?.parts?.lanes ?? []).flatMap(({ queues }) => queues.map(({ name }) => name))).toEqual([
      "celery",
    ]);
  });

  it("limits rates and times in one worker, or in all", async () => {
    const { url } = await openFleet({}, {});
    const limit = (name: string, action: string, body: object): Promise<Response> =>
      post(`${url}/v1/workers/${name}:${action}`, { task: "shop.add", ...body });
    await limit("w1@shop", "rate-limit", { rate: "10/m" });
    expect((await read(fetch(`${url}/v1/workers/w1@shop`))).body["tasks"]).toEqual([
      "shop.add [rate_limit=10/m]",
    ]);
    expect((await read(fetch(`${url}/v1/workers/w0@shop`))).body["tasks"]).toEqual(["shop.add"]);
    const all = await read(limit("-", "rate-limit", { rate: null }));
    expect(all.body["replies"]).toHaveLength(2);
    expect(all.body["replies"]).toContainEqual({ worker: "w0@shop", ok: "rate limit disabled successfully" });
    const times = await read(limit("-", "time-limit", { soft: 1, hard: 2.5 }));
    expect(times.body["replies"]).toContainEqual({ worker: "w1@shop", ok: "time limits set successfully" });
  });

  it("says why a worker does not do it", async () => {
    const { url } = await openFleet({});
    expect(await read(post(`${url}/v1/workers/w0@shop:grow`, {}))).toMatchObject({
      status: 409,
      body: { type: "/problems/worker-refused", detail: expect.stringContaining("fixed size") },
    });
    const autoscale = await read(post(`${url}/v1/workers/w0@shop:autoscale`, { min: 1, max: 2 }));
    expect(autoscale.body["detail"]).toContain("Autoscale not enabled");
    const unknown = await read(
      post(`${url}/v1/workers/w0@shop:rate-limit`, { task: "no.such", rate: "1/s" }),
    );
    expect(unknown.body["detail"]).toContain("unknown task");
  });

  it("ends a worker, whose silence is told then", async () => {
    const { url, workers } = await openFleet({});
    // The program around a worker ends it.
    void workers[0]?.shutdownRequested.then(() => workers[0]?.stop());
    const { status, body } = await read(fetch(`${url}/v1/workers/w0@shop:shutdown`, { method: "POST" }));
    expect({ status, body }).toEqual({ status: 202, body: { replies: [] } });
    await vi.waitFor(async () => {
      const seen = await read(fetch(`${url}/v1/workers/w0@shop`));
      expect(seen.body["status"]).toBe("offline");
    }, PATIENCE);
    const silent = await read(post(`${url}/v1/workers/w0@shop:add-consumer`, { queue: "x" }));
    expect(silent).toMatchObject({ status: 504, body: { type: "/problems/worker-silent" } });
  });

  it.each([
    ["grow", { n: 0 }],
    ["grow", { n: 1, m: 2 }],
    ["autoscale", { min: 1 }],
    ["add-consumer", { queue: "a*" }],
    ["rate-limit", { task: "shop.add", rate: "often" }],
    ["rate-limit", { task: "shop add", rate: "1/s" }],
    ["time-limit", { task: "shop.add", soft: -1 }],
    ["shutdown", { now: true }],
  ])("refuses %s of %j", async (action, body) => {
    const { url } = await openGateway();
    expect((await post(`${url}/v1/workers/w0@shop:${action}`, body)).status).toBe(422);
  });

  it("knows no shutdown of all", async () => {
    const { url } = await openFleet({});
    expect((await post(`${url}/v1/workers/-:shutdown`, {})).status).toBe(404);
  });
});

describe("a broker without remote control", () => {
  it("is told apart clearly, and tasks are still accepted", async () => {
    const app = createApp({
      env: {},
      brokerUrl: `sqla+sqlite:///${await sqliteFile()}`,
      onWarning: () => undefined,
    });
    onTestFinished(() => app.close());
    const { url } = await openGateway({ app });
    for (const asked of [
      fetch(`${url}/v1/workers`),
      post(`${url}/v1/workers/-:rate-limit`, { task: "t", rate: null }),
    ]) {
      expect(await read(asked)).toMatchObject({
        status: 501,
        body: { type: "/problems/control-impossible" },
      });
    }
    expect((await post(`${url}/v1/tasks`, { task: "t" })).status).toBe(202);
  });
});

it("watches from the start when it is told to, and asks for events of tasks", async () => {
  const broker = `memory://${randomUUID()}`;
  const app = testApp({ brokerUrl: broker });
  const worker = createWorker({ app, pool: "async", hostname: "w@shop" });
  onTestFinished(() => worker.stop());
  await worker.start();
  expect(worker.parts?.events.taskEventsEnabled).toBe(false);
  await openGateway({ settings: { brokerUrl: broker }, watchWorkers: true });
  await vi.waitFor(() => expect(worker.parts?.events.taskEventsEnabled).toBe(true), PATIENCE);
});
