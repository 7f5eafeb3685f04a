/**
 * A broker connection that outlives its connections: it reconnects with back-off, walks a failover list, declares again
 * what was declared and consumes again what was consumed. Drivers know one life only; this is written once for all.
 */
import { BrokerError, CelerityError, type Route, toError, type WireMessage } from "../protocol/index.ts";
import { backoffMs, type FailoverStrategy, nextInLine } from "./failover.ts";
import { createPushQueue, type PushQueue } from "./push-queue.ts";
import type {
  BrokerEpoch,
  Connection,
  ConsumeOptions,
  Consumer,
  Delivery,
  ExchangeSpec,
  QueueFacts,
  QueueSpec,
  Transport,
  TransportCapabilities,
} from "./transport.ts";

export interface ReconnectingOptions {
  /** In failover order; at least one. */
  readonly transports: readonly Transport[];
  readonly strategy: FailoverStrategy;
  /** Time for one attempt to connect. */
  readonly connectTimeoutMs: number;
  /** Longest a publish or a question waits for a connection, in all. */
  readonly deadlineMs: number;
  /** Attempts in a row before giving up; null never gives up. */
  readonly maxRetries: number | null;
  /** False ends it with its first life. Default true. */
  readonly retry?: boolean;
  /** False ends it when no broker answers the first attempt. Default true. */
  readonly retryOnStartup?: boolean;
  readonly onWarning: (message: string, error?: unknown) => void;
  /** Called on every new life of the connection, with the number of lives so far. */
  readonly onConnected?: (life: number) => void;
  /** Called when a life ended that nobody closed. */
  readonly onLost?: () => void;
}

/** Publishes that may wait for a connection; more are refused at once, so that memory stays bounded. */
const MAX_WAITING = 10_000;
/** Wait before a consumer that ended by itself is opened again. */
const REOPEN_MS = 500;

/** Connects in the background; calls wait for the first life up to `deadlineMs`. */
export function createReconnectingConnection(options: ReconnectingOptions): ReconnectingConnection {
  return new ReconnectingConnection(options);
}

export class ReconnectingConnection implements Connection {
  readonly ended: Promise<Error | undefined>;
  readonly #options: ReconnectingOptions;
  readonly #queues = new Map<string, QueueSpec>();
  readonly #exchanges = new Map<string, ExchangeSpec>();
  readonly #delayed = new Map<string, QueueSpec>();
  readonly #consumers = new Set<ReconnectingConsumer>();
  readonly #waiting = new Set<() => void>();
  #life: Connection | undefined;
  #connectedAtMs = 0;
  #lastError: Error | undefined;
  #closing: Promise<void> | undefined;
  readonly #keeper: Promise<void>;

  constructor(options: ReconnectingOptions) {
    this.#options = options;
    let end: (error: Error | undefined) => void = () => undefined;
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.#keeper = this.#keepConnected().then(
      () => end(undefined),
      (error: unknown) => {
        const last = toError(error);
        this.#lastError = last;
        this.#wakeAll();
        for (const consumer of this.#consumers) consumer.fail(last);
        end(last);
      },
    );
  }

  get capabilities(): TransportCapabilities {
    const transport = this.#options.transports[0];
    if (transport === undefined) throw new CelerityError("bad_config", "There is no broker URL.");
    return this.#life?.capabilities ?? transport.capabilities;
  }

  /** True while a connection is up. */
  get connected(): boolean {
    return this.#life !== undefined;
  }

  /** When the newest connection came up. Milliseconds since 1970; 0 before the first. */
  get connectedAtMs(): number {
    return this.#connectedAtMs;
  }

