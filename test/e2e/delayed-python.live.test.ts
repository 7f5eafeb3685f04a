/** Celery's delayed delivery on RabbitMQ, shared with Celery 5.7: whoever declares it, sends into it or consumes from it. */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { App } from "../../app/index.ts";
import { DELAY_LEVELS, delayLevelName } from "../../transports/index.ts";
import {
  type PythonClient,
  type PythonWorker,
  startPythonClient,
  startPythonWorker,
} from "../helpers/python.ts";
import { backends, brokers, pythonTasks } from "./places.ts";
import { createTestApp, startWorker } from "./sides.ts";

const POLL = { timeout: 30_000, interval: 50 };
const COUNTDOWN = 3;

/** Quorum queues `ts` and `py` on topic exchanges, which Celery needs for delays. */
const queueConf = (name: string): Readonly<Record<string, unknown>> => ({
  task_default_queue: name,
  task_default_queue_type: "quorum",
  task_default_exchange: name,
  task_default_exchange_type: "topic",
  task_default_routing_key: `tasks.${name}`,
  task_queue_max_priority: null,
});

interface Scene {
  readonly broker: string;
  readonly backend: string;
  readonly app: (queue: string, exchangeType?: "topic" | "direct") => App;
  readonly client: (queue: string) => PythonClient;
  readonly pythonWorker: (queue: string) => Promise<PythonWorker>;
}

async function createScene(): Promise<Scene> {
  const [broker, backend] = [await brokers.RabbitMQ(), await backends.Redis()];
  const python = { version: "latest", broker, backend } as const;
  return {
    broker,
    backend,
    app: (queue, exchangeType = "topic") =>
      createTestApp({
        brokerUrl: broker,
        resultBackend: backend,
        taskDefaultQueue: queue,
        taskQueueMaxPriority: null,
        workerEtaParkAfter: 2,
        ...(exchangeType === "topic" && {
          taskDefaultQueueType: "quorum",
          taskDefaultExchangeType: "topic",
          taskDefaultRoutingKey: `tasks.${queue}`,
        }),
      }),
    client: (queue) => startPythonClient({ ...python, conf: queueConf(queue) }),
    pythonWorker: (queue) => startPythonWorker({ ...python, ...pythonTasks, conf: queueConf(queue) }),
  };
}

/** Messages in the delay queues. */
async function delayed(app: App): Promise<number> {
  const connection = await app.connection();
  const levels = Array.from({ length: DELAY_LEVELS }, (_, level) => delayLevelName(level));
  const sizes = await Promise.all(levels.map((name) => connection.queueSize(name)));
  return sizes.reduce((sum, size) => sum + size, 0);
}

describe.each(["TypeScript", "Python"] as const)("declared by %s first", (first) => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await createScene();
    if (first === "TypeScript") await startWorker(scene.app("other"), ["other"]);
    else await scene.pythonWorker("other");
  });

  test("a Python producer's task waits there for a TypeScript worker", async () => {
    const app = scene.app("ts");
    const worker = await startWorker(app, ["ts"]);
    const client = scene.client("ts");
    const sentMs = Date.now();
    const id = await client.evaluate(`app.send_task('ts.when', countdown=${COUNTDOWN})`);
    await expect.poll(() => delayed(app), POLL).toBe(1);
    expect(worker.jobs.scheduled).toEqual([]);
    const ranMs = await app.result<number>(String(id)).get({ timeoutMs: 20_000 });
    expect(ranMs).toBeGreaterThanOrEqual(sentMs + COUNTDOWN * 1000);
    await expect.poll(() => delayed(app), POLL).toBe(0);
  });

  test("a TypeScript producer's task waits there for a Python worker", async () => {
    const worker = await scene.pythonWorker("py");
    expect(worker.output()).not.toMatch(/delayed delivery for .* (failed|error)|Failed to/i);
    const app = scene.app("py");
    const sentMs = Date.now();
    const sent = await app.send<number>("py.when", { countdown: COUNTDOWN });
    expect(await delayed(app)).toBe(1);
    expect(await sent.get({ timeoutMs: 20_000 })).toBeGreaterThanOrEqual(sentMs + COUNTDOWN * 1000);
    expect(worker.output().match(/ received/g)).toHaveLength(1);
  });
});

test("a task that a TypeScript worker parked comes back to a Python worker", async () => {
  const scene = await createScene();
  const queue = `shared.${randomUUID()}`;
  const app = scene.app(queue, "direct");
  const worker = await startWorker(app, [queue]);
  const etaMs = Date.now() + 12_000;
  app.task("py.when", () => "the wrong one");
  const sent = await app.send<number>("py.when", { eta: new Date(etaMs) });
  await expect.poll(() => delayed(app), POLL).toBe(1);
  await worker.stop();
  const conf = { task_default_queue: queue, task_queue_max_priority: null };
  await startPythonWorker({
    version: "latest",
    broker: scene.broker,
    backend: scene.backend,
    ...pythonTasks,
    conf,
  });
  expect(await sent.get({ timeoutMs: 30_000 })).toBeGreaterThanOrEqual(etaMs);
});
