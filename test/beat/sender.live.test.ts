import { expect, it } from "vitest";
import { createSender } from "../../beat/fire.ts";
import { cleanUp, startRedis } from "../helpers/services.ts";
import { takeMessages, testApp } from "../helpers/worker.ts";
import { entry } from "./entries.ts";

it("keeps no message for later when the broker is lost: another beat may lead by then", async () => {
  const redis = await startRedis();
  const app = testApp({ brokerUrl: redis.url, resultBackend: null });
  const sender = createSender(app);
  cleanUp(() => sender.close());
  const first = await sender.prepare(entry(), "first");
  await redis.kill();
  await expect(sender.publish(first)).rejects.toMatchObject({ code: "broker_unavailable" });
  await expect(sender.prepare(entry(), "never")).rejects.toMatchObject({ code: "broker_unavailable" });

  await redis.restart();
  const sendSecond = async (): Promise<boolean> => {
    try {
      await sender.publish(await sender.prepare(entry(), "second"));
      return true;
    } catch {
      return false;
    }
  };
  await expect.poll(sendSecond, { timeout: 20_000 }).toBe(true);
  const [delivery] = await takeMessages(app, "celery", 1);
  expect(delivery?.message?.properties.correlationId).toBe("second");
});

it("waits for a broker that is not there yet", async () => {
  const redis = await startRedis();
  await redis.kill();
  const app = testApp({ brokerUrl: redis.url, resultBackend: null });
  const sender = createSender(app);
  cleanUp(() => sender.close());
  const preparing = sender.prepare(entry(), "first");
  await redis.restart();
  await sender.publish(await preparing);
  const [delivery] = await takeMessages(app, "celery", 1);
  expect(delivery?.message?.properties.correlationId).toBe("first");
});
