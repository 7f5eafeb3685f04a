/**
 * Commands to workers of any language, and their answers: what `celery inspect` and `celery control` send.
 * Source: kombu/pidbox.py and celery/app/control.py of 5.7.
 */
import { randomUUID } from "node:crypto";
import { decodeBody, encodeBody, jsonSerializer } from "../codecs/index.ts";
import {
  BrokerError,
  ConfigurationError,
  isPlainObject,
  type PlainObject,
  setOwn,
} from "../protocol/index.ts";
import type { Connection, Delivery } from "../transports/index.ts";
import type { App } from "./app.ts";
import { controlExchange, replyExchange, replyQueue } from "./monitor-queues.ts";

/** What seals of commands and answers name, whatever the exchanges are called. */
export const CONTROL_EXCHANGE = "celery.pidbox";
export const CONTROL_REPLY_EXCHANGE = "reply.celery.pidbox";

export interface ControlOptions {
  readonly arguments?: PlainObject;
  /** Node names; none means all. */
  readonly destination?: readonly string[];
  /** A glob of node names, instead of destination. */
  readonly pattern?: string;
  /** How long answers are awaited, in milliseconds. Default 1000. With a destination, no longer than all take to answer. */
  readonly timeoutMs?: number;
  /** No longer than this without a further answer, in milliseconds. */
  readonly quietMs?: number;
  /** How long the first answer may take, in milliseconds. Default: quietMs. */
  readonly firstMs?: number;
  /** No longer at all when the broker says that nobody listens. */
  readonly endsUnheard?: boolean;
  /** Default: the app's. */
  readonly connection?: Connection;
  /** Logical clock of the sender. */
  readonly clock?: number;
}

/** Replies by node name. */
export type ControlReplies = Readonly<Record<string, unknown>>;

/** Sends a command that nobody answers. */
export async function broadcast(app: App, method: string, options: ControlOptions = {}): Promise<void> {
  const connection = await connectionOf(app, options);
  await publishCommand(app, connection, method, options, {});
}

/** Sends a command and collects the answers. */
export async function ask(app: App, method: string, options: ControlOptions = {}): Promise<ControlReplies> {
  const connection = await connectionOf(app, options);
  const { destination = [], timeoutMs = 1000, quietMs, firstMs = quietMs } = options;
  const id = randomUUID();
  const ticket = randomUUID();
  const queue = replyQueue(app.settings, id);
  await connection.declareQueue(queue);
  const consumer = connection.consume([queue], { prefetch: 0, noAck: true });
  const close = (): void => void consumer.close();
  const timer = setTimeout(close, timeoutMs);
  let quiet = firstMs === undefined ? undefined : setTimeout(close, firstMs);
  const replies: PlainObject = {};
  try {
    const reply_to = { exchange: replyExchange(app.settings).name, routing_key: id };
    try {
      await publishCommand(app, connection, method, options, { ticket, reply_to });
    } catch (error) {
      if (options.endsUnheard === true && error instanceof BrokerError && error.code === "unroutable")
        return {};
      throw error;
    }
    for await (const deliveries of consumer) {
      clearTimeout(quiet);
      if (quietMs !== undefined) quiet = setTimeout(close, quietMs);
      for (const delivery of deliveries) {
        for (const [node, reply] of await readReply(app, delivery, ticket)) setOwn(replies, node, reply);
      }
      if (destination.length > 0 && Object.keys(replies).length >= destination.length) break;
    }
  } finally {
    clearTimeout(timer);
    clearTimeout(quiet);
    await consumer.close();
    // It would go by itself; brokers without expiry would keep it.
    await connection.deleteQueue(queue.name).catch(() => undefined);
  }
  return replies;
}

async function connectionOf(app: App, { connection }: ControlOptions): Promise<Connection> {
  const used = connection ?? (await app.connection());
  if (used.capabilities.exchangeTypes.includes("fanout")) return used;
  throw new ConfigurationError(
    "This broker has no remote control: it cannot send one message to all workers (RabbitMQ and Redis can).",
  );
}

async function publishCommand(
  app: App,
  connection: Connection,
  method: string,
  {
    arguments: given = {},
    destination = [],
    pattern,
    timeoutMs = 1000,
    clock = 0,
    endsUnheard,
  }: ControlOptions,
  reply: PlainObject,
): Promise<void> {
  const exchange = controlExchange(app.settings);
  await connection.declareExchange(exchange);
  const command = {
    method,
    arguments: given,
    destination: destination.length === 0 ? null : destination,
    pattern: pattern ?? null,
    matcher: pattern === undefined ? null : "glob",
    ...reply,
  };
  const { settings, codecs } = app;
  const serializer = settings.taskSerializer === "auth" ? codecs.serializer("auth") : jsonSerializer;
  const { body, contentType, contentEncoding } = await encodeBody(command, serializer);
  const expires = "ticket" in reply ? (Date.now() + timeoutMs) / 1000 : 0;
  const message = {
    body,
    contentType,
    contentEncoding,
    headers: { clock, expires },
    properties: { deliveryMode: 2, priority: 0 },
  } as const;
  const route = { exchange: exchange.name, routingKey: "", optional: endsUnheard !== true };
  await connection.publish(app.sealing.sealControl(message, CONTROL_EXCHANGE), route);
}

/** Answers of other questions, and what cannot be read, are left out. */
async function readReply(app: App, { message }: Delivery, ticket: string): Promise<[string, unknown][]> {
  if (message === undefined) return [];
  const theirs = message.headers["ticket"];
  if (typeof theirs === "string" && theirs !== ticket) return [];
  const { settings, codecs } = app;
  const limits = { maxBytes: settings.messageMaxBytes, maxDepth: settings.messageMaxDepth };
  try {
    const body = await decodeBody(message, { codecs, accept: settings.acceptContent, limits });
    return isPlainObject(body) ? Object.entries(body) : [];
  } catch (error) {
    app.onWarning("An answer to a control command cannot be read", error);
    return [];
  }
}
