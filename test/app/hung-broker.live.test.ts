import { expect, onTestFinished, test } from "vitest";
import { group } from "../../canvas/index.ts";
import { startRedis } from "../helpers/services.ts";
import { testApp } from "../helpers/worker.ts";

test("what a hung broker does not confirm is an error by taskPublishDeadline", async () => {
  const redis = await startRedis();
  const app = testApp({
    brokerUrl: `${redis.url}/0`,
    // The connection itself counts as good for longer than the test may take.
    brokerTransportOptions: { socketTimeout: 600 },
    taskPublishDeadline: 1,
  });
  await app.sendTask("t");
  redis.pause();
  onTestFinished(() => redis.resume());
  const late = { code: "broker_unconfirmed" };
  await expect(app.sendTask("t")).rejects.toMatchObject(late);
  const task = app.task("t", () => 1);
  await expect(app.apply(group([task.s(), task.s()]))).rejects.toMatchObject(late);
});
