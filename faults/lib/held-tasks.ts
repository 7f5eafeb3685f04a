/** Whose messages a broker holds: which tasks wait in the queue `celery`, or elsewhere until their time. */
import { setTimeout as sleep } from "node:timers/promises";
import { type ChannelModel, connect } from "amqplib";
import { withRedis } from "../../bench/lib/servers.ts";
import { DELAY_LEVELS, delayLevelName } from "../../transports/index.ts";
import type { Place } from "./scene.ts";

/** A message takes no longer from one of RabbitMQ's delays to the next. */
const SILENT_MS = 3000;
const LOOK_MS = 100;
const PAGE = 1000;

/** Their ids. Takes the messages from RabbitMQ, so it is the last look at a broker. */
export async function tasksHeld({ broker, url }: Place): Promise<ReadonlySet<string>> {
  switch (broker) {
    case "rabbitmq":
      return await heldByRabbitMq(url);
    case "redis":
      return await heldByRedis(url);
    default:
      throw new Error(`Which tasks ${broker} holds cannot be told.`);
  }
}

/** From all delays at once: none is missed on its way from one to the next. */
async function heldByRabbitMq(url: string): Promise<Set<string>> {
  const ids = new Set<string>();
  const connection = await connect(url);
  try {
    const channel = await connection.createChannel();
    let latestAtMs = Date.now();
    const delays = Array.from({ length: DELAY_LEVELS }, (_, level) => delayLevelName(level));
    // They are made for the first task with a delay.
    const hasDelays = await exists(connection, delayLevelName(0));
    for (const queue of ["celery", ...(hasDelays ? delays : [])]) {
      await channel.consume(
        queue,
        (message) => {
          latestAtMs = Date.now();
          ids.add(String(message?.properties.headers?.["id"]));
        },
        { noAck: true },
      );
    }
    while (Date.now() - latestAtMs < SILENT_MS) await sleep(LOOK_MS);
  } finally {
    await connection.close();
  }
  return ids;
}

async function exists(connection: ChannelModel, queue: string): Promise<boolean> {
  const channel = await connection.createChannel();
  // RabbitMQ answers by closing the channel.
  channel.on("error", () => undefined);
  try {
    await channel.checkQueue(queue);
    await channel.close();
    return true;
  } catch {
    return false;
  }
}

async function heldByRedis(url: string): Promise<Set<string>> {
  return await withRedis(url, async (redis) => {
    const claimed = (await redis.hvals("unacked")).map((entry) => (JSON.parse(entry) as [Envelope])[0]);
    const waiting: string[] = await redis.lrange("celery", 0, -1);
    const parked = "_celerity.parked.celery";
    for (let at = 0; at < (await redis.zcard(parked)); at += PAGE) {
      const members = await redis.zrange(parked, String(at), String(at + PAGE - 1));
      // The claim's name stands before the message.
      waiting.push(...members.map((member) => member.slice(member.indexOf("\n") + 1)));
    }
    const envelopes = [...claimed, ...waiting.map((message) => JSON.parse(message) as Envelope)];
    return new Set(envelopes.map(({ headers }) => headers.id));
  });
}

/** What the producer of this suite has sent, in kombu's form. */
interface Envelope {
  readonly headers: { readonly id: string };
}
