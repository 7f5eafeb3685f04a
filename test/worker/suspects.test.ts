/** Messages that two workers did not survive, and that come in one batch: the next death must find one of them alone. */
import { expect, test } from "vitest";
import { withRedis } from "../../bench/lib/servers.ts";
import { redisUrl } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

/** How the messages say that two deliveries came before. */
const headers = { "celerity-deliveries": 2 };

test("the others are with the broker again before one of them starts", async () => {
  const brokerUrl = await redisUrl();
  const app = testApp({ brokerUrl });
  const claimed: number[] = [];
  await withRedis(brokerUrl, async (redis) => {
    // Over a connection that is there already, it is answered before what the worker sends later.
    await redis.ping();
    const look = app.task("look", async () => {
      claimed.push(await redis.hlen("unacked"));
    });
    const sent = await Promise.all([1, 2, 3].map(() => look.applyAsync([], { headers })));
    await testWorker(app, { concurrency: 2 });
    await Promise.all(sent.map((result) => result.get({ timeoutMs: 40_000 })));
  });
  expect(claimed).toEqual([1, 1, 1]);
});

test("one that waits for that is given back by a worker that stops", async () => {
  const app = testApp();
  const task = app.task("task", () => "done");
  const sent = await task.applyAsync([], { headers });
  const first = await testWorker(app);
  await expect.poll(() => first.jobs.scheduled.length).toBe(1);
  await first.stop();
  await testWorker(app);
  expect(await sent.get({ timeoutMs: 10_000 })).toBe("done");
});
