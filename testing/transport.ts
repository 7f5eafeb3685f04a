/** What every {@link Transport} must do; a driver's test calls {@link testTransport} with a way to make it. */
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import type { MessageProperties, WireMessage } from "../protocol/index.ts";
import type {
  Connection,
  ConsumeOptions,
  Consumer,
  Delivery,
  ExchangeSpec,
  QueueSpec,
  Transport,
} from "../transports/transport.ts";
import { cleanUp } from "./clean-up.ts";

const TIMEOUT_MS = 5000;

/** A small message with the text as its body. */
export function textMessage(text: string, properties: Partial<MessageProperties> = {}): WireMessage {
  return {
    body: Buffer.from(text),
    contentType: "text/plain",
    contentEncoding: "utf-8",
    headers: { id: text },
    properties: { deliveryMode: 2, priority: 0, ...properties },
  };
}

/** The bodies of deliveries, as text. */
export function texts(deliveries: readonly Delivery[]): string[] {
  return deliveries.map(({ message }) => Buffer.from(message?.body ?? []).toString());
}

/** Reads a consumer delivery by delivery. */
export interface DeliveryReader {
  readonly consumer: Consumer;
  /** Resolves with the next `count` deliveries; rejects when the iteration ends before. */
  take(count: number): Promise<Delivery[]>;
  /** Resolves when the iteration ends, with what came until then; rejects when it ends with an error. */
  rest(): Promise<Delivery[]>;
}

export function readDeliveries(consumer: Consumer): DeliveryReader {
  const batches = consumer[Symbol.asyncIterator]();
  const unread: Delivery[] = [];
  const pull = async (): Promise<boolean> => {
    const { done, value } = await batches.next();
    if (done !== true) unread.push(...value);
    return done !== true;
  };
  return {
    consumer,
    async take(count) {
      while (unread.length < count) if (!(await pull())) throw new Error("The iteration has ended.");
      return unread.splice(0, count);
    },
    async rest() {
      while (await pull());
      return unread.splice(0);
    },
  };
}

