/** Events and remote control by settings other than the defaults, together with Python of the same settings. */
import { expect, it, onTestFinished } from "vitest";
import { ask, createEventReceiver } from "../../app/index.ts";
import { controlQueue, eventQueue } from "../../app/monitor-queues.ts";
import { startPythonClient, startPythonWorker } from "../helpers/python.ts";
import { amqpUrl, rabbitApi, redisUrl } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

const POLL = { timeout: 30_000 };

const CONF = {
  event_exchange: "ours.events",
  event_queue_prefix: "ours.monitor",
  event_queue_ttl: 7,
  event_queue_expires: 70,
  event_queue_exclusive: false,
  event_queue_durable: true,
  control_exchange: "ours",
  control_queue_ttl: 200,
  control_queue_expires: 20,
  control_queue_exclusive: false,
  control_queue_durable: true,
};
const SETTINGS = {
  eventExchange: "ours.events",
  eventQueuePrefix: "ours.monitor",
  eventQueueTtl: 7,
  eventQueueExpires: 70,
  eventQueueExclusive: false,
  eventQueueDurable: true,
  controlExchange: "ours",
  controlQueueTtl: 200,
  controlQueueExpires: 20,
  controlQueueExclusive: false,
  controlQueueDurable: true,
};

it.each(["RabbitMQ", "Redis"])("on %s", async (name) => {
  const broker = await (name === "Redis" ? redisUrl() : amqpUrl());
  const python = await startPythonWorker({ version: "latest", broker, conf: CONF, args: ["-E"] });
  const app = testApp({ brokerUrl: broker, ...SETTINGS });
  const worker = await testWorker(app, { taskEvents: true });
  const heard = new Set<string>();
  const receiver = createEventReceiver({ app, onEvent: ({ hostname }) => heard.add(hostname) });
  await receiver.start();
  onTestFinished(() => receiver.stop());
  const both = [python.name, worker.hostname].sort();
  await expect.poll(() => [...heard].sort(), POLL).toEqual(expect.arrayContaining(both));
  const answers = await ask(app, "ping", { destination: both, timeoutMs: 20_000 });
  expect(Object.keys(answers).sort()).toEqual(both);
  const client = await startPythonClient({ version: "latest", broker, conf: CONF });
  const ping = `sorted(name for reply in app.control.ping(timeout=5, limit=2) for name in reply)`;
  expect(await client.evaluate(ping)).toEqual(both);
  if (name === "RabbitMQ")
    expect(await argumentsOf(broker, worker.hostname)).toEqual(await argumentsOf(broker, python.name));
});

/** How RabbitMQ knows the queue of a worker's commands. */
async function argumentsOf(broker: string, node: string): Promise<object> {
  const path = `queues${new URL(broker).pathname}/${encodeURIComponent(`${node}.ours.pidbox`)}`;
  const found = (await rabbitApi(broker, "GET", path)) as Readonly<Record<string, unknown>>;
  const { durable, exclusive, auto_delete, arguments: given } = found;
  expect(durable).toBe(true);
  return { durable, exclusive, auto_delete, given };
}

it("refuses what RabbitMQ cannot have", () => {
  const { settings } = testApp({ eventQueueDurable: true, controlQueueDurable: true });
  expect(() => eventQueue(settings, "topic", "#")).toThrow(/eventQueueDurable and eventQueueExclusive/);
  expect(() => controlQueue(settings, "n")).toThrow(/controlQueueDurable and controlQueueExclusive/);
});
