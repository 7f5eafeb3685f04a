/** taskAcksOnFailure and taskAcksOnTimeout: what RabbitMQ and Redis do with the messages of failed tasks. */
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { App, Settings, TaskOptions } from "../../app/index.ts";
import { amqpUrl, redisUrl } from "../helpers/services.ts";
import { takeMessages, testApp, testWorker } from "../helpers/worker.ts";

const POLL = { timeout: 30_000 };

type Plain = Omit<TaskOptions, "bind">;

/** An app whose queue hands dropped messages to the queue `dropped`. */
async function appWith(settings: Partial<Settings>): Promise<App> {
  const app = testApp({
    brokerUrl: await amqpUrl(),
    taskQueues: {
      celery: {
        arguments: { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dropped" },
      },
    },
    ...settings,
  });
  await (await app.connection()).declareQueue({ name: "dropped" });
  return app;
}

function addFailing(app: App, options: Plain = {}): void {
  app.task("fail", options, () => {
    throw new RangeError("too far");
  });
}

/** A task that its time limit ends once; the second time it returns. */
function addSlow(app: App, options: Plain = {}): { runs: number } {
  const count = { runs: 0 };
  app.task("slow", { timeLimit: 0.2, ...options }, () => {
    count.runs += 1;
    return count.runs === 1 ? new Promise(() => undefined) : "done";
  });
  return count;
}

describe("a task that failed", () => {
  it.each<[string, Partial<Settings>, Plain, boolean]>([
    ["is acknowledged", {}, {}, false],
    ["is dropped with taskAcksOnFailure: false", { taskAcksOnFailure: false }, {}, true],
    ["is dropped with the setting for both", { taskAcksOnFailureOrTimeout: false }, {}, true],
    [
      "is acknowledged when the particular setting says so",
      { taskAcksOnFailureOrTimeout: false, taskAcksOnFailure: true },
      {},
      false,
    ],
    ["is acknowledged when the task says so", { taskAcksOnFailure: false }, { acksOnFailure: true }, false],
    ["is dropped when the task says so", {}, { acksOnFailureOrTimeout: false }, true],
    ["is acknowledged early", { taskAcksLate: false, taskAcksOnFailure: false }, {}, false],
  ])("%s", async (_what, settings, options, isDropped) => {
    const app = await appWith(settings);
    addFailing(app, options);
    const worker = await testWorker(app);
    await expect(app.call("fail", { timeoutMs: 30_000 })).rejects.toMatchObject({ type: "RangeError" });
    if (isDropped) expect(await takeMessages(app, "dropped", 1)).toHaveLength(1);
    await worker.stop();
    const connection = await app.connection();
    expect([await connection.queueSize("celery"), await connection.queueSize("dropped")]).toEqual([0, 0]);
  });
});

describe("a task that its time limit ended", () => {
  it("is acknowledged, though failures are dropped", async () => {
    const app = await appWith({ taskAcksOnFailure: false });
    const count = addSlow(app);
    const worker = await testWorker(app);
    await expect(app.call("slow", { timeoutMs: 30_000 })).rejects.toMatchObject({
      type: "TimeLimitExceeded",
    });
    await worker.stop();
    const connection = await app.connection();
    expect([await connection.queueSize("celery"), await connection.queueSize("dropped")]).toEqual([0, 0]);
    expect(count.runs).toBe(1);
  });

  it.each<[string, Partial<Settings>, Plain]>([
    ["the setting", { taskAcksOnTimeout: false }, {}],
    ["the setting for both", { taskAcksOnFailureOrTimeout: false }, {}],
    ["the task", {}, { acksOnTimeout: false }],
  ])("goes back to its queue and runs again when %s says so", async (_what, settings, options) => {
    const app = await appWith(settings);
    const count = addSlow(app, options);
    await testWorker(app);
    const result = await app.sendTask("slow");
    await expect.poll(() => result.state(), POLL).toBe("SUCCESS");
    expect(count.runs).toBe(2);
  });

  it("does so on Redis", async () => {
    const app = testApp({ brokerUrl: await redisUrl(), taskAcksOnTimeout: false });
    const count = addSlow(app);
    await testWorker(app, { hostname: `${randomUUID()}@test` });
    const result = await app.sendTask("slow");
    await expect.poll(() => result.state(), POLL).toBe("SUCCESS");
    expect(count.runs).toBe(2);
  });
});
