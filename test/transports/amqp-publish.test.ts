import { randomUUID } from "node:crypto";
import { connect } from "amqplib/callback_api";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Decimal, Uuid, type WireMessage } from "../../protocol/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { readDeliveries, textMessage, texts } from "../../testing/transport.ts";
import { call, type Model } from "../../transports/amqp/amqplib.ts";
import { Publisher } from "../../transports/amqp/publisher.ts";
import type { Connection } from "../../transports/transport.ts";
import { amqpUrl } from "../helpers/services.ts";
import { connectAmqp, newQueue, to } from "./amqp-connection.ts";

let url: string;
let connection: Connection;

beforeAll(async () => {
  url = await amqpUrl();
});

beforeEach(async () => {
  connection = await connectAmqp(url);
});

describe("an unroutable message", () => {
  test("is told from the routable ones around it", async () => {
    const queue = await newQueue(connection);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 300 }, (_, at) => {
        const message = textMessage(String(at), { correlationId: randomUUID() });
        return connection.publish(
          message,
          at % 3 === 0 ? { exchange: "", routingKey: "missing" } : to(queue),
        );
      }),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(
      Array.from({ length: 300 }, (_, at) => (at % 3 === 0 ? "rejected" : "fulfilled")),
    );
    expect(await connection.queueSize(queue.name)).toBe(200);
  });

  test("is told from one to the same queue before that was deleted", async () => {
    const queue = await newQueue(connection);
    await connection.publish(textMessage("before"), to(queue));
    await connection.deleteQueue(queue.name);
    await expect(connection.publish(textMessage("after"), to(queue))).rejects.toMatchObject({
      code: "unroutable",
      message: expect.stringContaining(`queue "${queue.name}"`),
    });
    // What was declared is not trusted any more.
    await connection.declareQueue(queue);
    await connection.publish(textMessage("again"), to(queue));
  });

  test("and one to a missing exchange cost the others on their way their confirms, not more", async () => {
    const queue = await newQueue(connection);
    const lost = connection.publish(textMessage("lost"), { exchange: "missing", routingKey: "x" });
    await expect(lost).rejects.toMatchObject({
      code: "unroutable",
      message: expect.stringContaining('"missing"'),
    });
    await connection.publish(textMessage("next"), to(queue));
    const together = await Promise.allSettled([
      connection.publish(textMessage("lost"), { exchange: "missing", routingKey: "x" }),
      connection.publish(textMessage("unknown"), to(queue)),
    ]);
    expect(together).toMatchObject([
      { reason: { code: "unroutable" } },
      { reason: { code: "broker_unconfirmed" } },
    ]);
    await connection.publish(textMessage("last"), to(queue));
  });
});

test("a queue that is full refuses messages", async () => {
  const full = { "x-max-length": 1, "x-overflow": "reject-publish" };
  const queue = await newQueue(connection, { arguments: full });
  await connection.publish(textMessage("fits"), to(queue));
  await expect(connection.publish(textMessage("too much"), to(queue))).rejects.toMatchObject({
    code: "broker_refused",
  });
  expect(await connection.queueSize(queue.name)).toBe(1);
});

test("only so many messages may wait", async () => {
  const small = await connectAmqp(url, { maxUnconfirmed: 3 });
  const queue = await newQueue(small);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 5 }, (_, at) => small.publish(textMessage(String(at)), to(queue))),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(
    [..."fff"].map(() => "fulfilled").concat("rejected", "rejected"),
  );
  expect(outcomes[4]).toMatchObject({ reason: { code: "broker_refused" } });
  await small.publish(textMessage("later"), to(queue));
});

test("messages that waited for the end of an alarm are sent in order", async () => {
  const queue = await newQueue(connection);
  const model = await call<Model>((done) => connect(url, { noDelay: true }, done));
  cleanUp(() => new Promise((resolve) => model.close(() => resolve())));
  const limits = { timeoutMs: 10_000, maxWaiting: 100, loginUser: "guest" };
  const publisher = new Publisher({ model, confirms: true, ...limits, onUnroutable: () => undefined });
  await publisher.publish(textMessage("before"), to(queue));
  publisher.setBlocked("low on memory");
  const bodies = ["a", "b", "c"];
  const publishing = bodies.map((body) => publisher.publish(textMessage(body), to(queue)));
  expect(await connection.queueSize(queue.name)).toBe(1);
  publisher.setBlocked(undefined);
  await Promise.all(publishing);
  const deliveries = await readDeliveries(connection.consume([queue], { prefetch: 0 })).take(4);
  expect(texts(deliveries)).toEqual(["before", ...bodies]);
});

