import { beforeAll } from "vitest";
import { testTransport } from "../../testing/transport.ts";
import createAmqpTransport from "../../transports/amqp.ts";
import { amqpUrl } from "../helpers/services.ts";

let url: string;

beforeAll(async () => {
  url = await amqpUrl();
});

testTransport("amqp", async () =>
  createAmqpTransport({ url, transportOptions: {}, onWarning: () => undefined }),
);
