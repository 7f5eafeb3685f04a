import { beforeAll } from "vitest";
import createAmqpTransport from "../../transports/amqp.ts";
import { testTransport } from "../contract/transport.ts";
import { amqpUrl } from "../helpers/services.ts";

let url: string;

beforeAll(async () => {
  url = await amqpUrl();
});

testTransport("amqp", async () =>
  createAmqpTransport({ url, transportOptions: {}, onWarning: () => undefined }),
);