test("messages expire", async () => {
  const queue = await newQueue(connection);
  await connection.publish(textMessage("expired", { expiration: "0" }), to(queue));
  // 60 days are more than RabbitMQ takes; such a message keeps its `expires` header only.
  await connection.publish(textMessage("kept", { expiration: "5184000000" }), to(queue));
  const [kept] = await readDeliveries(connection.consume([queue], { prefetch: 1 })).take(1);
  expect(texts(kept === undefined ? [] : [kept])).toEqual(["kept"]);
  expect(kept?.message?.properties).not.toHaveProperty("expiration");
});

test("messages of other users are republished without their name", async () => {
  const queue = await newQueue(connection);
  const user = new URL(url).username;
  await connection.publish(textMessage("mine", { other: { user_id: user } }), to(queue));
  await connection.publish(textMessage("theirs", { other: { user_id: "somebody" } }), to(queue));
  const deliveries = await readDeliveries(connection.consume([queue], { prefetch: 2 })).take(2);
  expect(deliveries.map(({ message }) => message?.properties.other)).toEqual([{ user_id: user }, undefined]);
});

describe("what AMQP carries", () => {
  const roundTrip = async (message: WireMessage): Promise<WireMessage | undefined> => {
    const queue = await newQueue(connection);
    await connection.publish(message, to(queue));
    const [delivery] = await readDeliveries(connection.consume([queue], { prefetch: 1 })).take(1);
    return delivery?.message;
  };

  test("header values of every kind", async () => {
    const headers = {
      null: null,
      true: true,
      integers: [0, -1, 127, 128, -129, 32_768, 2_147_483_647, -2_147_483_648, 2_147_483_648, -(2 ** 53 - 1)],
      big: [2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)],
      floats: [0.5, -1e300, 1e21],
      text: ["", "a".repeat(1000), "päron 😀", "\u0000"],
      bytes: Uint8Array.from([0, 255]),
      date: new Date("2026-11-21T03:04:05Z"),
      decimals: [new Decimal("1.10"), new Decimal("0.005"), new Decimal("12")],
      nested: { list: [[], [null, { a: {} }]], ключ: 1 },
      "x-thing": "dash",
    };
    expect((await roundTrip({ ...textMessage(""), headers }))?.headers).toEqual(headers);
  });

  test("names that mean something to JavaScript", async () => {
    const headers = Object.fromEntries([
      ["constructor", 1],
      ["toString", "x"],
      ["hasOwnProperty", null],
    ]);
    expect((await roundTrip({ ...textMessage(""), headers }))?.headers).toEqual(headers);
  });

  test("no body at all", async () => {
    expect((await roundTrip(textMessage("")))?.body.length).toBe(0);
  });

  test.each([
    [
      "a string too long for a property",
      { properties: { correlationId: "x".repeat(256) } },
      "correlation id",
    ],
    ["an integer beyond 64 bits", { headers: { big: 2n ** 63n } }, '"big"'],
    ["infinity", { headers: { limit: Number.POSITIVE_INFINITY } }, '"limit"'],
    ["not a number", { headers: { ratio: Number.NaN } }, '"ratio"'],
    ["a set", { headers: { a: { b: [new Set()] } } }, '"a.b[0]"'],
    ["a UUID", { headers: { uuid: new Uuid("6f7d2e0c5b1b4f6c8a6c3f1d0e2b9a11") } }, '"uuid"'],
    ["a decimal of many digits", { headers: { price: new Decimal("12345678901.5") } }, '"price"'],
    ["a function", { headers: { call: () => undefined } }, '"call"'],
    ["a header name too long", { headers: { ["n".repeat(256)]: 1 } }, "header name"],
    ["amqplib's escape", { headers: { odd: { "!": "int8", value: 1 } } }, '"odd"'],
    ["the prototype", { headers: JSON.parse('{"a": {"__proto__": 1}}') }, '"a.__proto__"'],
    ["a priority beyond 255", { properties: { priority: 256 } }, "priority"],
    ["an expiration that is no number", { properties: { expiration: "soon" } }, "expiration"],
    ["more than 64 kB of headers", { headers: { long: "x".repeat(70_000) } }, "65536"],
  ])("not %s, and says so", async (_what, change, part) => {
    const queue = await newQueue(connection);
    const base = textMessage("");
    const properties = { ...base.properties, ...("properties" in change && change.properties) };
    const message = { ...base, ...change, properties } as WireMessage;
    await expect(connection.publish(message, to(queue))).rejects.toMatchObject({
      code: "unencodable",
      message: expect.stringContaining(part),
    });
    await connection.publish(base, to(queue));
    expect(await connection.queueSize(queue.name)).toBe(1);
  });

  test("not a structure without an end", async () => {
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    const publishing = connection.publish(
      { ...textMessage(""), headers: loop },
      { exchange: "", routingKey: "x" },
    );
    await expect(publishing).rejects.toMatchObject({ code: "unencodable" });
  });
});
