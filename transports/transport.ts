/**
 * The broker seam. A {@link Transport} knows one kind of broker; a {@link Connection} is one life of a connection to it;
 * a {@link Consumer} hands out deliveries in batches, because that is how every fast broker client reads. Drivers stay
 * simple: reconnecting, failover and re-declaring are written once, in reconnecting.ts.
 */
import type { Route, WireMessage } from "../protocol/index.ts";

/** What a broker can do; data, so that callers ask instead of trying. */
export interface TransportCapabilities {
  /** Exchange types that route; fanout is needed for remote control and events. */
  readonly exchangeTypes: readonly ExchangeType[];
  /** Type of the event exchange `celeryev`, as kombu declares it there; absent where there are no events. */
  readonly eventExchangeType?: "topic" | "fanout";
  /** Queue ends a stored priority is served first from: RabbitMQ serves 9 first, kombu's Redis layout 0. */
  readonly priorityOrder: "high-first" | "low-first" | "none";
  /** True when the broker itself redelivers what a dead consumer held; false when the driver's own lease does. */
  readonly nativeAck: boolean;
  /** True when publish() resolves only after the broker has stored the message. */
  readonly confirms: boolean;
  /** True where Celery's delayed delivery is (native-delay.ts): producers then leave messages with an ETA to the broker. */
  readonly nativeDelay?: boolean;
}

export type ExchangeType = "direct" | "topic" | "fanout";

export interface ExchangeSpec {
  readonly name: string;
  readonly type: ExchangeType;
  /** Default true. */
  readonly durable?: boolean;
  /** Default false. */
  readonly autoDelete?: boolean;
}

