import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { readDeliveries, textMessage, texts } from "../../testing/transport.ts";
import type { Connection, Delivery, QueueSpec } from "../../transports/transport.ts";
import { startRabbit, type TestServer, temporaryFolder } from "../helpers/services.ts";
import { amqpTransport, connectAmqp, newQueue, to } from "./amqp-connection.ts";

const CONSUMER_TIMEOUT_MS = 2000;
const WITHIN_20_S = { timeout: 20_000 };

let rabbit: TestServer;

beforeAll(async () => {
  // How often RabbitMQ looks for consumers that are too late: each minute, unless its other configuration file says.
  const advanced = join(await temporaryFolder(), "advanced.config");
  await writeFile(advanced, "[{rabbit, [{channel_tick_interval, 1000}]}].\n");
  vi.stubEnv("RABBITMQ_ADVANCED_CONFIG_FILE", advanced);
  rabbit = await startRabbit([`consumer_timeout = ${CONSUMER_TIMEOUT_MS}`]);
});

const reconnect = (): Promise<Connection> => connectAmqp(rabbit.url);

describe("a broker that is killed", () => {
  let queue: QueueSpec;
  let held: Delivery[];
  let outcomes: PromiseSettledResult<void>[];
  let connection: Connection;

  beforeAll(async () => {
    connection = await amqpTransport(rabbit.url).connect({ timeoutMs: 10_000 });
    queue = await newQueue(connection);
    await Promise.all(["a", "b", "c"].map((body) => connection.publish(textMessage(body), to(queue))));
    const reader = readDeliveries(connection.consume([queue], { prefetch: 2 }));
    held = await reader.take(2);
    const publishing = Promise.allSettled(
      Array.from({ length: 200 }, (_, at) => connection.publish(textMessage(`n${at}`), to(queue))),
    );
    const iteration = expect(reader.rest()).rejects.toMatchObject({ code: "broker_unavailable" });
    await rabbit.kill();
    outcomes = await publishing;
    await iteration;
  });

  test("ends the connection with an error", async () => {
    expect(await connection.ended).toMatchObject({ code: "broker_unavailable" });
    await expect(connection.publish(textMessage("late"), to(queue))).rejects.toMatchObject({
      code: "broker_unavailable",
    });
    await expect(connection.declareQueue({ name: "late" })).rejects.toMatchObject({
      code: "broker_unavailable",
    });
    await expect(readDeliveries(connection.consume([queue], { prefetch: 1 })).rest()).rejects.toMatchObject({
      code: "broker_unavailable",
    });
  });

  test("leaves its deliveries lost, and settling them harmless", () => {
    expect(held.map(({ lost }) => lost)).toEqual([true, true]);
    held[0]?.ack();
    held[1]?.reject({ requeue: true });
  });

  test("loses nothing that it confirmed", async () => {
    await connection.close();
    await rabbit.restart();
    const again = await reconnect();
    const confirmed = outcomes.flatMap(({ status }, at) => (status === "fulfilled" ? [`n${at}`] : []));
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "broker_unconfirmed" });
    }
    const expected = ["a", "b", "c", ...confirmed];
    // A queue that is recovered after a crash counts its messages a little later than it answers.
    await expect.poll(() => again.queueSize(queue.name), WITHIN_20_S).toBeGreaterThanOrEqual(expected.length);
    const size = await again.queueSize(queue.name);
    const kept = texts(await readDeliveries(again.consume([queue], { prefetch: 0 })).take(size));
    expect(kept).toEqual(expect.arrayContaining(expected));
  });
});

describe("a broker that freezes", () => {
  afterEach(() => rabbit.resume());

  test("leaves a publish unconfirmed after the deadline, and the connection usable", async () => {
    const connection = await connectAmqp(rabbit.url, { confirmTimeoutMs: 1000 });
    const queue = await newQueue(connection);
    await connection.publish(textMessage("before"), to(queue));
    rabbit.pause();
    await expect(connection.publish(textMessage("during"), to(queue))).rejects.toMatchObject({
      code: "broker_unconfirmed",
    });
    rabbit.resume();
    const patient = await reconnect();
    await patient.publish(textMessage("after"), to(queue));
    const deliveries = await readDeliveries(patient.consume([queue], { prefetch: 0 })).take(3);
    expect(texts(deliveries).toSorted()).toEqual(["after", "before", "during"]);
  });

  test("fills the socket, and then messages wait unsent until the deadline", async () => {
    const connection = await connectAmqp(rabbit.url, { confirmTimeoutMs: 2000 });
    const queue = await newQueue(connection);
    await connection.publish(textMessage("before"), to(queue));
    rabbit.pause();
    const large = { ...textMessage("large"), body: Buffer.alloc(100_000) };
    const outcomes = await Promise.allSettled(
      Array.from({ length: 3000 }, () => connection.publish(large, to(queue))),
    );
    const codes = outcomes.map((outcome) =>
      outcome.status === "rejected" ? outcome.reason.code : "confirmed",
    );
    expect(codes[0]).toBe("broker_unconfirmed");
    expect(codes.at(-1)).toBe("broker_unavailable");
    expect(new Set(codes)).toEqual(new Set(["broker_unconfirmed", "broker_unavailable"]));
  });

  test("is given up when it stays silent", async () => {
    const connection = await connectAmqp(rabbit.url, { livenessMs: 300 });
    const queue = await newQueue(connection);
    const reader = readDeliveries(connection.consume([queue], { prefetch: 1 }));
    rabbit.pause();
    const iteration = expect(reader.rest()).rejects.toMatchObject({ code: "broker_unavailable" });
    expect(await connection.ended).toMatchObject({
      code: "broker_unavailable",
      message: expect.stringContaining("silent for 600 ms"),
    });
    await iteration;
  });

  test("does not keep a connection from closing", async () => {
    const connection = await connectAmqp(rabbit.url, { confirmTimeoutMs: 1000, livenessMs: 0 });
    const queue = await newQueue(connection);
    await connection.publish(textMessage("held"), to(queue));
    await readDeliveries(connection.consume([queue], { prefetch: 1 })).take(1);
    rabbit.pause();
    const publishing = connection.publish(textMessage("lost"), to(queue));
    await Promise.all([
      connection.close(),
      expect(publishing).rejects.toMatchObject({ code: "broker_unconfirmed" }),
    ]);
    expect(await connection.ended).toBeUndefined();
  });

  test("does not answer a new connection in time", async () => {
    rabbit.pause();
    await expect(amqpTransport(rabbit.url).connect({ timeoutMs: 300 })).rejects.toMatchObject({
      code: "broker_unavailable",
    });
  });
});

test("an idle connection is not silent", async () => {
  const connection = await connectAmqp(rabbit.url, { livenessMs: 500 });
  expect(await Promise.race([after(2000, "still there"), connection.ended])).toBe("still there");
});

test("a delivery held too long costs its consumer, not the connection", async () => {
  const connection = await reconnect();
  const queue = await newQueue(connection);
  await connection.publish(textMessage("slow"), to(queue));
  const reader = readDeliveries(connection.consume([queue], { prefetch: 1 }));
  const [slow] = await reader.take(1);
  await expect(reader.rest()).rejects.toMatchObject({ message: expect.stringContaining("timed out") });
  expect(slow?.lost).toBe(true);
  slow?.ack();
  const [again] = await readDeliveries(connection.consume([queue], { prefetch: 1 })).take(1);
  expect(again?.redelivered).toBe(true);
  again?.ack();
});
