/**
 * AMQP semantics over a plain {@link QueueStore}, once for all brokers that are not AMQP: exchanges and routing, kombu's
 * envelope, prefetch, and the batching that makes it fast. What one turn of the event loop publishes or settles goes to
 * the store in one call.
 */
import { randomUUID } from "node:crypto";
import {
  BrokerError,
  clampPriority,
  DecodeError,
  type Route,
  readEnvelope,
  type WireMessage,
  writeEnvelope,
} from "../protocol/index.ts";
import { createBatcher } from "./batcher.ts";
import type { Binding, QueueStore, StoreEntry } from "./queue-store.ts";
import { bindingPattern, matchingQueues } from "./routing.ts";
import type {
  BrokerEpoch,
  Connection,
  ConsumeOptions,
  Consumer,
  ExchangeSpec,
  ExchangeType,
  QueueFacts,
  QueueSpec,
  Transport,
  TransportCapabilities,
} from "./transport.ts";
import { createBroadcastConsumer, createQueueConsumer } from "./virtual-consumer.ts";

/** What a virtual transport is made from. */
export interface VirtualTransportOptions {
  readonly name: string;
  readonly capabilities: TransportCapabilities;
  /** Opens one life of the store; rejects with BrokerError `broker_unavailable`. */
  readonly open: (options: { readonly timeoutMs: number }) => Promise<QueueStore>;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** Entries handed to the store in one put(); bounds the size of one command. */
const MAX_PUT = 1000;
/** How long a binding table is trusted before it is read again. */
const BINDINGS_FRESH_MS = 1000;

export function createVirtualTransport(options: VirtualTransportOptions): Transport {
  return {
    name: options.name,
    capabilities: options.capabilities,
    connect: async ({ timeoutMs }) =>
      new VirtualConnection(await options.open({ timeoutMs }), options.onWarning),
  };
}

class VirtualConnection implements Connection {
  readonly capabilities: TransportCapabilities;
  readonly ended: Promise<Error | undefined>;
  readonly #store: QueueStore;
  readonly #onWarning: (message: string, error?: unknown) => void;
  readonly #exchangeTypes = new Map<string, ExchangeType>();
  readonly #bindings = new Map<string, { readonly readAtMs: number; readonly rows: readonly Binding[] }>();
  readonly #consumers = new Set<Consumer>();
  readonly #puts: ReturnType<typeof createBatcher<StoreEntry>>;
  #closing: Promise<void> | undefined;

  constructor(store: QueueStore, onWarning: (message: string, error?: unknown) => void) {
    this.#store = store;
    this.#onWarning = onWarning;
    this.capabilities = store.capabilities;
    this.ended = store.ended;
    this.#puts = createBatcher((entries) => store.put(entries), MAX_PUT);
  }

  async declareExchange(exchange: ExchangeSpec): Promise<void> {
    this.#exchangeTypes.set(exchange.name, exchange.type);
  }

  async declareQueue(queue: QueueSpec): Promise<void> {
    const { exchange } = queue;
    const fanout = exchange?.type === "fanout";
    if (exchange !== undefined) {
      await this.declareExchange(exchange);
      const routingKey = queue.routingKey ?? (fanout ? "" : queue.name);
      await this.#store.bind({
        exchange: exchange.name,
        routingKey,
        pattern: bindingPattern(exchange.type, routingKey),
        queue: queue.name,
        ...(queue.expiresMs === undefined ? {} : { expiresMs: queue.expiresMs }),
      });
      this.#bindings.delete(exchange.name);
    }
    if (!fanout) await this.#store.createQueue(queue.name);
  }

  publish(message: WireMessage, route: Route): Promise<void> {
    if (this.#closing !== undefined)
      return Promise.reject(new BrokerError("closed", "The broker connection is closed."));
    const payload = writeEnvelope(message, route, randomUUID());
    if (route.exchange === "") {
      return this.#puts.add({
        queue: route.routingKey,
        payload,
        priority: clampPriority(message.properties.priority),
      });
    }
    return this.#publishToExchange(message, route, payload);
  }

  async #publishToExchange(message: WireMessage, route: Route, payload: string): Promise<void> {
    const type = this.#exchangeTypes.get(route.exchange) ?? "direct";
    if (type === "fanout" && this.#store.broadcast !== undefined) {
      const isHeard = await this.#store.broadcast(route.exchange, route.routingKey, payload);
      if (isHeard || route.optional !== false) return;
      throw unroutable(route);
    }
    const find = async (): Promise<readonly string[]> =>
      matchingQueues(await this.#bindingsOf(route.exchange), type, route.routingKey);
    let queues = await find();
    if (queues.length === 0) {
      // It may be bound since the table was read: whoever asks for a reply binds a queue of its own just before.
      this.#bindings.delete(route.exchange);
      queues = await find();
    }
    if (queues.length === 0 && route.optional !== true) {
      throw unroutable(route);
    }
    const priority = clampPriority(message.properties.priority);
    await Promise.all(queues.map((queue) => this.#puts.add({ queue, payload, priority })));
  }

  async #bindingsOf(exchange: string): Promise<readonly Binding[]> {
    const known = this.#bindings.get(exchange);
    if (known !== undefined && Date.now() - known.readAtMs < BINDINGS_FRESH_MS) return known.rows;
    const rows = await this.#store.bindings(exchange);
    this.#bindings.set(exchange, { readAtMs: Date.now(), rows });
    return rows;
  }

  consume(queues: readonly QueueSpec[], options: ConsumeOptions): Consumer {
    const fanout = queues.find((queue) => queue.exchange?.type === "fanout");
    const consumer =
      fanout === undefined
        ? createQueueConsumer(
            this.#store,
            queues.map((queue) => queue.name),
            options,
            this.#onWarning,
          )
        : createBroadcastConsumer(this.#store, fanout);
    this.#consumers.add(consumer);
    return consumer;
  }

  queueSize(queue: string): Promise<number> {
    return this.#store.size(queue);
  }

  async queueFacts(queue: string): Promise<QueueFacts> {
    return (await this.#store.facts?.(queue)) ?? { ready: await this.#store.size(queue) };
  }

  async peekQueue(
    queue: string,
    { offset, limit }: { readonly offset: number; readonly limit: number },
  ): Promise<readonly (WireMessage | undefined)[] | undefined> {
    const payloads = await this.#store.peek?.(queue, offset, limit);
    return payloads?.map((payload) => tryReadMessage(payload));
  }

  async epoch(): Promise<BrokerEpoch | undefined> {
    return this.#store.epoch?.();
  }

  purgeQueue(queue: string): Promise<number> {
    return this.#store.purge(queue);
  }

  deleteQueue(queue: string): Promise<void> {
    return this.#store.deleteQueue(queue);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()));
    await this.#puts.idle().catch(() => undefined);
    await this.#store.close();
  }
}

function tryReadMessage(payload: string): WireMessage | undefined {
  try {
    return readEnvelope(payload).message;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function unroutable({ exchange, routingKey }: Route): BrokerError {
  const what = `No queue is bound to exchange "${exchange}" for routing key "${routingKey}".`;
  return new BrokerError("unroutable", what);
}
