/** A consumer with a channel of its own: what goes wrong with it leaves the rest of the connection alone. */
import { BrokerError } from "../../protocol/index.ts";
import { isQuorumQueue } from "../native-delay.ts";
import { createPushQueue, type PushQueue } from "../push-queue.ts";
import type { ConsumeOptions, Consumer, Delivery, QueueSpec } from "../transport.ts";
import { Acks } from "./acks.ts";
import { type Channel, closeChannel, type Message, type Model, openChannel } from "./amqplib.ts";
import { type Credit, createSharedCredit, createSplitCredit } from "./credit.ts";
import { AmqpDelivery, ParkableDelivery } from "./delivery.ts";
import { toBrokerError } from "./errors.ts";
import type { Parker } from "./parker.ts";

export interface AmqpConsumerOptions extends ConsumeOptions {
  readonly model: Model;
  readonly queues: readonly QueueSpec[];
  /** Whether the broker can limit a channel as a whole. */
  readonly sharesCredit: boolean;
  /** It cannot where a queue is a quorum queue; false does not look. */
  readonly detectQuorumQueues: boolean;
  readonly parker: Parker;
  readonly onWarning: (message: string, error?: unknown) => void;
  /** Told when the channel is gone, and with it the last chance to settle. */
  readonly onGone: () => void;
}

export class AmqpConsumer implements Consumer {
  readonly #options: AmqpConsumerOptions;
  readonly #noAck: boolean;
  readonly #ready: PushQueue<Delivery> = createPushQueue();
  readonly #opened: Promise<void>;
  #prefetch: number;
  #channel: Channel | undefined;
  #credit: Credit | undefined;
  #acks: Acks | undefined;
  /** Deliveries of this turn of the event loop. */
  #batch: Delivery[] = [];
  #stopping: Promise<void> | undefined;
  #isStopped = false;
  #releasing: Promise<void> | undefined;
  #isGone = false;

  constructor(options: AmqpConsumerOptions) {
    this.#options = options;
    this.#noAck = options.noAck === true;
    this.#prefetch = this.#noAck ? 0 : options.prefetch;
    this.#opened = this.#open().catch((error: unknown) => this.#fail(error));
  }

  async #open(): Promise<void> {
    const { model, queues, sharesCredit, detectQuorumQueues } = this.#options;
    const channel = await openChannel(
      (done) => model.createChannel(done),
      (error) => this.#channelClosed(error),
    );
    this.#channel = channel;
    this.#acks = new Acks(channel, () => this.#settledAll(), this.#options.wantsMore);
    const prefetch = this.#prefetch;
    const hasQuorum = detectQuorumQueues && queues.some(isQuorumQueue);
    const createCredit = sharesCredit && !hasQuorum ? createSharedCredit : createSplitCredit;
    this.#credit = createCredit({
      channel,
      queues: queues.map(({ name }) => name),
      prefetch,
      noAck: this.#noAck,
      onMessage: (queue, message) => this.#take(queue, message),
    });
    await this.#credit.open();
    if (this.#prefetch !== prefetch) this.#applyPrefetch();
  }

  #take(queue: string, raw: Message | null): void {
    if (raw === null) {
      const reason = "it was deleted, or its node went away";
      this.#fail(
        new BrokerError(
          "broker_unavailable",
          `RabbitMQ ended the subscription to queue "${queue}": ${reason}.`,
        ),
      );
      return;
    }
    const delivery = this.#toDelivery(queue, raw);
    if (!this.#noAck) this.#acks?.hold(delivery);
    this.#batch.push(delivery);
    if (this.#batch.length === 1) setImmediate(() => this.#handOver());
  }

  #toDelivery(queue: string, raw: Message): AmqpDelivery {
    if (this.#noAck || this.#acks === undefined) return new AmqpDelivery(queue, raw, undefined);
    const { queues, parker } = this.#options;
    const canPark = queues.some((spec) => spec.name === queue && parker.takes(spec));
    if (!canPark) return new AmqpDelivery(queue, raw, this.#acks);
    return new ParkableDelivery(queue, raw, this.#acks, parker);
  }

  #handOver(): void {
    // What arrives while the subscriptions end is given back once they have: sooner, it would only come again.
    if (this.#stopping !== undefined) return;
    const batch = this.#batch;
    this.#batch = [];
    this.#ready.push(batch);
  }

  setPrefetch(count: number): void {
    if (this.#noAck || count === this.#prefetch) return;
    this.#prefetch = count;
    this.#applyPrefetch();
  }

  #applyPrefetch(): void {
    if (this.#stopping !== undefined) return;
    this.#credit?.set(this.#prefetch).catch((error: unknown) => {
      if (!this.#isGone) this.#options.onWarning("The prefetch count could not be changed", error);
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly Delivery[]> {
    return this.#ready[Symbol.asyncIterator]();
  }

  close(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await this.#opened;
    // Fails only when the channel is gone, and then there is nothing to stop.
    await this.#credit?.cancel().catch(() => undefined);
    this.#giveBack();
    this.#isStopped = true;
    this.#settledAll();
  }

  #giveBack(): void {
    const unread = [...this.#ready.end(), ...this.#batch];
    this.#batch = [];
    for (const delivery of unread) delivery.reject({ requeue: true });
  }

  #settledAll(): void {
    if (this.#isStopped && (this.#acks?.count ?? 0) === 0) void this.shut();
  }

  /** Closes for good: the broker gets what was settled, and takes back the rest. Twice is fine. */
  async shut(): Promise<void> {
    await this.close();
    this.#releasing ??= this.#release();
    await this.#releasing;
  }

  async #release(): Promise<void> {
    const channel = this.#channel;
    if (channel === undefined || this.#isGone) return;
    this.#acks?.flush();
    this.#acks?.die();
    await closeChannel(channel);
  }

  #channelClosed(error: Error | undefined): void {
    this.#isGone = true;
    this.#acks?.die();
    this.#options.onGone();
    if (this.#stopping === undefined) this.#fail(error ?? new Error("the connection was lost"));
  }

  /** Ends the iteration with the error; what it had already handed out stays settleable while the channel lives. */
  #fail(error: unknown): void {
    if (this.#stopping !== undefined) return;
    const names = this.#options.queues.map(({ name }) => `"${name}"`).join(", ");
    this.#giveBack();
    this.#ready.fail(toBrokerError(`Cannot consume from ${names}`, error));
    void this.close();
  }
}
