import { beforeAll, expect, test } from "vitest";
import { textMessage } from "../../testing/transport.ts";
import type { Connection } from "../../transports/transport.ts";
import { startRabbit } from "../helpers/services.ts";
import { connectAmqp, newQueue, to } from "./amqp-connection.ts";

let url: string;
let connection: Connection;

beforeAll(async () => {
  // More memory than this is in use before the first message comes.
  url = (await startRabbit(["vm_memory_high_watermark.absolute = 1MB"])).url;
  connection = await connectAmqp(url, { confirmTimeoutMs: 500, livenessMs: 300 });
});

test("while the memory alarm is on, messages wait until the deadline and the connection stays", async () => {
  const queue = await newQueue(connection);
  const first = connection.publish(textMessage("first"), to(queue));
  await expect(first).rejects.toMatchObject({ code: "broker_unconfirmed" });
  // By now RabbitMQ has told that it blocks this connection.
  const second = connection.publish(textMessage("second"), to(queue));
  await expect(second).rejects.toMatchObject({
    code: "broker_unavailable",
    message: expect.stringContaining("low on memory"),
  });
  const event = connection.publish(textMessage("event"), { ...to(queue), optional: true });
  await expect(event).rejects.toMatchObject({ code: "broker_unavailable" });
  // Other connections are not blocked as long as they publish nothing.
  const other = await connectAmqp(url);
  expect(await other.queueSize(queue.name)).toBe(0);
  await connection.close();
  expect(await connection.ended).toBeUndefined();
});
