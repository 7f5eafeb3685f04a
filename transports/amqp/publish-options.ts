/** WireMessage to amqplib's publish options. Integers get the type py-amqp gives them; what AMQP cannot carry is an error. */
import type { Options } from "amqplib/callback_api";
import { Decimal, EncodeError, isPlainObject, type WireMessage } from "../../protocol/index.ts";

/** Longest exchange name, routing key, header name and text property. */
const MAX_SHORT_STRING_BYTES = 255;
/** A UTF-16 unit takes at most 3 bytes of UTF-8, so shorter strings need no count. */
const SURELY_SHORT = Math.floor(MAX_SHORT_STRING_BYTES / 3);
/** Longest time to live that RabbitMQ takes, 49.7 days; beyond it the worker's check of the `expires` header remains. */
const MAX_EXPIRATION_MS = 4_294_967_295;
const MAX_DEPTH = 200;
const INT32_LIMIT = 2 ** 31;
const INT64_LIMIT = 2n ** 63n;

/** amqplib's way to name the type of a field. */
interface TypedField {
  readonly "!": "int32" | "int64" | "double" | "timestamp" | "decimal";
  readonly value: unknown;
}

/** Throws EncodeError, naming the header or property that AMQP cannot carry. */
export function toPublishOptions(message: WireMessage, loginUser: string): Options.Publish {
  const { properties } = message;
  const { correlationId, replyTo, expiration, other } = properties;
  const options: Options.Publish = {
    headers: toTable(message.headers, undefined, 0),
    deliveryMode: properties.deliveryMode,
    priority: toPriority(properties.priority),
  };
  if (message.contentType !== undefined)
    options.contentType = shortString(message.contentType, "content type");
  if (message.contentEncoding !== undefined)
    options.contentEncoding = shortString(message.contentEncoding, "content encoding");
  if (correlationId !== undefined) options.correlationId = shortString(correlationId, "correlation id");
  if (replyTo !== undefined) options.replyTo = shortString(replyTo, "reply-to");
  const timeToLive = expiration === undefined ? undefined : toExpiration(expiration);
  if (timeToLive !== undefined) options.expiration = timeToLive;
  if (other !== undefined) Object.assign(options, toOtherOptions(other, loginUser));
  return options;
}

/** Throws EncodeError when a name is longer than AMQP's limit. */
export function shortString(text: string, what: string): string {
  if (text.length > SURELY_SHORT && Buffer.byteLength(text) > MAX_SHORT_STRING_BYTES) {
    throw new EncodeError(
      `The ${what} "${text.slice(0, 40)}..." has ${Buffer.byteLength(text)} bytes; AMQP allows ${MAX_SHORT_STRING_BYTES}.`,
    );
  }
  return text;
}

/** A queue's or exchange's arguments as a field table. Throws EncodeError, naming the argument. */
export function toArguments(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return toTable(values, undefined, 0);
}

function toPriority(priority: number): number {
  if (Number.isInteger(priority) && priority >= 0 && priority <= 255) return priority;
  throw new EncodeError(`The priority ${priority} is not an integer from 0 to 255.`);
}

function toExpiration(expiration: string): string | undefined {
  // RabbitMQ closes the channel, and with it all messages on their way, for anything else.
  if (!/^\d+$/.test(expiration))
    throw new EncodeError(`The expiration "${expiration}" is not a number of milliseconds.`);
  return Number(expiration) > MAX_EXPIRATION_MS ? undefined : expiration;
}

/** AMQP has no more properties than these; kombu drops the others silently as well. */
function toOtherOptions(other: Readonly<Record<string, unknown>>, loginUser: string): Options.Publish {
  const options: Options.Publish = {};
  const { message_id, timestamp, type, user_id, app_id } = other;
  if (typeof message_id === "string") options.messageId = shortString(message_id, "message id");
  if (typeof timestamp === "number" && timestamp >= 0) options.timestamp = Math.trunc(timestamp);
  if (typeof type === "string") options.type = shortString(type, "type");
  if (typeof app_id === "string") options.appId = shortString(app_id, "app id");
  // RabbitMQ closes the channel when a message claims to be from another user, as a republished one would.
  if (user_id === loginUser) options.userId = loginUser;
  return options;
}

function toTable(
  values: Readonly<Record<string, unknown>>,
  parent: string | undefined,
  depth: number,
): Record<string, unknown> {
  const table: Record<string, unknown> = {};
  for (const name of Object.keys(values)) {
    const value = values[name];
    if (value === undefined) continue;
    const path = parent === undefined ? name : `${parent}.${name}`;
    if (name === "__proto__") throw refused(path, "has a name that cannot be sent");
    table[shortString(name, "header name")] = toField(value, path, depth);
  }
  if (parent !== undefined && "!" in table) throw refused(parent, 'holds the name "!", which cannot be sent');
  return table;
}

function toField(value: unknown, path: string, depth: number): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return fromNumber(value, path);
    case "bigint":
      if (value >= -INT64_LIMIT && value < INT64_LIMIT) return { "!": "int64", value } satisfies TypedField;
      throw refused(path, "is an integer beyond 64 bits");
    case "object":
      return value === null ? null : fromObject(value, path, depth);
    default:
      throw refused(path, `is of type ${typeof value}`);
  }
}

/**
 * amqplib would pick the smallest integer type, but py-amqp before 5.4 misreads 8 and 16 bits, and Celery's own senders
 * never write them.
 */
function fromNumber(value: number, path: string): TypedField {
  // RabbitMQ closes the whole connection with an internal error: Erlang has no such numbers.
  if (!Number.isFinite(value)) throw refused(path, `is ${value}`);
  if (!Number.isSafeInteger(value)) return { "!": "double", value };
  return { "!": value >= -INT32_LIMIT && value < INT32_LIMIT ? "int32" : "int64", value };
}

function fromObject(value: object, path: string, depth: number): unknown {
  if (depth >= MAX_DEPTH) throw refused(path, `nests deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((item, index) => toField(item, `${path}[${index}]`, depth + 1));
  if (isPlainObject(value)) return toTable(value, path, depth + 1);
  if (value instanceof Uint8Array) return toBuffer(value);
  if (value instanceof Decimal) return fromDecimal(value, path);
  if (value instanceof Date && value.getTime() >= 0) {
    return { "!": "timestamp", value: Math.trunc(value.getTime() / 1000) } satisfies TypedField;
  }
  throw refused(path, `is a ${value.constructor?.name ?? "value"}`);
}

function fromDecimal(decimal: Decimal, path: string): TypedField {
  const parts = /^(\d+)(?:\.(\d{1,255}))?$/.exec(decimal.text);
  const digits = Number(`${parts?.[1] ?? ""}${parts?.[2] ?? ""}`);
  if (parts === null || digits >= INT32_LIMIT)
    throw refused(path, `is the decimal ${decimal.text}, and AMQP has 31 bits for its digits`);
  return { "!": "decimal", value: { places: parts[2]?.length ?? 0, digits } };
}

function refused(path: string, problem: string): EncodeError {
  return new EncodeError(
    `The header "${path}" ${problem}; AMQP cannot carry it. Put it into the body instead.`,
  );
}

/** The same bytes as a Buffer, without a copy. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
