/** Exchanges and queues of events and remote control, as the settings name them. Source: kombu/pidbox.py, celery/events/receiver.py. */
import { randomUUID } from "node:crypto";
import { ConfigurationError } from "../protocol/index.ts";
import type { ExchangeSpec, QueueSpec } from "../transports/index.ts";
import type { Settings } from "./settings.ts";

/** Where commands go. */
export function controlExchange({ controlExchange: name }: Settings): ExchangeSpec {
  return { name: `${name}.pidbox`, type: "fanout", durable: false };
}

/** Where answers go. */
export function replyExchange({ controlExchange: name }: Settings): ExchangeSpec {
  return { name: `reply.${name}.pidbox`, type: "direct", durable: false };
}

/** The queue in which a worker finds its commands. Throws ConfigurationError for settings that exclude each other. */
export function controlQueue(settings: Settings, node: string): QueueSpec {
  const exchange = controlExchange(settings);
  return { name: `${node}.${exchange.name}`, exchange, routingKey: "", ...controlArguments(settings) };
}

/** The queue in which an asker finds the answers. Throws as {@link controlQueue}. */
export function replyQueue(settings: Settings, id: string): QueueSpec {
  const exchange = replyExchange(settings);
  return { name: `${id}.${exchange.name}`, exchange, routingKey: id, ...controlArguments(settings) };
}

function controlArguments(settings: Settings): Partial<QueueSpec> {
  return {
    ...kept("control", settings.controlQueueDurable, settings.controlQueueExclusive),
    expiresMs: settings.controlQueueExpires * 1000,
    messageTtlMs: settings.controlQueueTtl * 1000,
  };
}

/** The queue of one monitor: it and its messages go when nobody listens. Throws as {@link controlQueue}. */
export function eventQueue(settings: Settings, type: "topic" | "fanout", routingKey: string): QueueSpec {
  return {
    name: `${settings.eventQueuePrefix}.${randomUUID()}`,
    exchange: { name: settings.eventExchange, type },
    routingKey,
    ...kept("event", settings.eventQueueDurable, settings.eventQueueExclusive),
    messageTtlMs: settings.eventQueueTtl * 1000,
    expiresMs: settings.eventQueueExpires * 1000,
  };
}

function kept(what: "control" | "event", durable: boolean, exclusive: boolean): Partial<QueueSpec> {
  if (!durable || !exclusive) return { durable, exclusive, autoDelete: !durable };
  throw new ConfigurationError(
    `${what}QueueDurable and ${what}QueueExclusive exclude each other: an exclusive queue goes with its connection.`,
  );
}
