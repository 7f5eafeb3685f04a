/**
 * The least that a broker without AMQP must offer. virtual.ts adds exchanges, routing, prefetch, batching and the
 * envelope once for all of them, as kombu's virtual transport does in Python.
 */
import type { BrokerEpoch, QueueFacts, TransportCapabilities } from "./transport.ts";

/** A message to store: kombu's envelope text, and where it goes. */
export interface StoreEntry {
  readonly queue: string;
  /** The envelope's JSON text. */
  readonly payload: string;
  /** 0 to 9, clamped by the caller. */
  readonly priority: number;
}

/** A message claimed for this process. */
export interface ClaimedMessage {
  readonly queue: string;
  readonly payload: string;
  /** Names the claim in settle(); unique, and meaningless to anybody else. */
  readonly tag: string;
  /** Times it was claimed before, when the store counts. */
  readonly previousDeliveries: number | undefined;
}

/** A claimed message to keep out of sight for a while. */
export interface ClaimToPark {
  readonly tag: string;
  readonly queue: string;
  /** 0 to 9. */
  readonly priority: number;
  /** Milliseconds since 1970. */
  readonly untilMs: number;
}

/** One row of kombu's exchange table: messages whose routing key matches `pattern` go to `queue`. */
export interface Binding {
  readonly exchange: string;
  readonly routingKey: string;
  /** Topic pattern as a regular expression source, or "" (kombu keeps both). */
  readonly pattern: string;
  readonly queue: string;
  /** The queue's `expiresMs`, when it has one: kombu sweeps such bindings once nobody renews them. */
  readonly expiresMs?: number;
}

/** Messages of a fanout exchange, as long as the subscription lives. */
export interface Subscription {
  close(): Promise<void>;
}

export interface QueueStore {
  readonly name: string;
  readonly capabilities: TransportCapabilities;
  /** Resolves when the store can no longer be used: with the error, or undefined after close(). */
  readonly ended: Promise<Error | undefined>;
  /** Appends all entries; resolves when they are stored. */
  put(entries: readonly StoreEntry[]): Promise<void>;
  /** Claims up to `max` waiting messages for this process in one atomic step, in the order of service. Empty when there are none. */
  take(queues: readonly string[], max: number): Promise<readonly ClaimedMessage[]>;
  /** Like take() for consumers without acknowledgement: messages are gone from the store. */
  takeAndForget(queues: readonly string[], max: number): Promise<readonly ClaimedMessage[]>;
  /** Resolves when a take() may find something: soon after a message arrives, at the latest after the store's polling interval. */
  waitForMessages(queues: readonly string[], signal: AbortSignal): Promise<void>;
  /** Removes the claims in `acks` and puts those in `requeues` back at the end of their queues. Unknown tags are ignored. */
  settle(acks: readonly string[], requeues: readonly string[]): Promise<void>;
  /** Gives claims back to the front of their queues, because the process stops before it worked on them. */
  release(tags: readonly string[]): Promise<void>;
  /**
   * Keeps claimed messages where nobody takes them. At the given time any store that takes from the queue puts them back as
   * they were: not marked, not counted. Claim or parked, in one atomic step. Unknown tags are ignored; absent where the
   * store cannot.
   */
  park?(claims: readonly ClaimToPark[]): Promise<void>;
  bind(binding: Binding): Promise<void>;
  bindings(exchange: string): Promise<readonly Binding[]>;
  /** Fanout; absent where the store has none (then control and events are off). Resolves to whether somebody listens. */
  broadcast?(exchange: string, routingKey: string, payload: string): Promise<boolean>;
  subscribe?(
    exchange: string,
    routingKeyPattern: string,
    onPayload: (payload: string, routingKey: string) => void,
  ): Promise<Subscription>;
  /** Messages that wait; parked ones do not count. */
  size(queue: string): Promise<number>;
  /** As size(), with what else the store can tell. */
  facts?(queue: string): Promise<QueueFacts>;
  /** Payloads that wait, in the order of service, left where they are: up to `limit` after the first `offset`. */
  peek?(queue: string, offset: number, limit: number): Promise<readonly string[]>;
  /** Present where the store may lose everything. */
  epoch?(): Promise<BrokerEpoch>;
  /** Removes what waits and what is parked; resolves with how many there were. */
  purge(queue: string): Promise<number>;
  /** Makes the queue known (kombu keeps a row or a binding); harmless when it is. */
  createQueue(queue: string): Promise<void>;
  deleteQueue(queue: string): Promise<void>;
  /** Stops leases and closes; claims still held are released first. Twice is fine. */
  close(): Promise<void>;
}
