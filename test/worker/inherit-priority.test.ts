/** taskInheritParentPriority: what Celery's worker does with the same chain is what ours does. */
import { describe, expect, it } from "vitest";
import { type PythonClient, startPythonClient, startPythonWorker } from "../helpers/python.ts";
import { amqpUrl, redisUrl } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

/** Chains whose first task has priority 7, and whose last none of its own, or 2; Celery takes the first one's for both. */
async function sendChains(client: PythonClient): Promise<void> {
  const chain = (last: string): string =>
    `(app.signature("examples.add", (1, 2)).set(priority=7) | app.signature("examples.add", (3,)).set(${last}))()`;
  await client.evaluate(`str(${chain('queue="kept"')})`);
  await client.evaluate(`str(${chain('queue="kept", priority=2')})`);
}

describe("taskInheritParentPriority", () => {
  it.each([
    ["Python", true],
    ["TypeScript", true],
    ["TypeScript", false],
  ])("of a %s worker: %s", async (language, isInherited) => {
    const [broker, backend] = [await amqpUrl(), await redisUrl()];
    const queues = { celery: { maxPriority: 10 }, kept: { maxPriority: 10 } };
    const app = testApp({
      brokerUrl: broker,
      resultBackend: backend,
      taskQueues: queues,
      taskInheritParentPriority: isInherited,
    });
    const conf = { task_queue_max_priority: 10, task_inherit_parent_priority: isInherited };
    if (language === "Python") await startPythonWorker({ version: "latest", broker, backend, conf });
    else {
      app.task("examples.add", (x: number, y: number) => x + y);
      await testWorker(app, { queues: ["celery"] });
    }
    const client = await startPythonClient({ version: "latest", broker, backend, conf });
    await sendChains(client);
    const connection = await app.connection();
    await connection.declareQueue(app.router.queue("kept"));
    const consumer = connection.consume([{ name: "kept" }], { prefetch: 10 });
    const priorities: unknown[] = [];
    for await (const batch of consumer) {
      priorities.push(...batch.map(({ message }) => message?.properties.priority ?? 0));
      for (const delivery of batch) delivery.ack();
      if (priorities.length === 2) break;
    }
    await consumer.close();
    expect(priorities.sort()).toEqual(isInherited ? [7, 7] : [0, 2]);
  });
});
