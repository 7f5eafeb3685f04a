import { randomUUID } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import {
  type App,
  type ClusterEvent,
  ClusterState,
  createApp,
  createEventReceiver,
  type EventReceiver,
  type EventReceiverOptions,
} from "../../../app/index.ts";
import type { WireMessage } from "../../../protocol/index.ts";
import { testApp, testWorker } from "../../helpers/worker.ts";

/** An app that notes its warnings. */
function warningApp(warnings: string[]): App {
  const app = createApp({
    env: {},
    brokerUrl: `memory://${randomUUID()}`,
    onWarning: (message) => warnings.push(message),
  });
  onTestFinished(() => app.close());
  return app;
}

/** Publishes a body as some sender's events. */
async function publishEvents(app: App, body: unknown, more: Partial<WireMessage> = {}): Promise<void> {
  const connection = await app.connection();
  const message: WireMessage = {
    body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
    contentType: "application/json",
    contentEncoding: "utf-8",
    headers: { hostname: "w1" },
    properties: { deliveryMode: 1, priority: 0 },
    ...more,
  };
  await connection.publish(message, { exchange: "celeryev", routingKey: "task.multi", optional: true });
}

async function startReceiver(
  app: App,
  options: Partial<EventReceiverOptions> = {},
): Promise<{ readonly events: ClusterEvent[]; readonly receiver: EventReceiver }> {
  const events: ClusterEvent[] = [];
  const receiver = createEventReceiver({ app, onEvent: (event) => events.push(event), ...options });
  onTestFinished(() => receiver.stop());
  await receiver.start();
  return { events, receiver };
}

test("takes single events and lists of them, and gives those without a time or clock ours", async () => {
  const app = testApp();
  const { events, receiver } = await startReceiver(app);
  const before = Date.now() / 1000;
  await publishEvents(app, { type: "worker-online", hostname: "w1", clock: 41, timestamp: 1 });
  await publishEvents(app, [
    { type: "task-received", hostname: "w1", uuid: "a" },
    { type: "task-sent", hostname: "gen1@h", uuid: "b", clock: 99_999 },
  ]);
  await expect.poll(() => events.length).toBe(3);
  expect(events).toMatchObject([
    { type: "worker-online", clock: 41, timestamp: 1 },
    { type: "task-received", clock: 43, uuid: "a" },
    // Clients have clocks of their own.
    { type: "task-sent", clock: 42, uuid: "b" },
  ]);
  expect(receiver.clock.value).toBe(44);
  for (const { local_received } of events) expect(local_received).toBeGreaterThanOrEqual(before);
  expect(events[1]?.timestamp).toBeGreaterThanOrEqual(before);
});

test("reckons times of other zones in its own", async () => {
  const app = testApp();
  const { events } = await startReceiver(app);
  const here = new Date().getTimezoneOffset() / 60;
  const event = { type: "worker-online", hostname: "w1", timestamp: 1_790_000_000 };
  await publishEvents(app, [
    { ...event, utcoffset: here },
    { ...event, utcoffset: here - 2 },
    { ...event, utcoffset: null },
  ]);
  await expect.poll(() => events.length).toBe(3);
  expect(events.map(({ timestamp }) => timestamp)).toEqual([1_790_000_000, 1_790_007_200, 1_790_000_000]);
});

test("leaves out what is no event, with a warning for one of many, and goes on", async () => {
  const warnings: string[] = [];
  const app = warningApp(warnings);
  const { events } = await startReceiver(app);
  await publishEvents(app, "not json");
  await publishEvents(app, [null, 1, {}, { type: "x" }, { hostname: "w1" }, { type: 5, hostname: "w1" }]);
  await publishEvents(app, { type: "x".repeat(300), hostname: "w1" });
  await publishEvents(app, "\u0080", {
    contentType: "application/x-python-serialize",
    contentEncoding: "binary",
  });
  await publishEvents(app, { type: "worker-online", hostname: "w1" });
  await expect.poll(() => events.length).toBe(1);
  expect(warnings).toEqual(["An event cannot be read, and is left out"]);
});

test("survives a listener that throws", async () => {
  const warnings: string[] = [];
  const app = warningApp(warnings);
  let calls = 0;
  await startReceiver(app, {
    onEvent: () => {
      calls += 1;
      throw new Error("no");
    },
  });
  await publishEvents(
    app,
    [1, 2].map(() => ({ type: "worker-online", hostname: "w1" })),
  );
  await expect.poll(() => calls).toBe(2);
  expect(warnings).toEqual(["A listener of events failed", "A listener of events failed"]);
});

test("asks the workers for a heartbeat, and sees a task of theirs to its end", async () => {
  const app = testApp();
  app.task("add", (x: number, y: number) => x + y);
  const worker = await testWorker(app, { taskEvents: true });
  const state = new ClusterState();
  await startReceiver(app, { onEvent: (event) => state.event(event) });
  // Sooner than its own next heartbeat, which says more.
  await expect.poll(() => state.workers.get(worker.hostname)?.freq).toBe(5);
  const result = await app.sendTask("add", { args: [2, 3] });
  await expect.poll(() => state.tasks.get(result.id)?.state).toBe("SUCCESS");
  expect(state.tasks.get(result.id)).toMatchObject({
    name: "add",
    args: "(2, 3)",
    kwargs: "{}",
    result: "5",
    runtime: expect.any(Number),
    rootId: result.id,
    retries: 0,
    worker: { hostname: worker.hostname, softwareName: "celerity" },
    times: { received: expect.any(Number), started: expect.any(Number), succeeded: expect.any(Number) },
  });
  expect(state.aliveWorkers().map(({ hostname }) => hostname)).toEqual([worker.hostname]);
  await worker.stop();
  await expect.poll(() => state.aliveWorkers()).toEqual([]);
});

test("says which brokers have no events", async () => {
  const app = testApp({ brokerUrl: "sqla+sqlite:///:memory:" });
  const receiver = createEventReceiver({ app, onEvent: () => undefined });
  await expect(receiver.start()).rejects.toMatchObject({ code: "bad_config" });
});
