import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readDeliveries, textMessage, texts } from "../../testing/transport.ts";
import type { Connection, QueueSpec } from "../../transports/transport.ts";
import { amqpUrl } from "../helpers/services.ts";
import { amqpTransport, connectAmqp, newQueue, to } from "./amqp-connection.ts";

let url: string;
let connection: Connection;

beforeAll(async () => {
  url = await amqpUrl();
});

beforeEach(async () => {
  connection = await connectAmqp(url);
});

async function publish(queue: QueueSpec, ...bodies: readonly string[]): Promise<void> {
  for (const body of bodies) await connection.publish(textMessage(body), to(queue));
}

test("a consumer of a queue that does not exist fails, the connection lives", async () => {
  const reader = readDeliveries(connection.consume([{ name: "missing" }], { prefetch: 1 }));
  await expect(reader.rest()).rejects.toMatchObject({
    code: "broker_refused",
    message: expect.stringContaining('"missing"'),
  });
  await newQueue(connection);
});

test("a consumer fails when its queue is deleted; what it holds elsewhere stays settleable", async () => {
  const [kept, deleted] = [await newQueue(connection), await newQueue(connection)];
  await publish(kept, "a", "b");
  await publish(deleted, "x");
  const reader = readDeliveries(connection.consume([kept, deleted], { prefetch: 3 }));
  const a = (await reader.take(3)).find((delivery) => texts([delivery])[0] === "a");
  await connection.deleteQueue(deleted.name);
  await expect(reader.rest()).rejects.toMatchObject({
    code: "broker_unavailable",
    message: expect.stringContaining(`"${deleted.name}"`),
  });
  expect(a?.lost).toBe(false);
  a?.ack();
  await connection.close();
  connection = await connectAmqp(url);
  const again = await readDeliveries(connection.consume([kept], { prefetch: 3 })).take(1);
  expect(texts(again)).toEqual(["b"]);
  expect(await connection.queueSize(kept.name)).toBe(0);
});

test("the prefetch count can be lowered", async () => {
  const queue = await newQueue(connection);
  await publish(queue, "a", "b", "c", "d");
  const consumer = connection.consume([queue], { prefetch: 2 });
  const reader = readDeliveries(consumer);
  const [a, b] = await reader.take(2);
  consumer.setPrefetch(1);
  // Answered after the change, which went the same way before it.
  await connection.queueSize(queue.name);
  a?.ack();
  const other = readDeliveries((await connectAmqp(url)).consume([queue], { prefetch: 2 }));
  expect(texts(await other.take(2))).toEqual(["c", "d"]);
  b?.ack();
});

describe("quorum queues", () => {
  const quorum = (): Promise<QueueSpec> => newQueue(connection, { type: "quorum" });

  test("count deliveries", async () => {
    const queue = await quorum();
    await publish(queue, "a");
    const reader = readDeliveries(connection.consume([queue], { prefetch: 1 }));
    for (const count of [0, 1, 2, 3]) {
      const [delivery] = await reader.take(1);
      expect(delivery?.previousDeliveries).toBe(count);
      expect(delivery?.redelivered).toBe(count > 0);
      delivery?.reject({ requeue: true });
    }
  });

  test("share the prefetch count in equal parts", async () => {
    const [one, two] = [await quorum(), await quorum()];
    await publish(one, "1a", "1b", "1c");
    await publish(two, "2a", "2b", "2c");
    const held = await readDeliveries(connection.consume([one, two], { prefetch: 3 })).take(3);
    expect(held.map(({ queue }) => queue === one.name).filter(Boolean).length).toBe(2);
    const other = await connectAmqp(url);
    const rest = await readDeliveries(other.consume([one, two], { prefetch: 0 })).take(3);
    expect(texts([...held, ...rest]).toSorted()).toEqual(["1a", "1b", "1c", "2a", "2b", "2c"]);
  });

  test("take a higher prefetch count, again and again, and a lower one", async () => {
    const queue = await quorum();
    const bodies = Array.from({ length: 20 }, (_, at) => String(at));
    await publish(queue, ...bodies);
    const consumer = connection.consume([queue], { prefetch: 1 });
    const reader = readDeliveries(consumer);
    const held = await reader.take(1);
    for (let count = 2; count <= 15; count++) {
      consumer.setPrefetch(count);
      held.push(...(await reader.take(1)));
    }
    expect(new Set(texts(held)).size).toBe(15);
    consumer.setPrefetch(1);
    // The new, smaller subscription brings one more.
    const [next] = await reader.take(1);
    for (const delivery of held) delivery.ack();
    const rest = await readDeliveries((await connectAmqp(url)).consume([queue], { prefetch: 0 })).take(4);
    expect(texts([...held, ...(next === undefined ? [] : [next]), ...rest]).toSorted()).toEqual(
      bodies.toSorted(),
    );
  });

  test("are recognised when nobody said so, at the cost of one connection", async () => {
    const { name } = await quorum();
    const transport = amqpTransport(url);
    const first = await transport.connect({ timeoutMs: 5000 });
    await publish({ name }, "a");
    const failing = readDeliveries(first.consume([{ name }], { prefetch: 1 }));
    await expect(failing.rest()).rejects.toMatchObject({ code: "broker_unavailable" });
    expect(await first.ended).toMatchObject({ message: expect.stringContaining("global qos") });
    const second = await transport.connect({ timeoutMs: 5000 });
    const [delivery] = await readDeliveries(second.consume([{ name }], { prefetch: 1 })).take(1);
    expect(texts(delivery === undefined ? [] : [delivery])).toEqual(["a"]);
    await second.close();
  });
});

test("a rejected message goes to the dead-letter exchange, with RabbitMQ's account of it", async () => {
  const dead = await newQueue(connection);
  const queue = await newQueue(connection, {
    arguments: { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead.name },
  });
  await publish(queue, "a");
  const [a] = await readDeliveries(connection.consume([queue], { prefetch: 1 })).take(1);
  a?.reject({ requeue: false });
  const [letter] = await readDeliveries(connection.consume([dead], { prefetch: 1 })).take(1);
  expect(letter?.message?.headers).toMatchObject({
    id: "a",
    "x-death": [{ count: 1, reason: "rejected", queue: queue.name, time: expect.any(Date) }],
  });
  expect(letter?.previousDeliveries).toBe(0);
});
