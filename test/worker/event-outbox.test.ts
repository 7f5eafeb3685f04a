/** Events while the broker is away. */
import { expect, onTestFinished, test } from "vitest";
import { type App, type ClusterEvent, createApp, createEventReceiver } from "../../app/index.ts";
import { jsonSerializer } from "../../codecs/index.ts";
import { EventOutbox } from "../../worker/event-outbox.ts";
import { createWorker } from "../../worker/index.ts";
import { redisUrl } from "../helpers/services.ts";
import { startProxy, type Proxy as TestProxy } from "../transports/redis-proxy.ts";

const POLL = { timeout: 30_000 };

interface Place {
  readonly proxy: TestProxy;
  /** Whose broker is behind the proxy. */
  readonly app: App;
  readonly warnings: readonly string[];
  readonly events: readonly ClusterEvent[];
}

/** A receiver beside the broker, and an app on the far side of a network. */
async function openPlace(): Promise<Place> {
  const url = await redisUrl();
  const near = createApp({ env: {}, brokerUrl: url, onWarning: () => undefined });
  const events: ClusterEvent[] = [];
  const receiver = createEventReceiver({ app: near, onEvent: (event) => events.push(event) });
  await receiver.start();
  const proxy = await startProxy(url);
  const warnings: string[] = [];
  const app = createApp({
    env: {},
    brokerUrl: proxy.url,
    brokerConnectionTimeout: 0.5,
    onWarning: (message) => warnings.push(message),
  });
  onTestFinished(async () => {
    proxy.swallow("nothing");
    await app.close();
    await receiver.stop();
    await near.close();
  });
  return { proxy, app, warnings, events };
}

test("a worker tells what happened once the broker is back", async () => {
  const { proxy, app, events } = await openPlace();
  let finish = (): void => undefined;
  app.task(
    "wait",
    () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
  );
  const worker = createWorker({ app, pool: "async", hostname: "w@here", taskEvents: true, mingle: false });
  onTestFinished(() => worker.stop(AbortSignal.abort()));
  await worker.start();
  const { id } = await app.sendTask("wait");
  const typesOf = (): readonly string[] => events.filter(({ uuid }) => uuid === id).map(({ type }) => type);
  await expect.poll(typesOf, POLL).toContain("task-started");

  proxy.swallow("both");
  proxy.cut();
  await expect.poll(() => worker.parts?.connection.connected, POLL).toBe(false);
  finish();
  await expect.poll(() => worker.processed, POLL).toBe(1);
  expect(typesOf()).not.toContain("task-succeeded");
  proxy.swallow("nothing");
  await expect.poll(typesOf, POLL).toContain("task-succeeded");
});

test("the oldest go when there is no room, and the others come in order", async () => {
  const { proxy, app, warnings, events } = await openPlace();
  const connection = await app.openConnection();
  onTestFinished(() => connection.close());
  await connection.declareExchange({ name: "celeryev", type: "fanout" });
  const outbox = new EventOutbox({
    connection,
    hostname: "w@here",
    serializer: jsonSerializer,
    exchange: "celeryev",
    onWarning: app.onWarning,
  });
  proxy.swallow("both");
  proxy.cut();
  await expect.poll(() => connection.connected, POLL).toBe(false);
  const event = (at: number): Readonly<Record<string, unknown>> => ({
    type: "task-progress",
    hostname: "w@here",
    at,
  });
  for (let at = 0; at < 12_000; at += 1) outbox.addToBatch(event(at));
  outbox.add("task.last", event(12_000));
  proxy.swallow("nothing");
  await expect.poll(() => events.at(-1)?.["at"], POLL).toBe(12_000);
  expect(events.map(({ at }) => at)).toEqual(
    Array.from({ length: events.length }, (_, at) => 12_001 - events.length + at),
  );
  expect(events.length).toBeGreaterThan(9_800);
  expect(events.length).toBeLessThanOrEqual(10_000);
  expect(warnings).toContain(`${12_001 - events.length} events were dropped while the broker was away`);
  await outbox.close();
});

test("nobody waits for a broker that is away to say goodbye", async () => {
  const { proxy, app } = await openPlace();
  const connection = await app.openConnection();
  await connection.declareExchange({ name: "celeryev", type: "fanout" });
  const outbox = new EventOutbox({
    connection,
    hostname: "w@here",
    serializer: jsonSerializer,
    exchange: "celeryev",
    onWarning: app.onWarning,
  });
  proxy.swallow("both");
  proxy.cut();
  await expect.poll(() => connection.connected, POLL).toBe(false);
  outbox.add("worker.offline", { type: "worker-offline", hostname: "w@here" });
  await outbox.close();
  await connection.close();
});
