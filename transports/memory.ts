/** `memory://`: queues inside this process, for tests and for applications that need no broker. */
import { BrokerError } from "../protocol/index.ts";

import type { Binding, ClaimedMessage, ClaimToPark, QueueStore } from "./queue-store.ts";
import type {
  QueueFacts,
  Transport,
  TransportCapabilities,
  TransportFactory,
  TransportOptions,
} from "./transport.ts";
import { createVirtualTransport } from "./virtual.ts";

const CAPABILITIES: TransportCapabilities = {
  exchangeTypes: ["direct", "topic", "fanout"],
  eventExchangeType: "fanout",
  priorityOrder: "high-first",
  nativeAck: true,
  confirms: true,
};

interface MemoryMessage {
  readonly payload: string;
  readonly priority: number;
  readonly deliveries: number;
}

interface ParkedMessage {
  readonly message: MemoryMessage;
  readonly untilMs: number;
}

/** Messages that a connection holds, by tag. */
type Claims = Map<string, { readonly queue: string; readonly message: MemoryMessage }>;

/** Longest delay a Node timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** All that connections to one memory URL share. */
interface MemoryBroker {
  readonly queues: Map<string, MemoryMessage[]>;
  /** By queue, the first one due last. */
  readonly parked: Map<string, ParkedMessage[]>;
  /** What each connection holds. */
  readonly claims: Set<Claims>;
  readonly bindings: Map<string, Binding[]>;
  readonly listeners: Set<{
    readonly exchange: string;
    readonly onPayload: (payload: string, routingKey: string) => void;
  }>;
  readonly waiters: Set<() => void>;
}

/** Brokers by URL, so that a producer and a worker in one process meet. */
const brokers = new Map<string, MemoryBroker>();

function brokerAt(url: string): MemoryBroker {
  const known = brokers.get(url);
  if (known !== undefined) return known;
  const broker: MemoryBroker = {
    queues: new Map(),
    parked: new Map(),
    claims: new Set(),
    bindings: new Map(),
    listeners: new Set(),
    waiters: new Set(),
  };
  brokers.set(url, broker);
  return broker;
}

/** Source of the driver: kombu's memory transport, except that unacknowledged messages return when a consumer closes. */
const createMemoryTransport: TransportFactory = ({ url, onWarning }: TransportOptions): Transport =>
  createVirtualTransport({
    name: "memory",
    capabilities: CAPABILITIES,
    open: async () => openMemoryStore(url),
    onWarning,
  });

export default createMemoryTransport;

/** One more connection to the broker of that URL. */
export function openMemoryStore(url: string): QueueStore {
  return new MemoryStore(brokerAt(url));
}

let lastTag = 0;

class MemoryStore implements QueueStore {
  readonly name = "memory";
  readonly capabilities = CAPABILITIES;
  readonly ended: Promise<Error | undefined>;
  readonly #broker: MemoryBroker;
  readonly #claims: Claims = new Map();
  #turn = 0;
  #closed = false;
  #end: () => void = () => undefined;

  constructor(broker: MemoryBroker) {
    this.#broker = broker;
    broker.claims.add(this.#claims);
    this.ended = new Promise((resolve) => {
      this.#end = () => resolve(undefined);
    });
  }

  async put(entries: readonly { queue: string; payload: string; priority: number }[]): Promise<void> {
    this.#requireOpen();
    for (const { queue, payload, priority } of entries)
      this.#append(queue, { payload, priority, deliveries: 0 });
    this.#announce();
  }

  #queue(name: string): MemoryMessage[] {
    const queue = this.#broker.queues.get(name) ?? [];
    this.#broker.queues.set(name, queue);
    return queue;
  }

