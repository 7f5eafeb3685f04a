/** AMQP content headers to WireMessage. Names, order and flags of the properties: AMQP 0-9-1, class basic. */
import { DecodeError, type MessageProperties, toError, type WireMessage } from "../../protocol/index.ts";
import { TableReader } from "./table.ts";

/** Flags of the properties that {@link WireMessage} has a field for, in wire order. */
const FLAGS = {
  contentType: 0x8000,
  contentEncoding: 0x4000,
  headers: 0x2000,
  deliveryMode: 0x1000,
  priority: 0x0800,
  correlationId: 0x0400,
  replyTo: 0x0200,
  expiration: 0x0100,
} as const;

/** The properties after those, in wire order; they travel in `other`, under kombu's names. */
const OTHER_PROPERTIES = [
  { flag: 0x80, name: "message_id", kind: "text" },
  { flag: 0x40, name: "timestamp", kind: "timestamp" },
  { flag: 0x20, name: "type", kind: "text" },
  { flag: 0x10, name: "user_id", kind: "text" },
  { flag: 0x08, name: "app_id", kind: "text" },
  { flag: 0x04, name: "cluster_id", kind: "text" },
] as const;

const ANY_OTHER = 0xfc;

type Writable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** The undecoded properties of one message: whoever needs them decodes them, and only then can they turn out to be garbage. */
export class PropertyBytes {
  readonly #bytes: Buffer;

  /** From the flags on, as in the payload of a content header frame. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Throws DecodeError `bad_envelope` or `too_deep`. */
  toMessage(body: Uint8Array): WireMessage {
    try {
      return readMessage(new TableReader(this.#bytes), body);
    } catch (error) {
      if (error instanceof DecodeError) throw error;
      const problem = toError(error).message;
      throw new DecodeError("bad_envelope", `The AMQP properties cannot be read: ${problem}.`, {
        cause: error,
      });
    }
  }
}

function readMessage(reader: TableReader, body: Uint8Array): WireMessage {
  const flags = reader.uint16();
  const contentType = flags & FLAGS.contentType ? reader.shortString() : undefined;
  const contentEncoding = flags & FLAGS.contentEncoding ? reader.shortString() : undefined;
  const headers = flags & FLAGS.headers ? reader.table() : {};
  const properties: Writable<MessageProperties> = {
    // A message without a delivery mode is transient.
    deliveryMode: flags & FLAGS.deliveryMode && reader.uint8() === 2 ? 2 : 1,
    priority: flags & FLAGS.priority ? reader.uint8() : 0,
  };
  if (flags & FLAGS.correlationId) properties.correlationId = reader.shortString();
  if (flags & FLAGS.replyTo) properties.replyTo = reader.shortString();
  if (flags & FLAGS.expiration) properties.expiration = reader.shortString();
  if (flags & ANY_OTHER) properties.other = readOther(reader, flags);
  return { body, contentType, contentEncoding, headers, properties };
}

function readOther(reader: TableReader, flags: number): Readonly<Record<string, unknown>> {
  const other: Record<string, unknown> = {};
  for (const { flag, name, kind } of OTHER_PROPERTIES) {
    if (flags & flag) other[name] = kind === "text" ? reader.shortString() : reader.uint64();
  }
  return other;
}
