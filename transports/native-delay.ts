/**
 * Celery's delayed delivery on RabbitMQ, its names only: 28 exchanges and queues, one for each bit of a delay in seconds. A
 * message goes to the highest exchange with the bits before its routing key; each queue on its way keeps it for as long as
 * its bit is worth, and `celery_delayed_delivery` gets it in the end. Source: kombu/transport/native_delayed_delivery.py.
 */
import type { Route, WireMessage } from "../protocol/index.ts";
import type { QueueSpec } from "./transport.ts";

/** Exchanges and queues, from 0 up. */
export const DELAY_LEVELS = 28;
/** Longest delay, in seconds: eight and a half years. */
export const MAX_DELAY_SECONDS: number = 2 ** DELAY_LEVELS - 1;
/** Where delayed messages come out. */
export const DELAYED_DELIVERY_EXCHANGE = "celery_delayed_delivery";

/** What the routing keys of parked messages end with; before it stands the queue, as one word. Not Celery's. */
const PARKED = "celerity-parked";
const DELAY_PREFIX = /^(?:[01]\.){28}/;
const MAX_ROUTING_KEY_BYTES = 255;

/** Exchange and queue of one level. */
export function delayLevelName(level: number): string {
  return `celery_delayed_${level}`;
}

/** Whether a message came out of a delay: exchanges that it was only passed on by are not named. */
export function isDelayExchange(exchange: string): boolean {
  return exchange.startsWith("celery_delayed_");
}

/** The route of a message that shall come out after some seconds, 1 at least. A delay that the key has already is replaced. */
export function delayedRoute(routingKey: string, seconds: number): Route {
  const whole = Math.min(MAX_DELAY_SECONDS, Math.max(1, Math.trunc(seconds)));
  const bits = [...whole.toString(2).padStart(DELAY_LEVELS, "0")].join(".");
  return {
    exchange: delayLevelName(DELAY_LEVELS - 1),
    routingKey: `${bits}.${withoutDelay(routingKey)}`,
  };
}

/** A routing key without the bits of a delay. */
export function withoutDelay(routingKey: string): string {
  return routingKey.replace(DELAY_PREFIX, "");
}

/**
 * The routing key, without delay, that brings a parked message back to one queue and to no other. Celery binds by the last
 * words of a key, so the queue's name must not be among them. undefined for a name that leaves no room for the delay.
 */
export function parkingKey(queue: string): string | undefined {
  const key = `${queue.replace(/[%.*#]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)}.${PARKED}`;
  return 2 * DELAY_LEVELS + Buffer.byteLength(key) > MAX_ROUTING_KEY_BYTES ? undefined : key;
}

export function isParkingKey(routingKey: string): boolean {
  return routingKey.endsWith(`.${PARKED}`);
}

/** The message as it may wait there: by an expiration of its own a delay queue would hand it on early, and without it. */
export function withoutExpiration(message: WireMessage): WireMessage {
  const { expiration: _expiration, ...properties } = message.properties;
  return { ...message, properties };
}

/** Celery uses delayed delivery where one of the app's queues is a quorum queue. */
export function isQuorumQueue({ type, arguments: given }: QueueSpec): boolean {
  return type === "quorum" || given?.["x-queue-type"] === "quorum";
}
