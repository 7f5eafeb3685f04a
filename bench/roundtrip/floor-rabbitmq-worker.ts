/** The other end: answers to the queue that the request names. */
import { connect } from "amqplib";
import { readInput, reportReady, untilStopped } from "../lib/child.ts";
import { addResult } from "../lib/message.ts";
import type { RoundtripInput } from "./bench.ts";

const { broker } = readInput<RoundtripInput>();
const connection = await connect(broker, { noDelay: true });
const channel = await connection.createChannel();
await channel.assertQueue("celery", { durable: true });
await channel.consume("celery", (message) => {
  if (message === null) return;
  const { correlationId, replyTo } = message.properties;
  channel.sendToQueue(String(replyTo), Buffer.from(addResult(String(correlationId))), { correlationId });
  channel.ack(message);
});
reportReady();
await untilStopped();
await connection.close();
