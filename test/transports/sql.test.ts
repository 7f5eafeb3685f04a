import { describe, expect, test } from "vitest";
import type { Route, WireMessage } from "../../protocol/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import createSqlTransport from "../../transports/sql.ts";
import type { Connection, Delivery } from "../../transports/transport.ts";
import { postgresUrl, sqliteFile } from "../helpers/services.ts";

const places: [string, () => Promise<string>][] = [
  ["SQLite", async () => `sqlalchemy+sqlite:///${await sqliteFile()}`],
  ["plain SQLite", async () => `sqlite:///${await sqliteFile()}`],
  ["PostgreSQL", async () => `sqlalchemy+${await postgresUrl()}`],
];

async function connected(url: string): Promise<Connection> {
  const transport = createSqlTransport({ url, transportOptions: {}, onWarning: () => undefined });
  const connection = await transport.connect({ timeoutMs: 5000 });
  cleanUp(() => connection.close());
  return connection;
}

function message(text: string): WireMessage {
  return {
    body: Buffer.from(text),
    contentType: "text/plain",
    contentEncoding: "utf-8",
    headers: { id: text },
    properties: { deliveryMode: 2, priority: 0 },
  };
}

/** Deliveries one by one. */
async function* each(connection: Connection, queues: readonly string[]): AsyncGenerator<Delivery> {
  const consumer = connection.consume(
    queues.map((name) => ({ name })),
    { prefetch: 10 },
  );
  cleanUp(() => consumer.close());
  for await (const batch of consumer) yield* batch;
}

const texts = (deliveries: readonly Delivery[]): string[] =>
  deliveries.map((delivery) => Buffer.from(delivery.message?.body ?? []).toString());

async function next(deliveries: AsyncGenerator<Delivery>, count: number): Promise<Delivery[]> {
  const read: Delivery[] = [];
  while (read.length < count) {
    const { value } = await deliveries.next();
    if (value !== undefined) read.push(value);
  }
  return read;
}

describe.each(places)("SQL transport on %s", (_name, place) => {
  test("routes, delivers, requeues and gives back", async () => {
    const url = await place();
    const [producer, worker] = [await connected(url), await connected(url)];
    const exchange = { name: "media", type: "topic" } as const;
    await worker.declareQueue({ name: "video", exchange, routingKey: "media.video.*" });
    await worker.declareQueue({ name: "all", exchange, routingKey: "media.#" });
    await producer.declareExchange(exchange);
    const publish = (text: string, route: Route): Promise<void> => producer.publish(message(text), route);
    await publish("both", { exchange: "media", routingKey: "media.video.new" });
    await publish("one", { exchange: "media", routingKey: "media.audio" });
    await publish("direct", { exchange: "", routingKey: "all" });
    await expect(publish("none", { exchange: "media", routingKey: "x" })).rejects.toMatchObject({
      code: "unroutable",
    });
    expect([await producer.queueSize("video"), await producer.queueSize("all")]).toEqual([1, 3]);
    const all = await next(each(worker, ["all"]), 3);
    expect(texts(all)).toEqual(["both", "one", "direct"]);
    expect(all[0]).toMatchObject({
      queue: "all",
      exchange: "media",
      routingKey: "media.video.new",
      redelivered: false,
      previousDeliveries: 0,
      lost: false,
    });
    all[0]?.ack();
    all[1]?.reject({ requeue: true });
    await worker.close();
    const heir = await connected(url);
    // What was not settled is in front of what was put back at the end.
    const rest = await next(each(heir, ["all", "video"]), 3);
    expect(texts(rest.filter(({ queue }) => queue === "all"))).toEqual(["direct", "one"]);
    expect(rest.map(({ redelivered }) => redelivered).toSorted()).toEqual([false, true, true]);
    for (const delivery of rest) delivery.ack();
    await heir.close();
    expect([await producer.queueSize("video"), await producer.queueSize("all")]).toEqual([0, 0]);
    await publish("more", { exchange: "", routingKey: "all" });
    expect(await producer.purgeQueue("all")).toBe(1);
  });
});
