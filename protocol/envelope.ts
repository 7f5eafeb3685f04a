/**
 * The JSON envelope in which brokers without AMQP keep a message.
 * Source: kombu/transport/virtual/base.py (Channel.prepare_message, Channel.basic_publish, Message).
 */
import { DecodeError } from "./errors.ts";
import { readPythonJson, writePythonJson } from "./python-json.ts";
import { isPlainObject, type PlainObject, setOwn } from "./values.ts";
import type { MessageProperties, Route, WireMessage } from "./wire-message.ts";

/** A read envelope: the message, and the route it was published to (undefined parts come back as ""). */
export interface Envelope {
  readonly message: WireMessage;
  readonly route: Route;
  readonly redelivered: boolean;
}

const MIN_PRIORITY = 0;
const MAX_PRIORITY = 9;

/** Kombu's 0 to 9; what is not a number counts as 0. */
export function clampPriority(priority: unknown): number {
  if (typeof priority !== "number" || !Number.isFinite(priority)) return MIN_PRIORITY;
  return Math.min(MAX_PRIORITY, Math.max(MIN_PRIORITY, Math.trunc(priority)));
}

/** Writes the envelope in kombu's key order. `deliveryTag` must be new for every publish: kombu keys its unacked messages by it. */
export function writeEnvelope(message: WireMessage, route: Route, deliveryTag: string): string {
  return writePythonJson({
    body: toBuffer(message.body).toString("base64"),
    "content-encoding": message.contentEncoding,
    "content-type": message.contentType,
    headers: message.headers,
    properties: writeProperties(message.properties, route, deliveryTag),
  });
}

/** Undefined members are not written. */
function writeProperties(properties: MessageProperties, route: Route, deliveryTag: string): PlainObject {
  const first = { correlation_id: properties.correlationId, reply_to: properties.replyTo };
  const last = {
    delivery_mode: properties.deliveryMode,
    expiration: properties.expiration,
    delivery_info: { exchange: route.exchange, routing_key: route.routingKey },
    priority: properties.priority,
    body_encoding: "base64",
    delivery_tag: deliveryTag,
  };
  // Spreading makes an object that is slow to write, and other properties are rare.
  return properties.other === undefined
    ? Object.assign(first, last)
    : { ...first, ...properties.other, ...last };
}

/** Reads an envelope, as tolerant as kombu where kombu survives. Throws DecodeError `bad_envelope` where kombu would crash. */
export function readEnvelope(text: string): Envelope {
  const raw = parseObject(text);
  const properties = raw["properties"];
  if (!isPlainObject(properties)) throw badEnvelope('"properties" must be an object');
  const headers = raw["headers"] ?? {};
  if (!isPlainObject(headers)) throw badEnvelope('"headers" must be an object');
  const info = isPlainObject(properties["delivery_info"]) ? properties["delivery_info"] : {};
  return {
    message: {
      body: readBody(raw["body"], properties["body_encoding"]),
      contentType: optionalString(raw["content-type"], "content-type"),
      contentEncoding: optionalString(raw["content-encoding"], "content-encoding"),
      headers,
      properties: readProperties(properties),
    },
    route: { exchange: stringOr(info["exchange"], ""), routingKey: stringOr(info["routing_key"], "") },
    redelivered: info["redelivered"] === true || raw["redelivered"] === true,
  };
}

function parseObject(text: string): PlainObject {
  const raw = readPythonJson(text, { code: "bad_envelope" });
  if (!isPlainObject(raw)) throw badEnvelope("it must be a JSON object");
  return raw;
}

/** Names that have a field of their own, so that `other` holds the rest. */
const KNOWN_PROPERTIES: ReadonlySet<string> = new Set([
  "correlation_id",
  "reply_to",
  "delivery_mode",
  "expiration",
  "delivery_info",
  "priority",
  "body_encoding",
  "delivery_tag",
]);

function readProperties(raw: PlainObject): MessageProperties {
  const correlationId = raw["correlation_id"];
  const replyTo = raw["reply_to"];
  const expiration = raw["expiration"];
  let other: PlainObject | undefined;
  for (const name in raw) {
    if (KNOWN_PROPERTIES.has(name)) continue;
    other ??= {};
    setOwn(other, name, raw[name]);
  }
  return {
    correlationId: typeof correlationId === "string" ? correlationId : undefined,
    replyTo: typeof replyTo === "string" ? replyTo : undefined,
    expiration: typeof expiration === "string" ? expiration : undefined,
    other,
    deliveryMode: raw["delivery_mode"] === 1 ? 1 : 2,
    priority: clampPriority(raw["priority"]),
  };
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function readBody(body: unknown, encoding: unknown): Uint8Array {
  if (body === undefined || body === null) return new Uint8Array(0);
  if (typeof body !== "string") throw badEnvelope('"body" must be a string');
  if (encoding !== "base64") return Buffer.from(body, "utf8");
  if (body.length % 4 !== 0 || !BASE64.test(body))
    throw badEnvelope('"body" must be base64, as "body_encoding" says');
  return Buffer.from(body, "base64");
}

function optionalString(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw badEnvelope(`"${name}" must be a string`);
  return value;
}

function stringOr(value: unknown, fallback: string): string {
  return typeof value === "string" ? value : fallback;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function badEnvelope(problem: string): DecodeError {
  return new DecodeError("bad_envelope", `The envelope cannot be read: ${problem}.`);
}
