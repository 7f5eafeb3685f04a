/** The same messages and queues, seen from kombu and py-amqp, in both directions. */
import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Decimal } from "../../protocol/index.ts";
import { readDeliveries, textMessage } from "../../testing/transport.ts";
import type { Connection, QueueSpec } from "../../transports/transport.ts";
import { python, pythonVersions } from "../helpers/python.ts";
import { amqpUrl } from "../helpers/services.ts";
import { connectAmqp, newQueue, to } from "./amqp-connection.ts";

/** Reads one message of a queue; prints headers and properties with the types of their values. */
const READ = `
import datetime, decimal, json, sys, kombu
given = json.load(sys.stdin)
def show(value):
    if isinstance(value, dict): return {key: show(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)): return [show(item) for item in value]
    return f"{type(value).__name__} {value}"
with kombu.Connection(given["url"]) as connection:
    message = kombu.Queue(given["queue"], no_declare=True, channel=connection.default_channel).get()
    properties = {key: value for key, value in message.properties.items() if key != "application_headers"}
    print(json.dumps({"headers": show(message.headers), "properties": show(properties), "body": message.body.decode()
        if isinstance(message.body, bytes) else message.body}))
`;

const PUBLISH = `
import datetime, decimal, json, sys, kombu
given = json.load(sys.stdin)
headers = {
    "null": None, "true": True, "small": 5, "int32": -2147483648, "int64": 2**40, "largest": 2**63 - 1, "smallest": -2**63,
    "float": 0.5, "whole": 2.0, "text": "päron \\U0001F600", "bytes": b"\\xff\\xfe", "decimal": decimal.Decimal("1.10"),
    "date": datetime.datetime(2026, 11, 21, 3, 4, 5), "nested": {"list": [1, [None, {}]], "empty": {}},
}
with kombu.Connection(given["url"]) as connection:
    kombu.Producer(connection.default_channel).publish(
        "[[2, 2], {}, {}]", routing_key=given["queue"], headers=headers, content_type="application/json",
        content_encoding="utf-8", delivery_mode=2, correlation_id="c0ffee", reply_to="replies", expiration=3600,
        priority=3, message_id="m-1", app_id="python", timestamp=1_700_000_000)
print("null")
`;

const DECLARE = `
import json, sys, kombu
given = json.load(sys.stdin)
exchange = kombu.Exchange(given["name"] + ".exchange", type="direct")
with kombu.Connection(given["url"]) as connection:
    kombu.Queue(given["name"], exchange, routing_key=given["name"], max_priority=10, expires=60, message_ttl=5,
        queue_arguments={"x-max-length": 100}, channel=connection.default_channel).declare()
    kombu.Queue(given["name"] + ".oid", kombu.Exchange(None), durable=True, auto_delete=True, expires=86400,
        channel=connection.default_channel).declare()
print("null")
`;

let url: string;
let connection: Connection;

beforeAll(async () => {
  url = await amqpUrl();
});

beforeEach(async () => {
  connection = await connectAmqp(url);
});

describe.each(pythonVersions())("with Python Celery %s", (version) => {
  test("Python reads what we publish, with its own types", async () => {
    const queue = await newQueue(connection);
    const headers = {
      task: "tasks.add",
      eta: null,
      ignore_result: false,
      integers: [0, 5, 127, 128, 255, 300, -1, -129, 40_000, 2_147_483_647, -2_147_483_648],
      long: 2 ** 40,
      longest: 2n ** 63n - 1n,
      timelimit: [null, 300.5],
      stamps: { group: ["ä", "😀"], empty: {} },
      date: new Date("2026-11-21T03:04:05Z"),
      decimal: new Decimal("1.10"),
    };
    const properties = { correlationId: "c0ffee", replyTo: "replies", expiration: "3600000", priority: 3 };
    await connection.publish({ ...textMessage("body", properties), headers }, to(queue));
    expect(await python({ version, code: READ, input: { url, queue: queue.name } })).toMatchObject({
      body: "body",
      headers: {
        task: "str tasks.add",
        eta: "NoneType None",
        ignore_result: "bool False",
        integers: headers.integers.map((value) => `int ${value}`),
        long: "int 1099511627776",
        longest: "int 9223372036854775807",
        timelimit: ["NoneType None", "float 300.5"],
        stamps: { group: ["str ä", "str 😀"], empty: {} },
        date: "datetime 2026-11-21 03:04:05",
        decimal: expect.stringMatching(/^Decimal 1\.10?$/),
      },
      properties: {
        content_type: "str text/plain",
        content_encoding: "str utf-8",
        delivery_mode: "int 2",
        priority: "int 3",
        correlation_id: "str c0ffee",
        reply_to: "str replies",
        expiration: "str 3600000",
      },
    });
  });

  test("we read what Python publishes, exactly", async () => {
    const queue = await newQueue(connection);
    await python({ version, code: PUBLISH, input: { url, queue: queue.name } });
    const [delivery] = await readDeliveries(connection.consume([queue], { prefetch: 1 })).take(1);
    expect(delivery?.malformed).toBeUndefined();
    expect(delivery?.message).toEqual({
      body: Buffer.from("[[2, 2], {}, {}]"),
      contentType: "application/json",
      contentEncoding: "utf-8",
      headers: {
        null: null,
        true: true,
        small: 5,
        int32: -2_147_483_648,
        int64: 2 ** 40,
        largest: 2n ** 63n - 1n,
        smallest: -(2n ** 63n),
        float: 0.5,
        whole: 2,
        text: "päron 😀",
        bytes: Uint8Array.from([0xff, 0xfe]),
        decimal: new Decimal("1.10"),
        date: new Date("2026-11-21T03:04:05Z"),
        nested: { list: [1, [null, {}]], empty: {} },
      },
      properties: {
        deliveryMode: 2,
        priority: 3,
        correlationId: "c0ffee",
        replyTo: "replies",
        expiration: "3600000",
        other: { message_id: "m-1", app_id: "python", timestamp: 1_700_000_000 },
      },
    });
  });

  test.each(["Python first", "we first"])("both declare the same queue: %s", async (order) => {
    const name = `amqp-${randomUUID()}`;
    const queue: QueueSpec = {
      name,
      exchange: { name: `${name}.exchange`, type: "direct" },
      maxPriority: 10,
      expiresMs: 60_000,
      messageTtlMs: 5000,
      arguments: { "x-max-length": 100 },
    };
    const oid: QueueSpec = { name: `${name}.oid`, durable: true, autoDelete: true, expiresMs: 86_400_000 };
    const declareOurs = async (): Promise<void> => {
      await connection.declareQueue(queue);
      await connection.declareQueue(oid);
    };
    const declareTheirs = (): Promise<unknown> => python({ version, code: DECLARE, input: { url, name } });
    const steps = order === "we first" ? [declareOurs, declareTheirs] : [declareTheirs, declareOurs];
    for (const declare of steps) await declare();
    await connection.publish(textMessage("a"), { exchange: `${name}.exchange`, routingKey: name });
    expect(await connection.queueSize(name)).toBe(1);
  });
});