  /** Behind everything of the same or a higher priority. */
  #append(name: string, message: MemoryMessage): void {
    const queue = this.#queue(name);
    let at = queue.length;
    while (at > 0 && (queue[at - 1]?.priority ?? 0) < message.priority) at -= 1;
    queue.splice(at, 0, message);
  }

  #prepend(name: string, message: MemoryMessage): void {
    const queue = this.#queue(name);
    const at = queue.findIndex((other) => other.priority <= message.priority);
    queue.splice(at === -1 ? queue.length : at, 0, message);
  }

  #announce(): void {
    for (const wake of [...this.#broker.waiters]) wake();
  }

  async take(queues: readonly string[], max: number): Promise<readonly ClaimedMessage[]> {
    this.#requireOpen();
    const taken: ClaimedMessage[] = [];
    this.#turn += 1;
    this.#returnDue(queues);
    for (const at of queues.keys()) {
      // Each time another queue is first, so that a full one starves no other.
      const queue = queues[(at + this.#turn) % queues.length] ?? "";
      for (const message of this.#queue(queue).splice(0, max - taken.length)) {
        lastTag += 1;
        const tag = String(lastTag);
        this.#claims.set(tag, { queue, message });
        taken.push({ queue, payload: message.payload, tag, previousDeliveries: message.deliveries });
      }
    }
    return taken;
  }

  async takeAndForget(queues: readonly string[], max: number): Promise<readonly ClaimedMessage[]> {
    const taken = await this.take(queues, max);
    for (const { tag } of taken) this.#claims.delete(tag);
    return taken;
  }

  waitForMessages(queues: readonly string[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const done = (): void => {
        clearTimeout(timer);
        this.#broker.waiters.delete(check);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const check = (): void => {
        const dueInMs = this.#returnDue(queues);
        clearTimeout(timer);
        if (queues.some((queue) => this.#queue(queue).length > 0)) done();
        else if (dueInMs !== undefined) timer = setTimeout(check, Math.min(dueInMs, MAX_TIMER_MS));
      };
      this.#broker.waiters.add(check);
      signal.addEventListener("abort", done, { once: true });
      if (signal.aborted) done();
      else check();
    });
  }

  async settle(acks: readonly string[], requeues: readonly string[]): Promise<void> {
    for (const tag of acks) this.#claims.delete(tag);
    this.#giveBack(requeues, (queue, message) =>
      this.#append(queue, { ...message, deliveries: message.deliveries + 1 }),
    );
  }

  async release(tags: readonly string[]): Promise<void> {
    this.#giveBack([...tags].reverse(), (queue, message) => this.#prepend(queue, message));
  }

  #giveBack(tags: readonly string[], put: (queue: string, message: MemoryMessage) => void): void {
    for (const tag of tags) {
      const claim = this.#claims.get(tag);
      if (claim === undefined) continue;
      this.#claims.delete(tag);
      put(claim.queue, { ...claim.message, payload: markRedelivered(claim.message.payload) });
    }
    if (tags.length > 0) this.#announce();
  }

  async park(claims: readonly ClaimToPark[]): Promise<void> {
    for (const { tag, untilMs } of claims) {
      const claim = this.#claims.get(tag);
      if (claim === undefined) continue;
      this.#claims.delete(tag);
      const parked = this.#broker.parked.get(claim.queue) ?? [];
      this.#broker.parked.set(claim.queue, parked);
      const later = parked.findLastIndex((other) => other.untilMs > untilMs);
      parked.splice(later + 1, 0, { message: claim.message, untilMs });
    }
    this.#announce();
  }

  /** Puts what is due back on its queue; answers in how many milliseconds the next one is. */
  #returnDue(queues: readonly string[]): number | undefined {
    const nowMs = Date.now();
    let nextMs: number | undefined;
    for (const queue of queues) {
      const parked = this.#broker.parked.get(queue) ?? [];
      for (let first = parked.at(-1); first !== undefined; first = parked.at(-1)) {
        if (first.untilMs > nowMs) {
          nextMs = Math.min(nextMs ?? Number.POSITIVE_INFINITY, first.untilMs - nowMs);
          break;
        }
        parked.pop();
        this.#append(queue, first.message);
      }
    }
    return nextMs;
  }

  async bind(binding: Binding): Promise<void> {
    const rows = this.#broker.bindings.get(binding.exchange) ?? [];
    const same = (row: Binding): boolean =>
      row.queue === binding.queue && row.routingKey === binding.routingKey;
    if (!rows.some(same)) this.#broker.bindings.set(binding.exchange, [...rows, binding]);
  }

  async bindings(exchange: string): Promise<readonly Binding[]> {
    return this.#broker.bindings.get(exchange) ?? [];
  }

  async broadcast(exchange: string, routingKey: string, payload: string): Promise<boolean> {
    const listeners = [...this.#broker.listeners].filter((listener) => listener.exchange === exchange);
    for (const { onPayload } of listeners) onPayload(payload, routingKey);
    return listeners.length > 0;
  }

  async subscribe(
    exchange: string,
    _pattern: string,
    onPayload: (payload: string, routingKey: string) => void,
  ): Promise<{ close(): Promise<void> }> {
    const listener = { exchange, onPayload };
    this.#broker.listeners.add(listener);
    return {
      close: async () => {
        this.#broker.listeners.delete(listener);
      },
    };
  }

  async size(queue: string): Promise<number> {
    return this.#broker.queues.get(queue)?.length ?? 0;
  }

  async facts(queue: string): Promise<QueueFacts> {
    const held = [...this.#broker.claims].flatMap((claims) => [...claims.values()]);
    return {
      ready: await this.size(queue),
      unacked: held.filter((claim) => claim.queue === queue).length,
      scheduled: this.#broker.parked.get(queue)?.length ?? 0,
    };
  }

  async peek(queue: string, offset: number, limit: number): Promise<readonly string[]> {
    const waiting = this.#broker.queues.get(queue) ?? [];
    return waiting.slice(offset, offset + limit).map(({ payload }) => payload);
  }

  async purge(queue: string): Promise<number> {
    const parked = this.#broker.parked.get(queue)?.splice(0).length ?? 0;
    return parked + (this.#broker.queues.get(queue)?.splice(0).length ?? 0);
  }

  async createQueue(queue: string): Promise<void> {
    this.#queue(queue);
  }

  async deleteQueue(queue: string): Promise<void> {
    this.#broker.queues.delete(queue);
    this.#broker.parked.delete(queue);
    for (const [exchange, rows] of this.#broker.bindings) {
      this.#broker.bindings.set(
        exchange,
        rows.filter((row) => row.queue !== queue),
      );
    }
  }

  #requireOpen(): void {
    if (this.#closed) throw new BrokerError("closed", "The memory broker's connection is closed.");
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.release([...this.#claims.keys()]);
    this.#broker.claims.delete(this.#claims);
    this.#end();
  }
}

/** What kombu sets on a message that is given back. An unreadable envelope is given back as it is. */
function markRedelivered(payload: string): string {
  try {
    const envelope: unknown = JSON.parse(payload);
    if (typeof envelope !== "object" || envelope === null) return payload;
    return JSON.stringify({ ...envelope, redelivered: true });
  } catch {
    return payload;
  }
}
