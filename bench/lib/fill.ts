/** Fills the queue `celery` before a drain. */
import { once } from "node:events";
import { connect } from "amqplib";
import { addEnvelope, addMessage, addProperties } from "./message.ts";
import { expectQueueLength, withRedis } from "./servers.ts";

/** Messages per LPUSH. */
const BATCH = 500;

/** Puts `count` calls of tasks.add on the queue `celery` of either broker. */
export async function fillQueue(brokerUrl: string, count: number): Promise<void> {
  await (brokerUrl.startsWith("redis") ? fillRedis(brokerUrl, count) : fillRabbit(brokerUrl, count));
  await expectQueueLength(brokerUrl, count);
}

async function fillRedis(url: string, count: number): Promise<void> {
  await withRedis(url, async (redis) => {
    for (let left = count; left > 0; left -= BATCH) {
      await redis.lpush("celery", ...Array.from({ length: Math.min(BATCH, left) }, addEnvelope));
    }
  });
}

async function fillRabbit(url: string, count: number): Promise<void> {
  const connection = await connect(url, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue("celery", { durable: true });
  for (let sent = 0; sent < count; sent += 1) {
    const message = addMessage();
    if (!channel.sendToQueue("celery", message.body, addProperties(message))) await once(channel, "drain");
  }
  await channel.waitForConfirms();
  await connection.close();
}