/** Runs the suite; `createTransport` is called for each test, and all connections of one transport must meet. */
export function testTransport(name: string, createTransport: () => Promise<Transport>): void {
  describe(`${name}: transport contract`, () => {
    let transport: Transport;
    let connection: Connection;
    let queue: QueueSpec;

    const connect = async (): Promise<Connection> => {
      const opened = await transport.connect({ timeoutMs: TIMEOUT_MS });
      cleanUp(() => opened.close());
      return opened;
    };
    const declared = async (spec: Partial<QueueSpec> = {}): Promise<QueueSpec> => {
      const made = { name: `contract-${randomUUID()}`, ...spec };
      await connection.declareQueue(made);
      cleanUp(async () => (await connect()).deleteQueue(made.name));
      return made;
    };
    const publish = async (to: QueueSpec, ...bodies: readonly string[]): Promise<void> => {
      const route = { exchange: "", routingKey: to.name };
      await Promise.all(bodies.map((body) => connection.publish(textMessage(body), route)));
    };
    const consume = (
      from: QueueSpec,
      options: Partial<ConsumeOptions> = {},
      on = connection,
    ): DeliveryReader => readDeliveries(on.consume([from], { prefetch: 100, ...options }));

    beforeEach(async () => {
      transport = await createTransport();
      connection = await connect();
      queue = await declared();
    });

    describe("messages", () => {
      test("arrive whole", async () => {
        const message: WireMessage = {
          body: Buffer.from([0, 1, 0x80, 0xff, 0xce]),
          contentType: "application/x-python-serialize",
          contentEncoding: "binary",
          headers: {
            task: "tasks.add",
            eta: null,
            retries: 0,
            timelimit: [null, 300.5],
            stamps: { group: ["ä", "😀"], nested: { empty: {}, list: [[]] } },
            ignore_result: false,
            big: 9_007_199_254_740_991,
            negative: -129,
          },
          properties: {
            deliveryMode: 2,
            priority: 0,
            correlationId: "c0ffee",
            replyTo: "reply-queue",
            other: { message_id: "m-1", type: "call", app_id: "contract" },
          },
        };
        await connection.publish(message, { exchange: "", routingKey: queue.name });
        const [delivery] = await consume(queue).take(1);
        expect(delivery?.message).toEqual(message);
        expect(delivery?.malformed).toBeUndefined();
        expect(delivery).toMatchObject({ queue: queue.name, exchange: "", routingKey: queue.name });
        expect(delivery).toMatchObject({ redelivered: false, lost: false });
        expect([0, undefined]).toContain(delivery?.previousDeliveries);
        expect(delivery?.rawBytes.length).toBeGreaterThan(0);
      });

      test("may have no content type, and a body of a megabyte", async () => {
        const body = Buffer.alloc(1 << 20, "x");
        const message = { ...textMessage(""), body, contentType: undefined, contentEncoding: undefined };
        await connection.publish(message, { exchange: "", routingKey: queue.name });
        const [delivery] = await consume(queue).take(1);
        expect(delivery?.message?.contentType).toBeUndefined();
        expect(delivery?.message?.contentEncoding).toBeUndefined();
        expect(body.equals(delivery?.message?.body ?? Buffer.alloc(0))).toBe(true);
      });

      test("come in the order they were published, in batches", async () => {
        const bodies = Array.from({ length: 500 }, (_, at) => String(at));
        await publish(queue, ...bodies);
        const consumer = connection.consume([queue], { prefetch: 0 });
        const deliveries: Delivery[] = [];
        let batches = 0;
        for await (const batch of consumer) {
          expect(batch.length).toBeGreaterThan(0);
          batches += 1;
          deliveries.push(...batch);
          if (deliveries.length === bodies.length) break;
        }
        expect(texts(deliveries)).toEqual(bodies);
        expect(batches).toBeLessThan(bodies.length);
      });

      test("reach a consumer that waits", async () => {
        const reader = consume(queue);
        const waiting = reader.take(1);
        await publish(queue, "a");
        expect(texts(await waiting)).toEqual(["a"]);
      });

      test("are each given to one of several consumers", async () => {
        const bodies = Array.from({ length: 300 }, (_, at) => String(at).padStart(3, "0"));
        const seen: string[] = [];
        let done = (): void => undefined;
        const all = new Promise<void>((resolve) => {
          done = resolve;
        });
        const drain = async (consumer: Consumer): Promise<void> => {
          for await (const batch of consumer) {
            seen.push(...texts(batch));
            for (const delivery of batch) delivery.ack();
            if (seen.length >= bodies.length) done();
          }
        };
        const consumers = [connection, connection, await connect()].map((on) =>
          on.consume([queue], { prefetch: 7 }),
        );
        const drained = Promise.all(consumers.map(drain));
        await publish(queue, ...bodies);
        await all;
        await Promise.all(consumers.map((consumer) => consumer.close()));
        await drained;
        expect(seen.toSorted()).toEqual(bodies);
      });

      test("are served by priority, as the capabilities say", async () => {
        const priorities = await declared({ maxPriority: 10 });
        const route = { exchange: "", routingKey: priorities.name };
        for (const priority of [5, 9, 0])
          await connection.publish(textMessage(String(priority), { priority }), route);
        const order = { "high-first": ["9", "5", "0"], "low-first": ["0", "5", "9"], none: ["5", "9", "0"] };
        const deliveries = await consume(priorities).take(3);
        expect(texts(deliveries)).toEqual(order[transport.capabilities.priorityOrder]);
      });
    });

    describe("settling", () => {
      test("an acknowledged message is gone, the others return when the connection closes", async () => {
        await publish(queue, "a", "b", "c");
        const deliveries = await consume(queue).take(3);
        deliveries[1]?.ack();
        await connection.close();
        connection = await connect();
        const again = await consume(queue).take(2);
        expect(texts(again).toSorted()).toEqual(["a", "c"]);
        expect(again.map(({ redelivered }) => redelivered)).toEqual([true, true]);
      });

      test("a requeued message comes again, marked as redelivered", async () => {
        await publish(queue, "a");
        const reader = consume(queue);
        const [first] = await reader.take(1);
        first?.reject({ requeue: true });
        const [second] = await reader.take(1);
        expect(texts(second === undefined ? [] : [second])).toEqual(["a"]);
        expect(second?.redelivered).toBe(true);
        expect([1, undefined]).toContain(second?.previousDeliveries);
      });

      test("a rejected message is gone", async () => {
        await publish(queue, "a", "b");
        const [first] = await consume(queue).take(2);
        first?.reject({ requeue: false });
        await connection.close();
        connection = await connect();
        const reader = consume(queue);
        expect(texts(await reader.take(1))).toEqual(["b"]);
        expect(await connection.queueSize(queue.name)).toBe(0);
      });

      test("counts once, and late is harmless", async () => {
        await publish(queue, "a", "b");
        const [a, b] = await consume(queue).take(2);
        a?.ack();
        a?.reject({ requeue: true });
        b?.reject({ requeue: false });
        b?.ack();
        await connection.close();
        a?.ack();
        b?.reject({ requeue: true });
        connection = await connect();
        await publish(queue, "c");
        expect(texts(await consume(queue).take(1))).toEqual(["c"]);
      });

      test("in any order reaches the broker", async () => {
        const bodies = Array.from({ length: 100 }, (_, at) => String(at));
        await publish(queue, ...bodies);
        const deliveries = await consume(queue, { prefetch: 100 }).take(100);
        const kept = deliveries.filter((_, at) => at % 10 === 3);
        for (const delivery of deliveries.toReversed()) if (!kept.includes(delivery)) delivery.ack();
        await connection.close();
        connection = await connect();
        const again = await consume(queue).take(kept.length);
        expect(texts(again).toSorted()).toEqual(texts(kept).toSorted());
        expect(await connection.queueSize(queue.name)).toBe(0);
      });
    });

    describe("parking, where it is offered", () => {
      const offersParking = async (): Promise<boolean> => {
        await publish(queue, "probe");
        const reader = consume(queue);
        const [probe] = await reader.take(1);
        probe?.ack();
        await reader.consumer.close();
        return probe?.park !== undefined;
      };

      beforeEach(async ({ skip }) => {
        if (!(await offersParking())) skip("no parking");
      });

      test("keeps a message until it is due, and then hands it out as it was", async () => {
        const properties = { priority: 0, correlationId: "c0ffee", other: { message_id: "m-1" } };
        const sent = textMessage("parked", properties);
        await connection.publish(sent, { exchange: "", routingKey: queue.name });
        const reader = consume(queue, { prefetch: 1 });
        const [first] = await reader.take(1);
        const untilMs = Date.now() + 3000;
        first?.park?.(untilMs);
        first?.ack();
        first?.reject({ requeue: true });
        await publish(queue, "behind");
        const [behind] = await reader.take(1);
        expect(texts(behind === undefined ? [] : [behind])).toEqual(["behind"]);
        behind?.ack();
        const [again] = await reader.take(1);
        // Delays may be whole seconds: a worker holds the rest.
        expect(Date.now()).toBeGreaterThan(untilMs - 1100);
        expect(again?.message).toEqual(first?.message);
        expect(again?.message?.headers).toEqual(sent.headers);
        expect(again).toMatchObject({ queue: queue.name, exchange: "", redelivered: false });
        expect(again).toMatchObject({
          routingKey: queue.name,
          previousDeliveries: first?.previousDeliveries,
        });
        again?.ack();
        await connection.close();
        connection = await connect();
        expect(await connection.queueSize(queue.name)).toBe(0);
      });

      test("goes on when the connection that parked is closed at once", async () => {
        await publish(queue, "a", "b", "c");
        const deliveries = await consume(queue).take(3);
        for (const delivery of deliveries) delivery.park?.(Date.now() + 2000);
        await connection.close();
        connection = await connect();
        const reader = consume(queue);
        const again = await reader.take(3);
        expect(texts(again).toSorted()).toEqual(["a", "b", "c"]);
        for (const delivery of again) delivery.ack();
        await publish(queue, "last");
        expect(texts(await reader.take(1))).toEqual(["last"]);
      });
    });

    describe("consumers", () => {
      test("hold no more than their prefetch, and more when it is raised", async () => {
        await publish(queue, "a", "b", "c", "d", "e", "f");
        const first = consume(queue, { prefetch: 2 });
        const held = await first.take(2);
        const second = consume(queue, { prefetch: 3 }, await connect());
        const others = await second.take(3);
        expect(await connection.queueSize(queue.name)).toBe(1);
        first.consumer.setPrefetch(3);
        held.push(...(await first.take(1)));
        expect(texts([...held, ...others]).toSorted()).toEqual(["a", "b", "c", "d", "e", "f"]);
      });

      test("may fetch and settle several at a time, and keep nothing to themselves", async () => {
        await publish(queue, "a", "b", "c", "d", "e", "f");
        const reader = consume(queue, { prefetch: 4, wantsMore: (held) => held <= 1 });
        const [first, ...others] = await reader.take(4);
        for (const delivery of others) delivery.ack();
        const next = await reader.take(2);
        expect(texts(next)).toEqual(["e", "f"]);
        // With two left the reader has enough, and this one still has to reach the broker.
        next[0]?.ack();
        await connection.close();
        connection = await connect();
        const again = await consume(queue).take(2);
        expect(texts(again).toSorted()).toEqual(["a", "f"]);
        expect(first?.message?.headers).toEqual({ id: "a" });
      });

      test("get the next message for one that is settled", async () => {
        await publish(queue, "a", "b", "c");
        const reader = consume(queue, { prefetch: 1 });
        for (const body of ["a", "b", "c"]) {
          const [delivery] = await reader.take(1);
          expect(texts(delivery === undefined ? [] : [delivery])).toEqual([body]);
          delivery?.ack();
        }
      });

      test("serve several queues", async () => {
        const other = await declared();
        await publish(queue, "a");
        await publish(other, "b");
        const deliveries = await readDeliveries(connection.consume([queue, other], { prefetch: 10 })).take(2);
        const origins = deliveries.map((delivery) => [texts([delivery])[0], delivery.queue]);
        expect(origins.toSorted()).toEqual([
          ["a", queue.name],
          ["b", other.name],
        ]);
      });

      test("without acknowledgement take messages for good", async () => {
        await publish(queue, "a", "b");
        const reader = consume(queue, { noAck: true });
        const [first] = await reader.take(2);
        first?.ack();
        first?.reject({ requeue: true });
        await connection.close();
        connection = await connect();
        await publish(queue, "c");
        expect(texts(await consume(queue).take(1))).toEqual(["c"]);
      });

      test("end their iteration when closed, and give back what nobody read", async () => {
        await publish(queue, "a", "b", "c");
        const reader = consume(queue, { prefetch: 10 });
        const [held] = await reader.take(1);
        await Promise.all([reader.consumer.close(), reader.consumer.close()]);
        const unread = await reader.rest();
        for (const delivery of unread) delivery.reject({ requeue: true });
        const again = await consume(queue, {}, await connect()).take(2);
        expect(texts([...(held === undefined ? [] : [held]), ...again]).toSorted()).toEqual(["a", "b", "c"]);
      });

      test("leave what they handed out settleable when closed", async () => {
        await publish(queue, "a", "b");
        const reader = consume(queue);
        const [a, b] = await reader.take(2);
        await reader.consumer.close();
        a?.ack();
        b?.reject({ requeue: true });
        expect(texts(await consume(queue).take(1))).toEqual(["b"]);
        await connection.close();
        connection = await connect();
        expect(texts(await consume(queue).take(1))).toEqual(["b"]);
        expect(await connection.queueSize(queue.name)).toBe(0);
      });

      test("end their iteration when the connection closes", async () => {
        const reader = consume(queue);
        const ended = reader.rest();
        await connection.close();
        expect(await ended).toEqual([]);
      });
    });

    describe("routing", () => {
      const exchangeOf = (type: ExchangeSpec["type"]): ExchangeSpec => ({
        name: `contract-${type}-${randomUUID()}`,
        type,
        durable: false,
        autoDelete: true,
      });
      const bound = (exchange: ExchangeSpec, routingKey: string): Promise<QueueSpec> =>
        declared({ exchange, routingKey });
      const supports = (type: ExchangeSpec["type"]): boolean =>
        transport.capabilities.exchangeTypes.includes(type);

      test("direct: to every queue bound with the key", async (context) => {
        if (!supports("direct")) return context.skip();
        const exchange = exchangeOf("direct");
        const queues = [await bound(exchange, "a"), await bound(exchange, "b"), await bound(exchange, "a")];
        await connection.publish(textMessage("to a"), { exchange: exchange.name, routingKey: "a" });
        await connection.publish(textMessage("to b"), { exchange: exchange.name, routingKey: "b" });
        const deliveries = await Promise.all(queues.map((from) => consume(from).take(1)));
        expect(deliveries.map((taken) => texts(taken)[0])).toEqual(["to a", "to b", "to a"]);
        expect(deliveries[1]?.[0]).toMatchObject({ exchange: exchange.name, routingKey: "b" });
      });

      test("topic: by pattern, once per queue", async (context) => {
        if (!supports("topic")) return context.skip();
        const exchange = exchangeOf("topic");
        const star = await bound(exchange, "task.*");
        const hash = await bound(exchange, "task.#");
        await connection.declareQueue({ ...hash, routingKey: "task.sent" });
        const publishAs = (routingKey: string): Promise<void> =>
          connection.publish(textMessage(routingKey), { exchange: exchange.name, routingKey });
        await publishAs("task.sent");
        await publishAs("task.sent.late");
        const toHash = await consume(hash).take(2);
        expect(texts(toHash)).toEqual(["task.sent", "task.sent.late"]);
        expect(texts(await consume(star).take(1))).toEqual(["task.sent"]);
        expect(await connection.queueSize(star.name)).toBe(0);
      });

      test("fanout: to everyone who listens", async (context) => {
        if (!supports("fanout")) return context.skip();
        const exchange = exchangeOf("fanout");
        const queues = [await bound(exchange, ""), await bound(exchange, "")];
        const readers = queues.map((from) => consume(from, { noAck: true }));
        const heard = Promise.all(readers.map((reader) => reader.take(1)));
        // Where listening is not a queue, a message may be sent before the other side listens.
        const route = { exchange: exchange.name, routingKey: "", optional: true };
        const publishing = setInterval(() => void connection.publish(textMessage("hello"), route), 50);
        try {
          expect((await heard).map((taken) => texts(taken)[0])).toEqual(["hello", "hello"]);
        } finally {
          clearInterval(publishing);
        }
      });

      test("a message that no queue takes is refused, unless that is fine", async (context) => {
        if (!supports("direct")) return context.skip();
        const exchange = exchangeOf("direct");
        await bound(exchange, "a");
        const route = { exchange: exchange.name, routingKey: "nobody" };
        await expect(connection.publish(textMessage("lost"), route)).rejects.toMatchObject({
          code: "unroutable",
        });
        await connection.publish(textMessage("lost"), { ...route, optional: true });
        await connection.publish(textMessage("found"), { exchange: exchange.name, routingKey: "a" });
      });
    });

    describe("queues", () => {
      test("can be declared again", async () => {
        await publish(queue, "a");
        await connection.declareQueue(queue);
        await (await connect()).declareQueue(queue);
        expect(await connection.queueSize(queue.name)).toBe(1);
      });

      test("tell how many messages wait, and lose them when purged", async () => {
        await publish(queue, "a", "b", "c");
        expect(await connection.queueSize(queue.name)).toBe(3);
        expect(await connection.purgeQueue(queue.name)).toBe(3);
        expect(await connection.purgeQueue(queue.name)).toBe(0);
        expect(await connection.queueSize(queue.name)).toBe(0);
      });

      test("that do not exist are empty", async () => {
        const missing = `contract-${randomUUID()}`;
        expect(await connection.queueSize(missing)).toBe(0);
        expect(await connection.purgeQueue(missing)).toBe(0);
        await connection.deleteQueue(missing);
      });

      test("can be deleted, and declared anew", async () => {
        await publish(queue, "a");
        await connection.deleteQueue(queue.name);
        expect(await connection.queueSize(queue.name)).toBe(0);
        await connection.declareQueue(queue);
        await publish(queue, "b");
        expect(texts(await consume(queue).take(1))).toEqual(["b"]);
      });
    });

    describe("connections", () => {
      test("publish many messages at once", async () => {
        await publish(queue, ...Array.from({ length: 2000 }, (_, at) => String(at)));
        expect(await connection.queueSize(queue.name)).toBe(2000);
      });

      test("send what was published and settled before they close", async () => {
        await publish(queue, "a");
        const [delivery] = await consume(queue).take(1);
        const publishing = publish(queue, "b");
        delivery?.ack();
        await connection.close();
        await publishing;
        connection = await connect();
        expect(texts(await consume(queue).take(1))).toEqual(["b"]);
        expect(await connection.queueSize(queue.name)).toBe(0);
      });

      test("end without an error when closed, twice is fine, and refuse messages afterwards", async () => {
        await Promise.all([connection.close(), connection.close()]);
        expect(await connection.ended).toBeUndefined();
        await expect(publish(queue, "late")).rejects.toMatchObject({ code: "closed" });
      });
    });
  });
}