/** A queue, and the exchange it is bound to. Defaults are those of kombu's Queue. */
export interface QueueSpec {
  readonly name: string;
  /** Bound with `routingKey` after both are declared; a queue without one is reached through the anonymous exchange. */
  readonly exchange?: ExchangeSpec;
  /** Default: the queue's name. */
  readonly routingKey?: string;
  /** Default true. */
  readonly durable?: boolean;
  readonly exclusive?: boolean;
  readonly autoDelete?: boolean;
  /** Unused for this long, the queue goes (`x-expires`). */
  readonly expiresMs?: number;
  /** Messages older than this go (`x-message-ttl`). */
  readonly messageTtlMs?: number;
  /** `x-max-priority` on AMQP; brokers with priority lists ignore it. */
  readonly maxPriority?: number;
  /** `x-queue-type` on AMQP; absent means the broker's default. */
  readonly type?: "classic" | "quorum";
  /** Further AMQP arguments, as the broker names them. */
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/** One message handed to this process, settled exactly once by ack(), reject() or park(); they only take note and never throw. */
export interface Delivery {
  /** The queue it was taken from. */
  readonly queue: string;
  /** undefined when the broker's envelope cannot be read: then `malformed` says why. */
  readonly message: WireMessage | undefined;
  readonly malformed: Error | undefined;
  /** The message as the broker held it (the envelope's text, or the AMQP body). */
  readonly rawBytes: Uint8Array;
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
  /** Times this message was handed out before, where the broker counts (0 for a first delivery); undefined where it does not. */
  readonly previousDeliveries: number | undefined;
  /** True once the broker has taken the message back (its channel or lease is gone): do not start work on it. */
  readonly lost: boolean;
  /** The message is dealt with. */
  ack(): void;
  /** Give it back (`requeue`), or drop it (to the queue's dead-letter exchange where the broker has one). */
  reject(options: { readonly requeue: boolean }): void;
  /**
   * The broker keeps the message until then (milliseconds since 1970), hands it to nobody meanwhile, and then puts it at
   * the end of its queue as it was: not marked as redelivered, and not counted as a delivery. Absent where the broker cannot.
   */
  park?(untilMs: number): void;
}

export interface ConsumeOptions {
  /** Deliveries held unsettled at most; 0 means no limit. */
  readonly prefetch: number;
  /** Messages are settled when handed out (control, events, rpc replies). Default false. */
  readonly noAck?: boolean;
  /**
   * Would the reader run short soon with so many unsettled deliveries? Until then a driver may wait, so that messages come and
   * are settled several at a time. Default: always.
   */
  readonly wantsMore?: (held: number) => boolean;
}

/** A subscription to one or more queues. Iterate it once. */
export interface Consumer extends AsyncIterable<readonly Delivery[]> {
  /** Changes how many unsettled deliveries may be held. */
  setPrefetch(count: number): void;
  /** Stops the flow and ends the iteration; what is unsettled stays settleable until the connection closes. Twice is fine. */
  close(): Promise<void>;
}

/** What a broker tells of a queue without touching its messages. What it cannot tell is absent. */
export interface QueueFacts {
  /** Messages waiting. */
  readonly ready: number;
  /** Messages handed out and not settled. On SQL those that consumers of ours hold. */
  readonly unacked?: number;
  /** Messages parked until their time. */
  readonly scheduled?: number;
  /** Subscriptions of all clients. */
  readonly consumers?: number;
}

/** A life of a broker's memory. */
export interface BrokerEpoch {
  /** Another one once the broker has lost what it kept. */
  readonly id: string;
  /** When the server began that life, as far as it tells. Milliseconds since 1970. */
  readonly bornAtMs?: number;
}

/** One life of a connection. */
export interface Connection {
  readonly capabilities: TransportCapabilities;
  /** Resolves once, when the connection can no longer be used: with the error, or undefined after close(). */
  readonly ended: Promise<Error | undefined>;
  /** Declares exchange, queue and binding; harmless when they exist with the same arguments, else BrokerError `broker_refused`. */
  declareQueue(queue: QueueSpec): Promise<void>;
  /** Declares an exchange without a queue. */
  declareExchange(exchange: ExchangeSpec): Promise<void>;
  /**
   * Resolves when the broker has taken responsibility for the message.
   * Rejects with BrokerError: `unroutable`, `broker_refused`, `broker_unconfirmed`, `broker_unavailable`.
   */
  publish(message: WireMessage, route: Route): Promise<void>;
  /**
   * Declares the exchanges and queues of Celery's delayed delivery and binds these queues, which are declared, to them.
   * Rejects with BrokerError `broker_refused` where they exist in another form. Absent without `nativeDelay`.
   */
  declareDelays?(queues: readonly QueueSpec[]): Promise<void>;
  /** Starts consuming; the queues must be declared. */
  consume(queues: readonly QueueSpec[], options: ConsumeOptions): Consumer;
  /** Messages waiting in a queue, 0 when it does not exist; parked ones are not waiting. */
  queueSize(queue: string): Promise<number>;
  /** As {@link queueSize}, with what else the broker tells. Absent where that is nothing. */
  queueFacts?(queue: string): Promise<QueueFacts>;
  /**
   * Waiting messages in the order of service, left where they are; undefined in the list for one that cannot be read.
   * Resolves with undefined, or is absent, where a broker shows messages only by handing them out.
   */
  peekQueue?(
    queue: string,
    range: { readonly offset: number; readonly limit: number },
  ): Promise<readonly (WireMessage | undefined)[] | undefined>;
  /** undefined, or absent, where a broker does not lose what it kept, or nobody could tell. */
  epoch?(): Promise<BrokerEpoch | undefined>;
  /** Removes the waiting messages, and the parked ones where the driver keeps them itself; says how many there were. */
  purgeQueue(queue: string): Promise<number>;
  deleteQueue(queue: string): Promise<void>;
  /** Flushes what was settled and published, gives unsettled deliveries back, and closes. Twice is fine. */
  close(): Promise<void>;
}

/** One kind of broker at one URL. */
export interface Transport {
  readonly name: string;
  readonly capabilities: TransportCapabilities;
  /** Rejects with BrokerError `broker_unavailable` when the broker does not answer within `timeoutMs`. */
  connect(options: { readonly timeoutMs: number }): Promise<Connection>;
}

/** What a driver is made from. */
export interface TransportOptions {
  /** One broker URL; failover lists are split before. */
  readonly url: string;
  /** Celery's `broker_transport_options`, in camelCase. */
  readonly transportOptions: Readonly<Record<string, unknown>>;
  /** Told about trouble that no call is waiting for (a failed sweep, a lost lease). */
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** A driver module's default export. */
export type TransportFactory = (options: TransportOptions) => Transport;
