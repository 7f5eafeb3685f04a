/** Fills the queue `celery` before a drain. */
import { once } from "node:events";
import { connect } from "amqplib";
import { ADD, type Call, taskEnvelope, taskMessage, taskProperties } from "./message.ts";
import { expectQueueLength, withRedis } from "./servers.ts";

/** Messages per LPUSH. */
const BATCH = 500;

/** Puts `count` messages of one call on the queue `celery` of either broker. */
export async function fillQueue(brokerUrl: string, count: number, call: Call = ADD): Promise<void> {
  await (brokerUrl.startsWith("redis") ? fillRedis : fillRabbit)(brokerUrl, count, call);
  await expectQueueLength(brokerUrl, count);
}

async function fillRedis(url: string, count: number, call: Call): Promise<void> {
  await withRedis(url, async (redis) => {
    for (let left = count; left > 0; left -= BATCH) {
      await redis.lpush("celery", ...Array.from({ length: Math.min(BATCH, left) }, () => taskEnvelope(call)));
    }
  });
}

async function fillRabbit(url: string, count: number, call: Call): Promise<void> {
  const connection = await connect(url, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue("celery", { durable: true });
  for (let sent = 0; sent < count; sent += 1) {
    const message = taskMessage(call);
    if (!channel.sendToQueue("celery", message.body, taskProperties(message))) await once(channel, "drain");
  }
  await channel.waitForConfirms();
  await connection.close();
}
