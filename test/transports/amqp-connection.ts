import { randomUUID } from "node:crypto";
import { cleanUp } from "../../testing/clean-up.ts";
import createAmqpTransport from "../../transports/amqp.ts";
import type { Connection, QueueSpec, Transport } from "../../transports/transport.ts";

export function amqpTransport(
  url: string,
  transportOptions: Readonly<Record<string, unknown>> = {},
): Transport {
  return createAmqpTransport({ url, transportOptions, onWarning: () => undefined });
}

/** A connection that ends with the test. */
export async function connectAmqp(
  url: string,
  transportOptions: Readonly<Record<string, unknown>> = {},
): Promise<Connection> {
  const connection = await amqpTransport(url, transportOptions).connect({ timeoutMs: 10_000 });
  cleanUp(() => connection.close());
  return connection;
}

/** A new queue, declared. */
export async function newQueue(connection: Connection, spec: Partial<QueueSpec> = {}): Promise<QueueSpec> {
  const queue = { name: `amqp-${randomUUID()}`, ...spec };
  await connection.declareQueue(queue);
  return queue;
}

/** The route to a queue through the anonymous exchange. */
export function to(queue: QueueSpec): { readonly exchange: ""; readonly routingKey: string } {
  return { exchange: "", routingKey: queue.name };
}
