/**
 * A message as a broker carries it: bytes, how to read them, headers and properties. AMQP has these as frames; the other
 * brokers keep them in kombu's JSON envelope (protocol/envelope.ts).
 */

/** AMQP basic properties that Celery uses. Source: celery/app/amqp.py, kombu/messaging.py. */
export interface MessageProperties {
  readonly correlationId?: string | undefined;
  readonly replyTo?: string | undefined;
  /** 2 persistent, 1 transient. */
  readonly deliveryMode: 1 | 2;
  readonly priority: number;
  /** Time to live in the queue: a decimal string of milliseconds. */
  readonly expiration?: string | undefined;
  /** Properties of other producers, kept so that a republished message loses nothing. */
  readonly other?: Readonly<Record<string, unknown>> | undefined;
}

/** A message between codec and broker. */
export interface WireMessage {
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly properties: MessageProperties;
}

/** Where a message is published. An empty exchange delivers to the queue named by the routing key. */
export interface Route {
  readonly exchange: string;
  readonly routingKey: string;
  /**
   * True when it is fine that nobody listens, and not worth waiting for the broker (events, control, replies). False asks for
   * a listener of a fanout exchange too, where a broker without queues for it would not.
   */
  readonly optional?: boolean;
}
