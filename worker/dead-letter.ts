/**
 * Messages that cannot be run are kept: `<queue>.dead` holds the original bytes, and headers that say why. The queue is an
 * ordinary one, on every broker.
 */
import { randomUUID } from "node:crypto";
import { type App, DEAD_LETTER_HEADERS, deadLetterQueue } from "../app/index.ts";
import { EncodeError, type PlainObject, type WireMessage, writeEnvelope } from "../protocol/index.ts";
import type { Connection, Delivery } from "../transports/index.ts";
import type { Refusal } from "./intake.ts";

/** Longest reason kept in a header, in characters. */
const MAX_REASON = 1000;

/** Keeps the message; resolves when the broker has it. */
export async function sendToDeadLetters(
  app: App,
  refusal: Refusal,
  hostname: string,
  nowIso: string,
): Promise<void> {
  const connection = await app.connection();
  const queue = deadLetterQueue(refusal.delivery.queue);
  await connection.declareQueue(queue);
  const explanation = explain(refusal, hostname, nowIso);
  try {
    await publishDeadLetter(connection, queue.name, toDeadLetter(refusal.delivery, explanation));
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    // Its headers are more than our client can send, though another could; left in its queue it would go round for ever.
    await publishDeadLetter(connection, queue.name, wrap(refusal.delivery, explanation));
  }
}

function publishDeadLetter(connection: Connection, queue: string, message: WireMessage): Promise<void> {
  return connection.publish(message, { exchange: "", routingKey: queue });
}

function explain({ delivery, code, reason }: Refusal, hostname: string, nowIso: string): PlainObject {
  return {
    [DEAD_LETTER_HEADERS.code]: code,
    [DEAD_LETTER_HEADERS.reason]: reason.slice(0, MAX_REASON),
    [DEAD_LETTER_HEADERS.queue]: delivery.queue,
    [DEAD_LETTER_HEADERS.worker]: hostname,
    [DEAD_LETTER_HEADERS.at]: nowIso,
  };
}

/** The original with headers that explain; of an unreadable envelope, its text as the body. */
function toDeadLetter({ message, rawBytes }: Delivery, explanation: PlainObject): WireMessage {
  if (message === undefined) return letterAround(rawBytes, explanation);
  const { expiration: _dropped, ...properties } = message.properties;
  return { ...message, headers: { ...message.headers, ...explanation }, properties };
}

/** The whole message as the body, in kombu's envelope. */
function wrap({ message, rawBytes, exchange, routingKey }: Delivery, explanation: PlainObject): WireMessage {
  if (message === undefined) return letterAround(rawBytes, explanation);
  return letterAround(
    Buffer.from(writeEnvelope(message, { exchange, routingKey }, randomUUID())),
    explanation,
  );
}

function letterAround(body: Uint8Array, headers: PlainObject): WireMessage {
  return {
    body,
    contentType: "application/octet-stream",
    contentEncoding: "binary",
    headers,
    properties: { deliveryMode: 2, priority: 0 },
  };
}
