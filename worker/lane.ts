/**
 * A pool and the queues that feed it. A worker has one lane, or one for each kind of work (`--pool-for`), so that what
 * computes and what waits do not stand in each other's way.
 */
import type { Connection, Consumer, Delivery, QueueSpec } from "../transports/index.ts";
import type { Job } from "./job.ts";
import type { Pool } from "./pool.ts";
import type { Scheduler } from "./scheduler.ts";

export interface LaneOptions {
  readonly pool: Pool;
  readonly scheduler: Scheduler;
  readonly connection: Connection;
  /** Declared already. */
  readonly queues: readonly QueueSpec[];
  /** Messages held per slot of the pool; 0 means no limit. */
  readonly prefetchMultiplier: number;
  /** After a lost connection, hold fewer while tasks run that it had brought. */
  readonly reducesPrefetch: boolean;
  /** Tasks with an ETA that are held beside those. */
  readonly etaLimit: number;
  /** Tasks beside the pool that are held beside those. */
  readonly besideLimit: number;
  /** Takes what the broker hands out; the next batch comes when it resolves. */
  readonly onDeliveries: (deliveries: readonly Delivery[]) => Promise<void>;
  /** The connection cannot go on. */
  readonly onFailed: (error: unknown) => void;
}

export class Lane {
  readonly pool: Pool;
  readonly scheduler: Scheduler;
  readonly #options: LaneOptions;
  readonly #reading = new Set<Promise<void>>();
  #queues: readonly QueueSpec[];
  #consumer: Consumer | undefined;
  #prefetch = 0;
  /** Tasks that ran when the connection was lost. */
  #orphans: readonly Job[] = [];

  constructor(options: LaneOptions) {
    this.#options = options;
    this.pool = options.pool;
    this.scheduler = options.scheduler;
    this.#queues = options.queues;
  }

  /** Queues that are consumed now. */
  get queues(): readonly QueueSpec[] {
    return this.#queues;
  }

  /** Messages held at most; 0 means no limit. */
  get prefetch(): number {
    return this.#prefetch;
  }

  /** Begins to consume. */
  start(): void {
    this.#prefetch = this.#wantedPrefetch();
    if (this.#queues.length === 0) return;
    const consumer = this.#options.connection.consume(this.#queues, {
      prefetch: this.#prefetch,
      wantsMore: (held) => this.#wantsMore(held),
    });
    this.#consumer = consumer;
    const reading = this.#read(consumer).catch(this.#options.onFailed);
    this.#reading.add(reading);
    void reading.then(() => this.#reading.delete(reading));
  }

  async #read(consumer: Consumer): Promise<void> {
    for await (const deliveries of consumer) {
      await this.#options.onDeliveries(deliveries);
      this.adjustPrefetch();
    }
  }

  /** Consumes one queue more, which is declared already. */
  async addQueue(queue: QueueSpec): Promise<void> {
    if (this.#queues.some(({ name }) => name === queue.name)) return;
    await this.#setQueues([...this.#queues, queue]);
  }

  /** Consumes one queue less; what came from it is still run. */
  async cancelQueue(name: string): Promise<void> {
    await this.#setQueues(this.#queues.filter((queue) => queue.name !== name));
  }

  async #setQueues(queues: readonly QueueSpec[]): Promise<void> {
    const before = this.#consumer;
    this.#consumer = undefined;
    this.#queues = queues;
    this.start();
    await before?.close();
  }

  /** Makes room for so many more tasks, or fewer. */
  resize(by: number): void {
    this.pool.resize?.(by);
    this.adjustPrefetch();
    this.scheduler.fill();
  }

  /** A task that waits for its ETA must not take the place of one that could run. */
  adjustPrefetch(): void {
    const wanted = this.#wantedPrefetch();
    if (wanted === this.#prefetch) return;
    this.#prefetch = wanted;
    this.#consumer?.setPrefetch(wanted);
  }

  /** Tasks whose message the broker has taken back still keep their place in the pool. */
  onConnectionLost(): void {
    if (this.#options.reducesPrefetch)
      this.#orphans = [...this.scheduler.active].filter((job) => this.scheduler.takesPlace(job));
    this.adjustPrefetch();
  }

  /** A task has ended. */
  onEnd(): void {
    if (this.#orphans.length > 0) this.adjustPrefetch();
  }

  /** When half of what waits for the pool has gone: fetching each message by itself costs more than running a small task. */
  #wantsMore(held: number): boolean {
    const { size } = this.pool;
    const elsewhere = this.scheduler.scheduledCount + this.scheduler.besideCount;
    const forPool = this.#prefetch - elsewhere;
    return held - elsewhere <= size + Math.max(0, forPool - size) / 2;
  }

  #wantedPrefetch(): number {
    const { prefetchMultiplier, etaLimit, besideLimit } = this.#options;
    const forPool = Math.trunc(this.pool.size * prefetchMultiplier);
    if (forPool === 0) return 0;
    const { scheduledCount, besideCount } = this.scheduler;
    const elsewhere = Math.min(scheduledCount, etaLimit) + Math.min(besideCount, besideLimit);
    if (this.#orphans.length === 0) return forPool + elsewhere;
    this.#orphans = this.#orphans.filter((job) => job.delivery.lost && this.scheduler.active.has(job));
    const reduced = Math.trunc(forPool - this.#orphans.length * prefetchMultiplier);
    return Math.max(1, Math.ceil(prefetchMultiplier), reduced) + elsewhere;
  }

  /** Consumes no more; resolves when what was handed out has been taken in. */
  async stopConsuming(): Promise<void> {
    await this.#consumer?.close();
    await Promise.all(this.#reading);
  }

  /** Starts no further job and returns those that were not started. */
  stop(): readonly Job[] {
    return this.scheduler.stop();
  }
}
