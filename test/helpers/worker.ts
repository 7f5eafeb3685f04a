/** A worker and an app on brokers of any kind, closed when the test ends. */
import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import { type App, createApp, type Settings } from "../../app/index.ts";
import type { WireMessage } from "../../protocol/index.ts";
import type { Delivery } from "../../transports/index.ts";
import { createWorker, type Worker, type WorkerOptions } from "../../worker/index.ts";

/** An app on a memory broker of its own, unless the settings name another. */
export function testApp(settings: Partial<Settings> = {}): App {
  const name = randomUUID();
  const app = createApp({
    env: {},
    brokerUrl: `memory://${name}`,
    resultBackend: `cache+memory://${name}`,
    onWarning: () => undefined,
    ...settings,
  });
  onTestFinished(() => app.close());
  return app;
}

/** A started worker of the app. */
export async function testWorker(app: App, options: Partial<WorkerOptions> = {}): Promise<Worker> {
  const worker = createWorker({ app, hostname: `w@${randomUUID().slice(0, 8)}`, ...options });
  onTestFinished(() => worker.stop());
  await worker.start();
  return worker;
}

/** Publishes a message as it stands, past the producer. */
export async function publishRaw(app: App, queue: string, message: Partial<WireMessage>): Promise<void> {
  const connection = await app.connection();
  await connection.declareQueue(app.router.queue(queue));
  await connection.publish(
    {
      body: Buffer.from("[[], {}, {}]"),
      contentType: "application/json",
      contentEncoding: "utf-8",
      headers: {},
      properties: { deliveryMode: 2, priority: 0 },
      ...message,
    },
    { exchange: "", routingKey: queue },
  );
}

/** Takes `count` messages from a queue, acknowledges them and stops listening. */
export async function takeMessages(app: App, queue: string, count: number): Promise<Delivery[]> {
  const connection = await app.connection();
  const consumer = connection.consume([{ name: queue }], { prefetch: count });
  const taken: Delivery[] = [];
  for await (const batch of consumer) {
    taken.push(...batch);
    for (const delivery of batch) delivery.ack();
    if (taken.length >= count) break;
  }
  await consumer.close();
  return taken;
}
