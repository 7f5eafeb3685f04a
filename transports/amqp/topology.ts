/** Declares, asks about and removes queues and exchanges, one thing at a time on a channel that a refusal may cost. */
import type { Options, Replies } from "amqplib/callback_api";
import type { ExchangeSpec, QueueFacts, QueueSpec } from "../transport.ts";
import { type Channel, call, type Model, openChannel } from "./amqplib.ts";
import { bindToDelays, bindToParking, type DelayedQueueType, declareDelays } from "./delays.ts";
import { brokerText, replyCode, toBrokerError } from "./errors.ts";
import { shortString, toArguments } from "./publish-options.ts";

const NOT_FOUND = 404;
const PRECONDITION_FAILED = 406;

/** Exchanges that exist everywhere and cannot be declared; source: kombu/entity.py, INTERNAL_EXCHANGE_PREFIX. */
const INTERNAL_EXCHANGE = /^(amq\..*)?$/;

/** QueueSpec field to queue argument; source: kombu/transport/base.py, RABBITMQ_QUEUE_ARGUMENTS. */
const QUEUE_ARGUMENTS = [
  ["expiresMs", "x-expires"],
  ["messageTtlMs", "x-message-ttl"],
  ["maxPriority", "x-max-priority"],
  ["type", "x-queue-type"],
] as const;

export class Topology {
  readonly #model: Model;
  readonly #delayedQueueType: DelayedQueueType;
  #channel: Channel | undefined;
  #last: Promise<unknown> = Promise.resolve();
  /** What was declared in this life of the connection, by its specification. */
  readonly #declared = new Map<string, Promise<void>>();

  constructor(model: Model, delayedQueueType: DelayedQueueType) {
    this.#model = model;
    this.#delayedQueueType = delayedQueueType;
  }

  declareQueue(queue: QueueSpec): Promise<void> {
    const action = `Queue "${queue.name}" cannot be declared`;
    return this.#declareOnce(JSON.stringify(queue), action, async (channel) => {
      const { exchange, name } = queue;
      if (exchange !== undefined) await declareExchange(channel, exchange);
      await call<Replies.AssertQueue>((done) => channel.assertQueue(name, queueOptions(queue), done));
      if (exchange === undefined || exchange.name === "") return;
      const routingKey = shortString(
        queue.routingKey ?? (exchange.type === "fanout" ? "" : name),
        "routing key",
      );
      await call((done) => channel.bindQueue(name, exchange.name, routingKey, {}, done));
    });
  }

  declareExchange(exchange: ExchangeSpec): Promise<void> {
    const action = `Exchange "${exchange.name}" cannot be declared`;
    return this.#declareOnce(JSON.stringify(exchange), action, (channel) =>
      declareExchange(channel, exchange),
    );
  }

  /** Celery's delayed delivery, bound to a queue as Celery binds it. */
  async declareDelays(queue: QueueSpec): Promise<void> {
    await this.#declareDelays();
    const action = `Queue "${queue.name}" cannot be bound to the delayed delivery`;
    await this.#declareOnce(`delays:${JSON.stringify(queue)}`, action, (channel) =>
      bindToDelays(channel, queue),
    );
  }

  /** The same for what is parked. */
  async declareParking(queue: string): Promise<void> {
    await this.#declareDelays();
    const action = `Queue "${queue}" cannot be bound to the delayed delivery`;
    await this.#declareOnce(`parking:${queue}`, action, (channel) => bindToParking(channel, queue));
  }

  #declareDelays(): Promise<void> {
    const type = this.#delayedQueueType;
    const action = `The delayed delivery cannot be declared with ${type} queues`;
    return this.#declareOnce("delays", action, (channel) => declareDelays(channel, type));
  }

  /** Declare again when asked again: something that was declared may be gone. */
  forget(): void {
    this.#declared.clear();
  }

  async queueSize(queue: string): Promise<number> {
    return (await this.queueFacts(queue)).ready;
  }

  queueFacts(queue: string): Promise<QueueFacts> {
    const nothing = { ready: 0, consumers: 0 };
    return this.#unlessMissing(`The size of queue "${queue}" is unknown`, nothing, async (channel) => {
      const found = await call<Replies.AssertQueue>((done) => channel.checkQueue(queue, done));
      return { ready: found.messageCount, consumers: found.consumerCount };
    });
  }

  purgeQueue(queue: string): Promise<number> {
    return this.#unlessMissing(`Queue "${queue}" cannot be purged`, 0, async (channel) => {
      return (await call<Replies.PurgeQueue>((done) => channel.purgeQueue(queue, done))).messageCount;
    });
  }

  async deleteQueue(queue: string): Promise<void> {
    this.forget();
    await this.#unlessMissing(`Queue "${queue}" cannot be deleted`, 0, async (channel) => {
      return (await call<Replies.DeleteQueue>((done) => channel.deleteQueue(queue, {}, done))).messageCount;
    });
  }

  #declareOnce(key: string, action: string, declare: (channel: Channel) => Promise<void>): Promise<void> {
    const known = this.#declared.get(key);
    if (known !== undefined) return known;
    const declared = this.#run(declare).catch((error: unknown) => {
      this.#declared.delete(key);
      throw toBrokerError(action, error, hintFor(error));
    });
    this.#declared.set(key, declared);
    return declared;
  }

  async #unlessMissing<Answer>(
    action: string,
    nothing: Answer,
    ask: (channel: Channel) => Promise<Answer>,
  ): Promise<Answer> {
    try {
      return await this.#run(ask);
    } catch (error) {
      if (replyCode(error) === NOT_FOUND) return nothing;
      throw toBrokerError(action, error);
    }
  }

  /** One after the other, so that a refusal, which closes the channel, is told to the call that earned it. */
  #run<Result>(ask: (channel: Channel) => Promise<Result>): Promise<Result> {
    const result = this.#last.then(async () => ask(this.#channel ?? (await this.#open())));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #open(): Promise<Channel> {
    const channel = await openChannel<Channel>(
      (done) => this.#model.createChannel(done),
      () => {
        this.#channel = undefined;
      },
    );
    this.#channel = channel;
    return channel;
  }
}

async function declareExchange(channel: Channel, exchange: ExchangeSpec): Promise<void> {
  const { name, type, durable = true, autoDelete = false } = exchange;
  if (INTERNAL_EXCHANGE.test(name)) return;
  shortString(name, "exchange name");
  await call<Replies.AssertExchange>((done) =>
    channel.assertExchange(name, type, { durable, autoDelete }, done),
  );
}

function queueOptions(queue: QueueSpec): Options.AssertQueue {
  shortString(queue.name, "queue name");
  const values: Record<string, unknown> = { ...queue.arguments };
  for (const [field, argument] of QUEUE_ARGUMENTS)
    if (queue[field] !== undefined) values[argument] = queue[field];
  const { durable = true, exclusive = false, autoDelete = false } = queue;
  return { durable, exclusive, autoDelete, arguments: toArguments(values) };
}

function hintFor(error: unknown): string {
  if (replyCode(error) !== PRECONDITION_FAILED) return "";
  const argument = /inequivalent arg '([^']+)'/.exec(brokerText(error))?.[1];
  if (argument === undefined) return "";
  return `It exists with another "${argument}": declare it as it is, or delete it first.`;
}
