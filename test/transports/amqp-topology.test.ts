import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { textMessage } from "../../testing/transport.ts";
import type { Connection } from "../../transports/transport.ts";
import { amqpUrl, rabbitApi } from "../helpers/services.ts";
import { connectAmqp, newQueue, to } from "./amqp-connection.ts";

let url: string;
let connection: Connection;

beforeAll(async () => {
  url = await amqpUrl();
});

beforeEach(async () => {
  connection = await connectAmqp(url);
});

const ask = (path: string): Promise<unknown> => rabbitApi(url, "GET", path);

test("a queue is declared with RabbitMQ's names for its arguments", async () => {
  const { name } = await newQueue(connection, {
    durable: false,
    autoDelete: true,
    expiresMs: 60_000,
    messageTtlMs: 5000,
    maxPriority: 10,
    type: "classic",
    arguments: { "x-max-length": 10_000, "x-overflow": "drop-head" },
  });
  const vhost = new URL(url).pathname.slice(1);
  expect(await ask(`queues/${vhost}/${name}`)).toMatchObject({
    durable: false,
    auto_delete: true,
    exclusive: false,
    arguments: {
      "x-expires": 60_000,
      "x-message-ttl": 5000,
      "x-max-priority": 10,
      "x-queue-type": "classic",
      "x-max-length": 10_000,
      "x-overflow": "drop-head",
    },
  });
});

test("a queue is durable and bound by its name unless told otherwise", async () => {
  const exchange = { name: `exchange-${randomUUID()}`, type: "direct" } as const;
  const { name } = await newQueue(connection, { exchange });
  const vhost = new URL(url).pathname.slice(1);
  expect(await ask(`queues/${vhost}/${name}`)).toMatchObject({
    durable: true,
    auto_delete: false,
    arguments: {},
  });
  expect(await ask(`exchanges/${vhost}/${exchange.name}`)).toMatchObject({ durable: true, type: "direct" });
  await connection.publish(textMessage("a"), { exchange: exchange.name, routingKey: name });
  expect(await connection.queueSize(name)).toBe(1);
});

test("a queue can be bound to an exchange that RabbitMQ made", async () => {
  const { name } = await newQueue(connection, {
    exchange: { name: "amq.topic", type: "topic" },
    routingKey: "a.#",
  });
  await connection.publish(textMessage("a"), { exchange: "amq.topic", routingKey: "a.b" });
  expect(await connection.queueSize(name)).toBe(1);
});

test.each([
  [{ durable: false }, "durable"],
  [{ maxPriority: 5 }, "x-max-priority"],
  [{ expiresMs: 1000 }, "x-expires"],
  [{ autoDelete: true }, "auto_delete"],
])(
  "a queue that exists with another %o is refused by name, and costs nothing else",
  async (change, argument) => {
    const queue = await newQueue(connection);
    const refused = connection.declareQueue({ ...queue, ...change });
    const publishing = connection.publish(textMessage("a"), to(queue));
    const asking = connection.queueSize(`missing-${randomUUID()}`);
    await expect(refused).rejects.toMatchObject({
      code: "broker_refused",
      message: expect.stringContaining(queue.name),
    });
    await expect(refused).rejects.toThrow(`another "${argument}"`);
    await publishing;
    expect(await asking).toBe(0);
    expect(await connection.queueSize(queue.name)).toBe(1);
  },
);

test("an exchange that exists with another type is refused", async () => {
  const exchange = { name: `exchange-${randomUUID()}`, durable: false, autoDelete: true } as const;
  await connection.declareExchange({ ...exchange, type: "direct" });
  await expect(connection.declareExchange({ ...exchange, type: "topic" })).rejects.toMatchObject({
    code: "broker_refused",
    message: expect.stringContaining(exchange.name),
  });
});

test("an exclusive queue is this connection's alone", async () => {
  const queue = await newQueue(connection, { exclusive: true, durable: false });
  const other = await connectAmqp(url);
  await expect(other.declareQueue(queue)).rejects.toMatchObject({ code: "broker_refused" });
  await connection.close();
  await other.declareQueue(queue);
});

test("a queue name longer than AMQP allows is refused before it is sent", async () => {
  await expect(connection.declareQueue({ name: "q".repeat(256) })).rejects.toMatchObject({
    code: "unencodable",
  });
});
