/**
 * Consumers over a {@link QueueStore}: one that claims queued messages while there is credit, one that listens to a fanout
 * exchange. A consumer claims ahead of its reader, so that the store works while the reader does.
 */
import {
  clampPriority,
  DecodeError,
  type Envelope,
  readEnvelope,
  toError,
  type WireMessage,
} from "../protocol/index.ts";
import { type Batcher, createBatcher } from "./batcher.ts";
import { createPushQueue, type PushQueue } from "./push-queue.ts";
import type { ClaimedMessage, ClaimToPark, QueueStore, Subscription } from "./queue-store.ts";
import type { ConsumeOptions, Consumer, Delivery, QueueSpec } from "./transport.ts";

/** Messages claimed in one step at most: enough to make a round trip cheap, few enough to share with other workers. */
const MAX_CLAIM = 250;
/** Settlements handed to the store in one call at most. */
const MAX_SETTLE = 1000;
/** A settlement waits for company no longer than this, while the reader has enough to do. */
const HOLD_BACK_MS = 5;
/** Messages of a consumer without acknowledgement, or without a prefetch limit, that may wait for the reader. */
const MAX_UNREAD = 10_000;

export function createQueueConsumer(
  store: QueueStore,
  queues: readonly string[],
  options: ConsumeOptions,
  onWarning: (message: string, error?: unknown) => void,
): Consumer {
  const consumer = new QueueConsumer(store, queues, options, onWarning);
  consumer.start();
  return consumer;
}

/** How a delivery ended. */
type Settlement =
  | { readonly verdict: "ack" | "requeue"; readonly tag: string }
  | { readonly verdict: "park"; readonly claim: ClaimToPark };

class QueueConsumer implements Consumer {
  readonly #store: QueueStore;
  readonly #queues: readonly string[];
  readonly #noAck: boolean;
  readonly #wantsMore: (held: number) => boolean;
  readonly #onWarning: (message: string, error?: unknown) => void;
  readonly #stop = new AbortController();
  readonly #ready: PushQueue<Delivery> = createPushQueue();
  #prefetch: number;
  /** Deliveries handed to this process and not yet settled. */
  #held = 0;
  readonly #settlements: Batcher<Settlement> = createBatcher((items) => this.#flush(items), MAX_SETTLE);
  #isClaiming = false;
  #heldBack: Settlement[] = [];
  #holdBackTimer: NodeJS.Timeout | undefined;
  #wakePump: (() => void) | undefined;
  #pump: Promise<void> = Promise.resolve();

  constructor(
    store: QueueStore,
    queues: readonly string[],
    options: ConsumeOptions,
    onWarning: (message: string, error?: unknown) => void,
  ) {
    this.#store = store;
    this.#queues = queues;
    this.#prefetch = options.prefetch;
    this.#noAck = options.noAck === true;
    this.#wantsMore = options.wantsMore ?? always;
    this.#onWarning = onWarning;
  }

  start(): void {
    this.#pump = this.#run().catch((error: unknown) => this.#ready.fail(toError(error)));
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const room = this.#room();
      if (room === 0) {
        await new Promise<void>((resolve) => {
          this.#wakePump = resolve;
        });
        continue;
      }
      const wanted = Math.min(room, MAX_CLAIM);
      this.#isClaiming = true;
      const claimed = await this.#claim(wanted);
      this.#isClaiming = false;
      if (this.#stop.signal.aborted) return this.#store.release(claimed.map((message) => message.tag));
      if (claimed.length > 0) this.#hand(claimed);
      if (claimed.length === wanted) continue;
      // Fewer than asked for: the queues are empty. The tasks that just came go first, then the wait for more.
      if (claimed.length > 0) await nextTurn();
      await this.#store.waitForMessages(this.#queues, this.#stop.signal);
    }
  }

