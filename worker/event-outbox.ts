/**
 * Events on their way to the broker. Task events of one turn of the event loop travel as one list, as Celery's do. While the
 * broker is away they wait, as many as there is room for.
 */
import { type Awaitable, andThen, encodeBody, type Serializer } from "../codecs/index.ts";
import { BrokerError } from "../protocol/index.ts";
import type { ReconnectingConnection } from "../transports/index.ts";
import type { Facts } from "./event-facts.ts";

/** Events in one message at most; Celery flushes at 24. */
const MAX_BATCH = 100;
/** Events that wait for the broker at most; then the oldest are dropped. */
const MAX_WAITING = 10_000;

export interface EventOutboxOptions {
  readonly connection: ReconnectingConnection;
  /** Node name of the sender. */
  readonly hostname: string;
  readonly serializer: Serializer;
  readonly exchange: string;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** One message: a single event, or a list of them. */
interface Parcel {
  readonly routingKey: string;
  readonly events: readonly Facts[];
  readonly isList: boolean;
}

export class EventOutbox {
  readonly #options: EventOutboxOptions;
  #batch: Facts[] = [];
  #parcels: Parcel[] = [];
  #waiting = 0;
  #dropped = 0;
  #isClosing = false;
  #sending: Promise<void> | undefined;

  constructor(options: EventOutboxOptions) {
    this.#options = options;
  }

  /** Sends one event by itself. */
  add(routingKey: string, event: Facts): void {
    this.#flush();
    this.#put({ routingKey, events: [event], isList: false });
  }

  /** Sends an event together with others of this turn. */
  addToBatch(event: Facts): void {
    this.#batch.push(event);
    if (this.#batch.length === 1) setImmediate(() => this.#flush());
    if (this.#batch.length >= MAX_BATCH) this.#flush();
  }

  /** Resolves when all is sent, or cannot be: nobody waits for a broker that is away. */
  async close(): Promise<void> {
    this.#flush();
    this.#isClosing = true;
    if (this.#options.connection.connected) await this.#sending;
  }

  #flush(): void {
    if (this.#batch.length === 0) return;
    const events = this.#batch;
    this.#batch = [];
    this.#put({ routingKey: "task.multi", events, isList: true });
  }

  #put(parcel: Parcel): void {
    this.#parcels.push(parcel);
    this.#waiting += parcel.events.length;
    this.#dropOldest();
    this.#sending ??= this.#sendAll();
  }

  #dropOldest(): void {
    while (this.#waiting > MAX_WAITING) {
      const count = this.#parcels.shift()?.events.length ?? 0;
      this.#waiting -= count;
      this.#dropped += count;
    }
  }

  async #sendAll(): Promise<void> {
    try {
      await this.#sendWhileConnected();
    } finally {
      this.#sending = undefined;
    }
  }

  async #sendWhileConnected(): Promise<void> {
    const { connection, onWarning } = this.#options;
    while (this.#parcels.length > 0) {
      const parcels = this.#parcels;
      this.#parcels = [];
      this.#waiting = 0;
      const kept = await Promise.all(parcels.map((parcel) => this.#send(parcel)));
      const unsent = kept.filter((parcel) => parcel !== undefined);
      if (unsent.length === 0) continue;
      this.#parcels = [...unsent, ...this.#parcels];
      this.#waiting = this.#parcels.reduce((total, { events }) => total + events.length, 0);
      this.#dropOldest();
      if (this.#isClosing) return;
      try {
        await connection.untilConnected();
      } catch {
        // There will be no broker any more.
        return;
      }
      if (this.#dropped > 0) onWarning(`${this.#dropped} events were dropped while the broker was away`);
      this.#dropped = 0;
    }
  }

  /** Resolves to the parcel when the broker is away. */
  async #send(parcel: Parcel): Promise<Parcel | undefined> {
    const { connection, onWarning } = this.#options;
    if (!connection.connected) return parcel;
    try {
      await this.#publish(parcel);
      return undefined;
    } catch (error) {
      if (error instanceof BrokerError && error.code === "broker_unavailable") return parcel;
      onWarning("An event could not be sent", error);
      return undefined;
    }
  }

  #publish({ routingKey, events, isList }: Parcel): Awaitable<void> {
    const { connection, serializer, hostname, exchange } = this.#options;
    const encoded = encodeBody(isList ? events : events[0], serializer);
    return andThen(encoded, ({ body, contentType, contentEncoding }) =>
      connection.publish(
        {
          body,
          contentType,
          contentEncoding,
          headers: { hostname },
          properties: { deliveryMode: 1, priority: 0 },
        },
        { exchange, routingKey, optional: true },
      ),
    );
  }
}
