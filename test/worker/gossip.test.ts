/** An election as one worker sees it; whole ones are held in test/e2e/remote-control.live.test.ts. */
import { expect, onTestFinished, test } from "vitest";
import { type App, ask, type ClusterEvent, createEventReceiver } from "../../app/index.ts";
import { redisUrl } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

const POLL = { timeout: 20_000 };
const OTHER = { hostname: "other@x", pid: 1, clock: 1, freq: 600, timestamp: 1, utcoffset: 0 };

/** An event of another worker. */
async function say(
  app: App,
  event: Readonly<Record<string, unknown>> & { readonly type: string },
): Promise<void> {
  const connection = await app.connection();
  await connection.publish(
    {
      body: Buffer.from(JSON.stringify({ ...OTHER, ...event })),
      contentType: "application/json",
      contentEncoding: "utf-8",
      headers: {},
      properties: { deliveryMode: 1, priority: 0 },
    },
    { exchange: "celeryev", routingKey: event.type.replace("-", "."), optional: true },
  );
}

test.each([
  ["celerity", ["f"]],
  ["py-celery", ["e", "f"]],
])("who has acknowledged a candidate of %s stands for %j", async (software, stands) => {
  const app = testApp({ brokerUrl: await redisUrl(), resultBackend: null });
  const worker = await testWorker(app, { pool: "async" });
  const events: ClusterEvent[] = [];
  const receiver = createEventReceiver({ app, onEvent: (event) => void events.push(event) });
  await receiver.start();
  onTestFinished(() => receiver.stop());
  const idsOf = (type: string): readonly unknown[] =>
    events.filter((event) => event.type === type && event.hostname === worker.hostname).map(({ id }) => id);
  const command = async (id: string): Promise<void> => {
    const given = { id, topic: "task", action: null };
    const answers = await ask(app, "election", {
      arguments: given,
      destination: [worker.hostname],
      timeoutMs: 20_000,
    });
    expect(answers).toEqual({ [worker.hostname]: null });
  };

  // Redis forgets what is said before somebody listens.
  const standing = async (): Promise<readonly unknown[]> => {
    await say(app, { type: "worker-heartbeat", sw_ident: software });
    await say(app, { type: "worker-elect", id: "e", topic: "task", action: null, cver: 1 });
    return idsOf("worker-elect-ack");
  };
  await expect.poll(standing, POLL).toContain("e");
  await command("e");
  // Nobody has acknowledged this one.
  await command("f");
  await expect.poll(() => idsOf("worker-elect"), POLL).toEqual(stands);
});