  #room(): number {
    const unread = Math.max(0, MAX_UNREAD - this.#ready.size);
    if (this.#noAck || this.#prefetch === 0) return unread;
    if (!this.#wantsMore(this.#held)) return 0;
    return Math.max(0, this.#prefetch - this.#held);
  }

  #claim(max: number): Promise<readonly ClaimedMessage[]> {
    return this.#noAck ? this.#store.takeAndForget(this.#queues, max) : this.#store.take(this.#queues, max);
  }

  #hand(claimed: readonly ClaimedMessage[]): void {
    if (!this.#noAck) this.#held += claimed.length;
    const Delivered = this.#noAck || this.#store.park === undefined ? QueueDelivery : ParkableDelivery;
    this.#ready.push(claimed.map((message) => new Delivered(message, this)));
  }

  /** Notes how a delivery ended; what is noted until more is wanted, and in one turn of the event loop, reaches the store in one call. */
  settle(settlement: Settlement): void {
    if (this.#noAck) return;
    this.#held -= 1;
    this.#heldBack.push(settlement);
    const canWait = this.#isClaiming || !this.#wantsMore(this.#held);
    if (this.#stop.signal.aborted || !canWait) this.#sendHeldBack();
    else this.#holdBackTimer ??= setTimeout(() => this.#sendHeldBack(), HOLD_BACK_MS);
  }

  #sendHeldBack(): void {
    clearTimeout(this.#holdBackTimer);
    this.#holdBackTimer = undefined;
    for (const settlement of this.#heldBack) void this.#settlements.add(settlement);
    this.#heldBack = [];
  }

  async #flush(settlements: readonly Settlement[]): Promise<void> {
    this.#wake();
    const tags = (wanted: "ack" | "requeue"): readonly string[] =>
      settlements.flatMap((settlement) => (settlement.verdict === wanted ? [settlement.tag] : []));
    const claims = settlements.flatMap((settlement) =>
      settlement.verdict === "park" ? [settlement.claim] : [],
    );
    try {
      await Promise.all([
        claims.length < settlements.length ? this.#store.settle(tags("ack"), tags("requeue")) : undefined,
        claims.length > 0 ? this.#store.park?.(claims) : undefined,
      ]);
    } catch (error) {
      this.#onWarning(`${settlements.length} acknowledgements did not reach the broker`, error);
    }
  }

  #wake(): void {
    const wake = this.#wakePump;
    this.#wakePump = undefined;
    wake?.();
  }

  setPrefetch(count: number): void {
    this.#prefetch = count;
    this.#wake();
  }

  async close(): Promise<void> {
    if (!this.#stop.signal.aborted) {
      this.#stop.abort();
      this.#wake();
      await this.#pump;
      const unread = this.#ready.end() as QueueDelivery[];
      this.#held -= unread.length;
      if (!this.#noAck)
        await this.#store.release(unread.map((delivery) => delivery.tag)).catch(() => undefined);
    }
    this.#sendHeldBack();
    await this.#settlements.idle();
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly Delivery[]> {
    return this.#ready[Symbol.asyncIterator]();
  }
}

function always(): boolean {
  return true;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface Settler {
  settle(settlement: Settlement): void;
}

class QueueDelivery implements Delivery {
  readonly queue: string;
  readonly message: WireMessage | undefined;
  readonly malformed: Error | undefined;
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
  readonly previousDeliveries: number | undefined;
  /** The store keeps claims across reconnects, so a delivery is never lost while the process lives. */
  readonly lost = false;
  readonly tag: string;
  readonly #payload: string;
  readonly #settler: Settler;
  #settled = false;

  constructor(claimed: ClaimedMessage, settler: Settler) {
    const envelope = tryReadEnvelope(claimed.payload);
    const read = envelope instanceof DecodeError ? undefined : envelope;
    this.queue = claimed.queue;
    this.message = read?.message;
    this.malformed = envelope instanceof DecodeError ? envelope : undefined;
    this.exchange = read?.route.exchange ?? "";
    this.routingKey = read?.route.routingKey ?? claimed.queue;
    this.redelivered = read?.redelivered ?? false;
    this.previousDeliveries = claimed.previousDeliveries;
    this.tag = claimed.tag;
    this.#payload = claimed.payload;
    this.#settler = settler;
  }

  get rawBytes(): Uint8Array {
    return Buffer.from(this.#payload);
  }

  ack(): void {
    this.settle({ verdict: "ack", tag: this.tag });
  }

  reject({ requeue }: { readonly requeue: boolean }): void {
    this.settle({ verdict: requeue ? "requeue" : "ack", tag: this.tag });
  }

  /** Once only. */
  protected settle(settlement: Settlement): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#settler.settle(settlement);
  }
}

/** A delivery of a store that can park. */
class ParkableDelivery extends QueueDelivery {
  park(untilMs: number): void {
    const { tag, queue } = this;
    const priority = clampPriority(this.message?.properties.priority);
    this.settle({ verdict: "park", claim: { tag, queue, priority, untilMs } });
  }
}

function tryReadEnvelope(payload: string): Envelope | DecodeError {
  try {
    return readEnvelope(payload);
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
}

const NOT_SETTLED: Settler = { settle: () => undefined };

/** A consumer of one fanout queue: messages exist only while it listens, and need no acknowledgement. */
export function createBroadcastConsumer(store: QueueStore, queue: QueueSpec): Consumer {
  const ready: PushQueue<Delivery> = createPushQueue();
  const exchange = queue.exchange?.name ?? "";
  const onPayload = (payload: string): void => {
    if (ready.size >= MAX_UNREAD) return;
    const claimed = { queue: queue.name, payload, tag: "", previousDeliveries: undefined };
    ready.push([new QueueDelivery(claimed, NOT_SETTLED)]);
  };
  const subscribe = store.subscribe?.bind(store);
  const subscription: Promise<Subscription | undefined> = Promise.resolve(
    subscribe?.(exchange, queue.routingKey ?? "", onPayload),
  ).catch((error: unknown) => {
    ready.fail(toError(error));
    return undefined;
  });
  return {
    setPrefetch: () => undefined,
    async close() {
      ready.end();
      await (await subscription)?.close().catch(() => undefined);
    },
    [Symbol.asyncIterator]: () => ready[Symbol.asyncIterator](),
  };
}
