/**
 * All that this driver knows about amqplib beyond its documentation: promises over its callbacks, publishing without a
 * detour, and the reading of content headers, which is replaced. amqplib decodes every header table as soon as it arrives and gives up the whole
 * connection when one holds a type it does not know, such as the "L" py-amqp writes for integers beyond 32 bits: one such
 * message would end every connection that meets it.
 */
import type { Channel, Connection, Options } from "amqplib/callback_api";
import { CelerityError } from "../../protocol/index.ts";
import { PropertyBytes } from "./properties.ts";

export type { Channel, ConfirmChannel, Message } from "amqplib/callback_api";
/** An open connection, as amqplib's callback API has it: the promises of its other API cost more on the hot path. */
export type Model = Connection;

/** amqplib's inner connection; the version is pinned in package.json. */
interface RawConnection {
  /** Bytes read and not yet taken apart. */
  rest: Buffer;
  readonly maxFrameSize: number;
  readonly stream: { destroy(error?: Error): void };
  recvFrame: () => unknown;
}

/** What the driver does with a connection below AMQP's methods. */
export interface Wire {
  /** Whether anything arrived since the last call. */
  takeArrived(): boolean;
  /** Closes the socket at once. */
  destroy(reason?: Error): void;
}

/** Takes over the reading of content headers on a new connection. */
export function tapWire(model: Model): Wire {
  const raw: unknown = model.connection;
  if (!isRawConnection(raw)) {
    throw new CelerityError(
      "missing_package",
      "This version of amqplib does not fit; install amqplib 2.3.1.",
    );
  }
  const original = raw.recvFrame;
  let arrived = true;
  raw.recvFrame = () => {
    const frame = takeContentHeader(raw) ?? original.call(raw);
    if (frame !== false) arrived = true;
    return frame;
  };
  return {
    takeArrived() {
      const answer = arrived;
      arrived = false;
      return answer;
    },
    destroy: (reason) => raw.stream.destroy(reason),
  };
}

function isRawConnection(value: unknown): value is RawConnection {
  const raw = value as Partial<RawConnection>;
  return (
    Buffer.isBuffer(raw.rest) && typeof raw.recvFrame === "function" && typeof raw.maxFrameSize === "number"
  );
}

/** Frame layout of AMQP 0-9-1, section 4.2.3 and 4.2.6. */
const FRAME = { type: 0, channel: 1, size: 3, payload: 7 } as const;
const CONTENT_HEADER = { classId: 7, bodySize: 11, flags: 19 } as const;
const CONTENT_HEADER_TYPE = 2;
const BASIC_CLASS = 60;
const FRAME_END = 0xce;

/** Takes the next frame when it is a whole content header, in the form amqplib would give it; leaves all others to amqplib. */
function takeContentHeader(raw: RawConnection): unknown {
  const { rest } = raw;
  if (rest.length <= CONTENT_HEADER.flags || rest[FRAME.type] !== CONTENT_HEADER_TYPE) return undefined;
  const size = rest.readUInt32BE(FRAME.size);
  const end = FRAME.payload + size;
  const isWhole =
    rest[end] === FRAME_END &&
    end >= CONTENT_HEADER.flags &&
    (raw.maxFrameSize === 0 || size <= raw.maxFrameSize);
  if (!isWhole || rest.readUInt16BE(CONTENT_HEADER.classId) !== BASIC_CLASS) return undefined;
  raw.rest = rest.subarray(end + 1);
  return {
    id: BASIC_CLASS,
    channel: rest.readUInt16BE(FRAME.channel),
    size: Number(rest.readBigUInt64BE(CONTENT_HEADER.bodySize)),
    fields: new PropertyBytes(rest.subarray(CONTENT_HEADER.flags, end)),
  };
}

/** The properties of a message that came over a tapped connection. */
export function propertiesOf(message: { readonly properties: unknown }): PropertyBytes {
  return message.properties as PropertyBytes;
}

/** Where a message goes, as the fields of basic.publish. */
export interface PublishFields {
  readonly exchange: string;
  readonly routingKey: string;
  readonly mandatory: boolean;
}

/** What amqplib's channel.publish() is made of. */
interface RawChannel {
  sendMessage(fields: PublishFields, properties: Options.Publish, content: Buffer): boolean;
  pushConfirmCallback(done: (error: Error | null) => void): void;
}

/**
 * channel.publish() without its copy of the options: that makes the headers the prototype of another object, and walking
 * them then takes longer than all the rest. Answers false when the channel's buffer is full; `done` needs a confirm channel.
 */
export function publishOn(
  channel: Channel,
  fields: PublishFields,
  properties: Options.Publish,
  content: Buffer,
  done: ((error: Error | null) => void) | undefined,
): boolean {
  const raw = channel as unknown as RawChannel;
  const hasRoom = raw.sendMessage(fields, properties, content);
  if (done !== undefined) raw.pushConfirmCallback(done);
  return hasRoom;
}

/** Runs a call that takes a callback; also rejects when the call throws. */
export function call<Result>(
  run: (done: (error: Error | null | undefined, result: Result) => void) => unknown,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    run((error, result) => (error ? reject(error) : resolve(result)));
  });
}

/** Opens a channel; `onClosed` is told once when it closes, with the error if it was not by request. */
export function openChannel<Kind extends Channel>(
  create: (done: (error: Error, channel: Kind) => void) => Kind,
  onClosed: (error: Error | undefined) => void,
): Promise<Kind> {
  return call((done) => {
    let cause: Error | undefined;
    const channel = create(done);
    channel.on("error", (error: Error) => {
      cause = error;
    });
    channel.on("close", () => onClosed(cause));
  });
}

/** Resolves when the channel is closed, or was so already: all that was sent on it has reached the broker, if anything can. */
export function closeChannel(channel: Channel): Promise<void> {
  return new Promise((resolve) => {
    // Its callback is not called when the connection is lost meanwhile.
    channel.once("close", () => resolve());
    try {
      channel.close();
    } catch {
      resolve();
    }
  });
}