  /** Resolves when a connection is up, however long that takes; rejects when there will be none (maxRetries, close). */
  async untilConnected(): Promise<void> {
    let over = false;
    const ended = this.ended.then(() => {
      over = true;
    });
    while (this.#life === undefined && !over) {
      await Promise.race([ended, new Promise<void>((resolve) => this.#waiting.add(resolve))]);
    }
    if (this.#life === undefined) throw this.#unavailable();
  }

  async #keepConnected(): Promise<void> {
    let line: readonly Transport[] = this.#options.transports;
    let failures = 0;
    let lives = 0;
    while (this.#closing === undefined) {
      const [transport] = line;
      if (transport === undefined) throw new CelerityError("bad_config", "There is no broker URL.");
      try {
        const life = await transport.connect({ timeoutMs: this.#options.connectTimeoutMs });
        lives += 1;
        failures = 0;
        await this.#live(life, lives);
      } catch (error) {
        failures += 1;
        if (!this.#mayRetry(lives, failures)) throw error;
        this.#noteFailure(transport, toError(error), failures);
        line = nextInLine(line, this.#options.strategy);
        if (failures % this.#options.transports.length === 0) await this.#pause(backoffMs(failures));
      }
    }
  }

  /** Each broker of the list has its turn before the first connection is given up. */
  #mayRetry(lives: number, failures: number): boolean {
    const { transports, retry = true, retryOnStartup = true } = this.#options;
    return lives === 0 ? retryOnStartup || failures < transports.length : retry;
  }

  #noteFailure(transport: Transport, error: Error, failures: number): void {
    this.#lastError = error;
    const { maxRetries } = this.#options;
    if (maxRetries !== null && failures > maxRetries) throw error;
    // The first failure and then every tenth: enough to see, not enough to fill a disk.
    if (failures % 10 === 1)
      this.#options.onWarning(`Cannot connect to ${transport.name}; trying again`, error);
  }

  /** Serves one life until it ends; throws what ended it, unless that was close(). */
  async #live(life: Connection, lives: number): Promise<void> {
    try {
      for (const exchange of this.#exchanges.values())
        await this.#unlessRefused(life.declareExchange(exchange));
      for (const queue of this.#queues.values()) await this.#unlessRefused(life.declareQueue(queue));
      const delayed = [...this.#delayed.values()];
      if (delayed.length > 0) await this.#unlessRefused(life.declareDelays?.(delayed));
    } catch (error) {
      await life.close().catch(() => undefined);
      throw error;
    }
    // Closed while it connected: close() does not know this life.
    if (this.#closing !== undefined) return life.close();
    this.#life = life;
    this.#connectedAtMs = Date.now();
    this.#options.onConnected?.(lives);
    for (const consumer of this.#consumers) consumer.attach(life);
    this.#wakeAll();
    const error = await life.ended;
    this.#life = undefined;
    for (const consumer of this.#consumers) consumer.detach();
    if (this.#closing === undefined) {
      this.#options.onLost?.();
      await life.close().catch(() => undefined);
      throw error ?? new BrokerError("broker_unavailable", "The broker closed the connection.");
    }
  }

  /**
   * One refusal must not keep all else from working: a broker that has not missed the last life yet still locks its
   * exclusive queues, for minutes. Their consumers are opened again and again until it works.
   */
  async #unlessRefused(declared: Promise<void> | undefined): Promise<void> {
    try {
      await declared;
    } catch (error) {
      if (!(error instanceof BrokerError) || error.code !== "broker_refused") throw error;
      this.#options.onWarning("Declared before, and refused now; the connection goes on without it", error);
    }
  }

  /** Waits, but not past close(). */
  async #pause(durationMs: number): Promise<void> {
    const deadlineAtMs = Date.now() + durationMs;
    while (this.#closing === undefined) {
      const leftMs = deadlineAtMs - Date.now();
      if (leftMs <= 0) return;
      await this.#nextChange(leftMs);
    }
  }

  #wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
    this.#waiting.clear();
  }

  /** The present life, or the next one when it comes before the deadline. */
  async #whenConnected(deadlineAtMs: number): Promise<Connection> {
    if (this.#waiting.size >= MAX_WAITING) {
      throw new BrokerError(
        "broker_unavailable",
        `The broker is away and ${MAX_WAITING} calls wait for it already.`,
      );
    }
    while (this.#life === undefined) {
      const leftMs = deadlineAtMs - Date.now();
      if (this.#closing !== undefined) throw new BrokerError("closed", "The broker connection is closed.");
      if (leftMs <= 0) throw this.#unavailable();
      await this.#nextChange(leftMs);
    }
    return this.#life;
  }

  #nextChange(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      this.#waiting.add(done);
    });
  }

  #unavailable(): BrokerError {
    const reason = this.#lastError === undefined ? "no answer yet" : this.#lastError.message;
    return new BrokerError("broker_unavailable", `The broker cannot be reached: ${reason}`, {
      cause: this.#lastError,
    });
  }

  /** Runs a call on the present life, and again on the next while the connection is what failed. */
  async #call<Result>(run: (life: Connection) => Promise<Result>): Promise<Result> {
    const deadlineAtMs = Date.now() + this.#options.deadlineMs;
    for (;;) {
      const life = this.#life ?? (await this.#whenConnected(deadlineAtMs));
      try {
        return await run(life);
      } catch (error) {
        const lost = error instanceof BrokerError && error.code === "broker_unavailable";
        if (!lost || Date.now() >= deadlineAtMs) throw error;
        if (this.#life === life) await this.#nextChange(Math.min(100, deadlineAtMs - Date.now()));
      }
    }
  }

  publish(message: WireMessage, route: Route): Promise<void> {
    return this.#call((life) => life.publish(message, route));
  }

  async declareQueue(queue: QueueSpec): Promise<void> {
    await this.#call((life) => life.declareQueue(queue));
    this.#queues.set(queue.name, queue);
  }

  async declareExchange(exchange: ExchangeSpec): Promise<void> {
    await this.#call((life) => life.declareExchange(exchange));
    this.#exchanges.set(exchange.name, exchange);
  }

  async declareDelays(queues: readonly QueueSpec[]): Promise<void> {
    await this.#call(async (life) => life.declareDelays?.(queues));
    for (const queue of queues) this.#delayed.set(queue.name, queue);
  }

  consume(queues: readonly QueueSpec[], options: ConsumeOptions): Consumer {
    const consumer = new ReconnectingConsumer(queues, options, {
      onClosed: () => this.#consumers.delete(consumer),
      reopen: () => this.#reopen(consumer, queues),
    });
    this.#consumers.add(consumer);
    if (this.#life !== undefined) consumer.attach(this.#life);
    return consumer;
  }

  /** A consumer ended though the connection lives (a channel error, a deleted queue): declare and consume again. */
  async #reopen(consumer: ReconnectingConsumer, queues: readonly QueueSpec[], failures = 0): Promise<void> {
    const life = this.#life;
    await this.#pause(REOPEN_MS + (failures === 0 ? 0 : backoffMs(failures)));
    if (life === undefined || this.#life !== life || this.#closing !== undefined) return;
    try {
      for (const queue of queues) await life.declareQueue(queue);
      consumer.attach(life);
    } catch (error) {
      if (failures % 10 === 0) this.#options.onWarning("Cannot consume; trying again", error);
      await this.#reopen(consumer, queues, failures + 1);
    }
  }

  /** undefined where the broker has no such thing. */
  epoch(): Promise<BrokerEpoch | undefined> {
    return this.#call(async (life) => life.epoch?.());
  }

  queueSize(queue: string): Promise<number> {
    return this.#call((life) => life.queueSize(queue));
  }

  queueFacts(queue: string): Promise<QueueFacts> {
    return this.#call(
      async (life) => (await life.queueFacts?.(queue)) ?? { ready: await life.queueSize(queue) },
    );
  }

  peekQueue(
    queue: string,
    range: { readonly offset: number; readonly limit: number },
  ): Promise<readonly (WireMessage | undefined)[] | undefined> {
    return this.#call(async (life) => life.peekQueue?.(queue, range));
  }

  purgeQueue(queue: string): Promise<number> {
    return this.#call((life) => life.purgeQueue(queue));
  }

  async deleteQueue(queue: string): Promise<void> {
    this.#queues.delete(queue);
    this.#delayed.delete(queue);
    await this.#call((life) => life.deleteQueue(queue));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()));
    this.#wakeAll();
    await this.#life?.close();
    await this.#keeper;
  }
}

interface ConsumerOwner {
  onClosed(): void;
  reopen(): Promise<void>;
}

/** Feeds one iteration from one life's consumer after another. */
class ReconnectingConsumer implements Consumer {
  readonly #queues: readonly QueueSpec[];
  readonly #owner: ConsumerOwner;
  readonly #deliveries: PushQueue<Delivery> = createPushQueue();
  #options: ConsumeOptions;
  #inner: Consumer | undefined;
  #closed = false;

  constructor(queues: readonly QueueSpec[], options: ConsumeOptions, owner: ConsumerOwner) {
    this.#queues = queues;
    this.#options = options;
    this.#owner = owner;
  }

  attach(life: Connection): void {
    if (this.#closed) return;
    const inner = life.consume(this.#queues, this.#options);
    this.#inner = inner;
    void this.#forward(inner);
  }

  detach(): void {
    this.#inner = undefined;
  }

  async #forward(inner: Consumer): Promise<void> {
    try {
      for await (const batch of inner) this.#deliveries.push(batch);
    } catch {
      // Either the connection ends too, and says why there, or the consumer is opened again below.
    }
    if (!this.#closed && this.#inner === inner) await this.#owner.reopen();
  }

  /** There will be no further life: the iteration ends with the reason. */
  fail(error: Error): void {
    this.#deliveries.fail(error);
  }

  setPrefetch(count: number): void {
    this.#options = { ...this.#options, prefetch: count };
    this.#inner?.setPrefetch(count);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#inner?.close();
    // Read from the broker, never handed on: they go back.
    for (const delivery of this.#deliveries.end()) delivery.reject({ requeue: true });
    this.#owner.onClosed();
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly Delivery[]> {
    return this.#deliveries[Symbol.asyncIterator]();
  }
}
