/**
 * Celery's delayed delivery, declared as kombu does it, to the argument: RabbitMQ refuses any difference. Source:
 * kombu/transport/native_delayed_delivery.py.
 */
import type { Replies } from "amqplib/callback_api";
import { isPlainObject, type WireMessage } from "../../protocol/index.ts";
import { DELAY_LEVELS, DELAYED_DELIVERY_EXCHANGE, delayLevelName, parkingKey } from "../native-delay.ts";
import type { QueueSpec } from "../transport.ts";
import { type Channel, call } from "./amqplib.ts";
import { shortString, toArguments } from "./publish-options.ts";

/** Type of the queues that hold the messages: `broker_native_delayed_delivery_queue_type`. */
export const DELAYED_QUEUE_TYPES = ["quorum", "classic"] as const;
export type DelayedQueueType = (typeof DELAYED_QUEUE_TYPES)[number];

const TOP = DELAY_LEVELS - 1;

/** Declares all exchanges and queues. It takes seconds when there are none, and a moment afterwards. */
export async function declareDelays(channel: Channel, type: DelayedQueueType): Promise<void> {
  for (let level = TOP; level >= 0; level -= 1) {
    await declareTopic(channel, delayLevelName(level));
    await declareLevel(channel, level, type);
  }
  await declareTopic(channel, DELAYED_DELIVERY_EXCHANGE);
  for (let level = TOP; level >= 0; level -= 1) {
    await bindExchange(channel, nextName(level), delayLevelName(level), bitPattern(level, 0));
  }
}

async function declareLevel(channel: Channel, level: number, type: DelayedQueueType): Promise<void> {
  const name = delayLevelName(level);
  const values = {
    "x-queue-type": type,
    "x-overflow": "reject-publish",
    "x-message-ttl": 2 ** level * 1000,
    "x-dead-letter-exchange": nextName(level),
    ...(type === "quorum" && { "x-dead-letter-strategy": "at-least-once" }),
  };
  const options = { durable: true, arguments: toArguments(values) };
  await call<Replies.AssertQueue>((done) => channel.assertQueue(name, options, done));
  await call((done) => channel.bindQueue(name, name, bitPattern(level, 1), {}, done));
}

function nextName(level: number): string {
  return level === 0 ? DELAYED_DELIVERY_EXCHANGE : delayLevelName(level - 1);
}

/** Routing keys with this value at the bit of a level. */
function bitPattern(level: number, bit: 0 | 1): string {
  return `${"*.".repeat(TOP - level)}${bit}.#`;
}

/** Lets a queue have what producers delayed for it; a direct exchange cannot route it, and is left out as in Celery. */
export async function bindToDelays(channel: Channel, queue: QueueSpec): Promise<void> {
  const { name, exchange } = queue;
  if (exchange === undefined || exchange.name === "" || exchange.type === "direct") return;
  const routingKey = queue.routingKey ?? (exchange.type === "fanout" ? "" : name);
  const pattern = shortString(routingKey.startsWith("#") ? routingKey : `#.${routingKey}`, "routing key");
  await bindExchange(channel, exchange.name, DELAYED_DELIVERY_EXCHANGE, pattern);
  await call((done) => channel.bindQueue(name, exchange.name, pattern, {}, done));
}

/** Lets a queue have what was parked for it. */
export async function bindToParking(channel: Channel, queue: string): Promise<void> {
  const pattern = `#.${parkingKey(queue)}`;
  await call((done) => channel.bindQueue(queue, DELAYED_DELIVERY_EXCHANGE, pattern, {}, done));
}

async function declareTopic(channel: Channel, name: string): Promise<void> {
  await call<Replies.AssertExchange>((done) =>
    channel.assertExchange(name, "topic", { durable: true }, done),
  );
}

async function bindExchange(channel: Channel, to: string, from: string, pattern: string): Promise<void> {
  await call((done) => channel.bindExchange(to, from, pattern, {}, done));
}

const FIRST_DEATH = ["x-first-death-exchange", "x-first-death-queue", "x-first-death-reason"] as const;
const LAST_DEATH = ["x-last-death-exchange", "x-last-death-queue", "x-last-death-reason"] as const;
const DELAY_QUEUE = /^celery_delayed_\d{1,2}$/;

/** The message without RabbitMQ's notes of its way through the delay queues; other dead-lettering stays noted. */
export function withoutDelayNotes(message: WireMessage): WireMessage {
  const headers: Record<string, unknown> = { ...message.headers };
  const deaths = headers["x-death"];
  if (Array.isArray(deaths)) {
    const others = deaths.filter((death) => !(isPlainObject(death) && isDelayQueue(death["queue"])));
    if (others.length === 0) delete headers["x-death"];
    else headers["x-death"] = others;
  }
  for (const names of [FIRST_DEATH, LAST_DEATH]) {
    if (isDelayQueue(headers[names[1]])) for (const name of names) delete headers[name];
  }
  return { ...message, headers };
}

function isDelayQueue(name: unknown): boolean {
  return typeof name === "string" && DELAY_QUEUE.test(name);
}
