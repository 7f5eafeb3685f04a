/**
 * A seat on RabbitMQ (3.8 or newer): a durable queue with a single active consumer. The broker hands its messages to one
 * beat at a time, which therefore leads; the newest message holds the term and all states, and the leader keeps it
 * unacknowledged. A write publishes the next message and, once the broker has confirmed it, acknowledges the one before. When
 * the leader's connection ends, the broker gives the message to another beat. A leader that is stopped is found out by
 * heartbeats, after 6 to 9 s; until then it can have believed in its lease for 5 s at most.
 */
import { isPlainObject } from "../../protocol/index.ts";
import { type Connection, createTransport, type Delivery, type QueueSpec } from "../../transports/index.ts";
import type { EntryState } from "../entry.ts";
import { parseJson } from "../json-file.ts";
import type { Seat, Term } from "../seat.ts";
import { readState } from "../state-text.ts";

export interface AmqpSeatOptions {
  readonly url: string;
  /** Name of the beats that share the seat. */
  readonly lockName: string;
}

const CONNECT_TIMEOUT_MS = 4000;
/** RabbitMQ ends a connection that has been silent for two to three times as long. */
const HEARTBEAT_SECONDS = 3;
/** RabbitMQ closes channels that keep a message for 30 minutes. */
const HOLD_MS = 300_000;

/** What a message of the queue says. */
interface Memory {
  readonly term: Term;
  /** Counts the writes of a term. */
  readonly version: number;
  readonly states: ReadonlyMap<string, EntryState>;
}

/** One life of the connection. */
interface Life {
  readonly connection: Connection;
  /** The newest message, which is not acknowledged; none while another beat has them. */
  held: { readonly delivery: Delivery; readonly memory: Memory; readonly sinceMs: number } | undefined;
}

/** Connects on first use. Throws ConfigurationError for a bad URL. */
export function createAmqpSeat({ url, lockName }: AmqpSeatOptions): Seat {
  const queue: QueueSpec = {
    name: `celerity.beat.${lockName}`,
    arguments: { "x-single-active-consumer": true },
  };
  let living: Promise<Life> | undefined;

  const life = (): Promise<Life> => {
    if (living !== undefined) return living;
    const begun = begin();
    const forget = (): void => {
      if (living === begun) living = undefined;
    };
    begun.then(({ connection }) => connection.ended.then(forget), forget);
    living = begun;
    return begun;
  };
  const begin = async (): Promise<Life> => {
    const transport = await createTransport({
      url,
      transportOptions: { heartbeatSeconds: HEARTBEAT_SECONDS },
      onWarning: () => undefined,
    });
    const connection = await transport.connect({ timeoutMs: CONNECT_TIMEOUT_MS });
    const begun: Life = { connection, held: undefined };
    try {
      await connection.declareQueue(queue);
      void follow(begun, queue);
      // Something to be handed out, for the case that this is the first beat of all; a leader drops it.
      await send(begun, queue, { term: 0, version: 0, states: new Map() });
      return begun;
    } catch (error) {
      await connection.close();
      throw error;
    }
  };

  /** One write after the other: each builds on the one before. */
  let last: Promise<unknown> = Promise.resolve();
  const write: Seat["write"] = (term, changes) => {
    const written = last.then(() => writeNow(term, changes));
    last = written;
    return written;
  };
  const writeNow = async (
    term: Term,
    changes: ReadonlyMap<string, EntryState | undefined>,
  ): Promise<boolean> => {
    const now = await living?.catch(() => undefined);
    if (now?.held === undefined || now.held.memory.term !== term) return false;
    const { memory } = now.held;
    const states = new Map(memory.states);
    for (const [name, state] of changes) {
      if (state === undefined) states.delete(name);
      else states.set(name, state);
    }
    try {
      await sendAndHold(now, queue, { term, version: memory.version + 1, states });
      return true;
    } catch {
      // Who cannot write has not got the seat either: both are the same connection.
      await now.connection.close();
      return false;
    }
  };

  return {
    name: "amqp",
    async acquire() {
      const now = await life();
      if (now.held === undefined) return undefined;
      // Until everything has been handed out: a leader that died while it wrote has left two messages.
      if ((await now.connection.queueSize(queue.name)) > 0) return undefined;
      const { term, version, states } = now.held.memory;
      await sendAndHold(now, queue, { term: term + 1, version: version + 1, states });
      return term + 1;
    },
    async renew(term) {
      const now = await living;
      if (now?.held === undefined || now.held.memory.term !== term) return false;
      if (Date.now() - now.held.sinceMs > HOLD_MS) return await write(term, new Map());
      // An answer means that the broker still sees this connection, and so its consumer.
      await now.connection.queueSize(queue.name);
      return now === (await living);
    },
    async release(term) {
      const now = await living;
      if (now?.held?.memory.term === term) await now.connection.close();
    },
    async read() {
      return new Map((await living)?.held?.memory.states);
    },
    write,
    async close() {
      const now = await living?.catch(() => undefined);
      await now?.connection.close();
    },
  };
}

/** Holds the newest message that comes, and drops the others. */
async function follow(life: Life, queue: QueueSpec): Promise<void> {
  const { connection } = life;
  try {
    for await (const batch of connection.consume([queue], { prefetch: 0 })) {
      for (const delivery of batch) hold(life, delivery);
    }
  } catch {
    // The connection is closed below, and everybody who waits hears of it.
  }
  life.held = undefined;
  await connection.close();
}

function hold(life: Life, delivery: Delivery): void {
  const memory = readMemory(delivery.rawBytes);
  const { held } = life;
  if (memory === undefined || (held !== undefined && !isNewer(memory, held.memory))) {
    delivery.ack();
    return;
  }
  held?.delivery.ack();
  life.held = { delivery, memory, sinceMs: Date.now() };
}

function isNewer(one: Memory, other: Memory): boolean {
  return one.term === other.term ? one.version > other.version : one.term > other.term;
}

/** How long a message of our own may take from the broker back to us. */
const RETURN_MS = 2000;
const LOOK_MS = 5;

/** Resolves when the broker has the message and has handed it back. */
async function sendAndHold(life: Life, queue: QueueSpec, memory: Memory): Promise<void> {
  await send(life, queue, memory);
  const isHeld = (): boolean => {
    const held = life.held?.memory;
    return held !== undefined && held.term === memory.term && held.version >= memory.version;
  };
  for (const sinceMs = performance.now(); !isHeld(); ) {
    if (performance.now() - sinceMs > RETURN_MS)
      throw new Error("RabbitMQ does not hand out the seat's message.");
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function send(
  { connection }: Life,
  { name }: QueueSpec,
  { term, version, states }: Memory,
): Promise<void> {
  const body = Buffer.from(JSON.stringify({ term, version, states: Object.fromEntries(states) }));
  await connection.publish(
    {
      body,
      contentType: "application/json",
      contentEncoding: "utf-8",
      headers: {},
      properties: { deliveryMode: 2, priority: 0 },
    },
    { exchange: "", routingKey: name },
  );
}

/** undefined for what no beat has written. */
function readMemory(bytes: Uint8Array): Memory | undefined {
  const value = parseJson(Buffer.from(bytes).toString("utf8"));
  if (!isPlainObject(value) || !isPlainObject(value["states"])) return undefined;
  const { term, version } = value;
  if (typeof term !== "number" || typeof version !== "number") return undefined;
  const states = new Map<string, EntryState>();
  for (const [name, entry] of Object.entries(value["states"])) {
    const state = readState(entry);
    if (state !== undefined) states.set(name, state);
  }
  return { term, version, states };
}
