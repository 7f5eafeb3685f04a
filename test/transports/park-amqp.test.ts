import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { readDeliveries, textMessage, texts } from "../../testing/transport.ts";
import {
  delayedRoute,
  isParkingKey,
  MAX_DELAY_SECONDS,
  parkingKey,
  withoutDelay,
} from "../../transports/native-delay.ts";
import type { Connection, QueueSpec } from "../../transports/transport.ts";
import { python } from "../helpers/python.ts";
import { amqpUrl, rabbitApi } from "../helpers/services.ts";
import { connectAmqp, newQueue, to } from "./amqp-connection.ts";

describe("routing keys", () => {
  const ZEROS = "0.".repeat(28);

  test("are those of kombu", async () => {
    const cases = [1, 10, 3600, MAX_DELAY_SECONDS].flatMap((seconds) =>
      ["wire", "a.b", `${ZEROS}wire`].map((key) => [seconds, key] as const),
    );
    const code = `
import json, sys
from kombu.transport.native_delayed_delivery import calculate_routing_key
print(json.dumps([calculate_routing_key(seconds, key) for seconds, key in json.load(sys.stdin)]))`;
    const expected = await python({ version: "latest", code, input: cases });
    expect(cases.map(([seconds, key]) => delayedRoute(key, seconds).routingKey)).toEqual(expected);
  });

  test("have at least a second, and at most what there are queues for", () => {
    expect(delayedRoute("k", -5)).toEqual({
      exchange: "celery_delayed_27",
      routingKey: `${ZEROS.slice(0, -2)}1.k`,
    });
    expect(delayedRoute("k", 1e12)).toEqual(delayedRoute("k", MAX_DELAY_SECONDS));
    expect(withoutDelay(delayedRoute("a.b", 7).routingKey)).toBe("a.b");
    expect(withoutDelay("0.1.a")).toBe("0.1.a");
  });

  test("of parked messages name their queue in one word", () => {
    expect(parkingKey("a.b#c*d%e")).toBe("a%2eb%23c%2ad%25e.celerity-parked");
    expect(isParkingKey(delayedRoute(parkingKey("a.b") ?? "", 3).routingKey)).toBe(true);
    expect(isParkingKey("celerity-parked")).toBe(false);
    expect(parkingKey("ä".repeat(80))).toHaveLength(96);
    expect(parkingKey("ä".repeat(100))).toBeUndefined();
  });
});

describe("parking", () => {
  let url: string;

  beforeAll(async () => {
    url = await amqpUrl();
  });

  const read = (connection: Connection, queue: QueueSpec) =>
    readDeliveries(connection.consume([queue], { prefetch: 10 }));

  test("brings a message back to its own queue only", async () => {
    const connection = await connectAmqp(url);
    const name = `park-${randomUUID()}`;
    // Celery binds by the last words of a key: this queue would also get what is meant for the other.
    const exchange = { name, type: "topic" } as const;
    const short = await newQueue(connection, { name, exchange, routingKey: name });
    const long = await newQueue(connection, { name: `high.${name}` });
    await connection.declareDelays?.([short]);
    await connection.publish(textMessage("a"), to(long));
    const [readShort, readLong] = [read(connection, short), read(connection, long)];
    const [first] = await readLong.take(1);
    first?.park?.(Date.now() + 1000);
    const [again] = await readLong.take(1);
    again?.ack();
    await connection.publish(textMessage("last"), to(short));
    expect(texts(await readShort.take(1))).toEqual(["last"]);
  });

  test("parks again and again without leaving a trace, and keeps what others noted", async () => {
    const connection = await connectAmqp(url);
    const queue = await newQueue(connection, { type: "quorum" });
    const arguments_ = { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue.name };
    const before = await newQueue(connection, { arguments: arguments_ });
    const message = textMessage("a", { expiration: "600000" });
    await connection.publish(message, to(before));
    const [rejected] = await read(connection, before).take(1);
    rejected?.reject({ requeue: false });
    const reader = read(connection, queue);
    const [first] = await reader.take(1);
    const deaths = first?.message?.headers["x-death"];
    expect(deaths).toMatchObject([{ queue: before.name, reason: "rejected" }]);
    let last = first;
    for (let times = 0; times < 2; times += 1) {
      last?.park?.(Date.now() + 1000);
      [last] = await reader.take(1);
    }
    expect(last?.message?.headers).toEqual(first?.message?.headers);
    expect(last?.message?.properties.expiration).toBeUndefined();
    expect(last?.previousDeliveries).toBe(0);
    last?.ack();
  });

  test("is not offered by queues that may be gone", async () => {
    const connection = await connectAmqp(url);
    for (const spec of [
      { exclusive: true },
      { autoDelete: true },
      { expiresMs: 60_000 },
      { durable: false },
    ]) {
      const queue = await newQueue(connection, spec);
      await connection.publish(textMessage("a"), to(queue));
      const [delivery] = await read(connection, queue).take(1);
      expect(delivery?.park).toBeUndefined();
      delivery?.ack();
    }
  });

  test("gives a message back, and offers no more, where the delays exist in another form", async () => {
    const own = await amqpUrl();
    const declaring = await connectAmqp(own, { delayedQueueType: "classic" });
    await declaring.declareDelays?.([await newQueue(declaring)]);
    const queues = (await rabbitApi(own, "GET", `queues/${new URL(own).pathname.slice(1)}`)) as {
      name: string;
    }[];
    expect(queues.filter(({ name }) => name.startsWith("celery_delayed_"))).toHaveLength(28);
    const connection = await connectAmqp(own);
    const queue = await newQueue(connection);
    await connection.publish(textMessage("a"), to(queue));
    const reader = read(connection, queue);
    const [first] = await reader.take(1);
    first?.park?.(Date.now() + 600_000);
    const [again] = await reader.take(1);
    expect(texts(again === undefined ? [] : [again])).toEqual(["a"]);
    expect(again?.park).toBeUndefined();
    await expect(connection.declareDelays?.([queue])).rejects.toMatchObject({
      code: "broker_refused",
      message: expect.stringMatching(/delayed delivery cannot be declared with quorum queues/),
    });
  });
});
