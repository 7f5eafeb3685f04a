/**
 * `amqp://`, `amqps://`: RabbitMQ, over amqplib. What can go wrong with one publish, one declaration or one consumer costs
 * a channel at most; see amqp/publisher.ts, amqp/topology.ts and amqp/consumer.ts.
 */
import { connect as connectAmqp, credentials, type SocketOptions } from "amqplib/callback_api";
import { BrokerError, type Route, type WireMessage } from "../protocol/index.ts";
import { type Channel, type Model, openChannel, tapWire, type Wire } from "./amqp/amqplib.ts";
import { AmqpConsumer } from "./amqp/consumer.ts";
import { brokerText, replyCode, toBrokerError } from "./amqp/errors.ts";
import { type Liveness, watchLiveness } from "./amqp/liveness.ts";
import { type AmqpOptions, readOptions, toTlsOptions } from "./amqp/options.ts";
import { Parker } from "./amqp/parker.ts";
import { Publisher } from "./amqp/publisher.ts";
import { Topology } from "./amqp/topology.ts";
import { type AmqpAddress, parseAmqpUrl } from "./amqp/url.ts";
import type {
  Connection,
  ConsumeOptions,
  Consumer,
  ExchangeSpec,
  QueueFacts,
  QueueSpec,
  Transport,
  TransportCapabilities,
  TransportFactory,
  TransportOptions,
} from "./transport.ts";

const CAPABILITIES: TransportCapabilities = {
  exchangeTypes: ["direct", "topic", "fanout"],
  eventExchangeType: "topic",
  priorityOrder: "high-first",
  nativeAck: true,
  confirms: true,
  nativeDelay: true,
};

/** How long close() waits for the broker's answers once nothing is left to confirm. */
const CLOSE_TIMEOUT_MS = 2000;

/** First version of RabbitMQ that limits subscriptions only, never a channel. */
const FIRST_WITHOUT_SHARED_CREDIT = 4;
const NOT_IMPLEMENTED = 540;

/** What one transport's connections learn about its broker. */
interface Knowledge {
  /** Set when the broker refused to limit a channel: the queue is a quorum queue though nobody said so. */
  refusesSharedCredit: boolean;
}

const createAmqpTransport: TransportFactory = (options: TransportOptions): Transport => {
  const address = parseAmqpUrl(options.url);
  const amqpOptions = readOptions(options.transportOptions, address);
  const knowledge: Knowledge = { refusesSharedCredit: false };
  return {
    name: "amqp",
    capabilities: CAPABILITIES,
    connect: ({ timeoutMs }) =>
      connectWithin(timeoutMs, address, amqpOptions, (model) => {
        const { onWarning } = options;
        return new AmqpConnection(model, { ...amqpOptions, knowledge, loginUser: address.user, onWarning });
      }),
  };
};

export default createAmqpTransport;

interface ConnectionOptions extends AmqpOptions {
  readonly knowledge: Knowledge;
  readonly loginUser: string;
  readonly onWarning: (message: string, error?: unknown) => void;
}

class AmqpConnection implements Connection {
  readonly capabilities: TransportCapabilities = CAPABILITIES;
  readonly ended: Promise<Error | undefined>;
  readonly #model: Model;
  readonly #wire: Wire;
  readonly #options: ConnectionOptions;
  readonly #topology: Topology;
  readonly #publisher: Publisher;
  /** For messages that nobody has to receive: the broker neither confirms nor returns them. */
  readonly #optionalPublisher: Publisher;
  readonly #parker: Parker;
  readonly #consumers = new Set<AmqpConsumer>();
  readonly #liveness: Liveness;
  #closing: Promise<void> | undefined;
  #lost: Error | undefined;

  constructor(model: Model, options: ConnectionOptions) {
    this.#model = model;
    this.#options = options;
    this.#wire = tapWire(model);
    this.#topology = new Topology(model, options.delayedQueueType);
    this.#publisher = this.#createPublisher(true);
    this.#optionalPublisher = this.#createPublisher(false);
    this.#parker = new Parker({
      prepare: (queue) => this.#topology.declareParking(queue),
      publish: (message, route) => this.#publisher.publish(message, route),
      onWarning: options.onWarning,
    });
    this.ended = new Promise((resolve) => {
      model.on("error", (error: Error) => {
        this.#lost = error;
      });
      model.on("close", (error?: Error) => resolve(this.#onClose(error)));
    });
    this.#liveness = this.#watchLiveness();
  }

  #createPublisher(confirms: boolean): Publisher {
    const { confirmTimeoutMs, maxUnconfirmed, loginUser } = this.#options;
    return new Publisher({
      model: this.#model,
      confirms,
      timeoutMs: confirmTimeoutMs,
      maxWaiting: maxUnconfirmed,
      loginUser,
      onUnroutable: () => this.#topology.forget(),
    });
  }

  #watchLiveness(): Liveness {
    let channel: Channel | undefined;
    const liveness = watchLiveness({
      intervalMs: this.#options.livenessMs,
      takeArrived: () => this.#wire.takeArrived(),
      // basic.qos needs no permission and changes nothing on a channel without consumers.
      ask: () => void channel?.prefetch(0),
      onSilent: (silentMs) => this.#wire.destroy(new Error(`RabbitMQ was silent for ${silentMs} ms`)),
    });
    openChannel<Channel>(
      (done) => this.#model.createChannel(done),
      () => {
        channel = undefined;
      },
    ).then(
      (opened) => {
        channel = opened;
      },
      () => undefined,
    );
    this.#model.on("blocked", (reason: string) => {
      // RabbitMQ reads nothing from a connection that it blocks.
      liveness.setPaused(true);
      for (const publisher of [this.#publisher, this.#optionalPublisher]) publisher.setBlocked(reason);
    });
    this.#model.on("unblocked", () => {
      liveness.setPaused(false);
      for (const publisher of [this.#publisher, this.#optionalPublisher]) publisher.setBlocked(undefined);
    });
    return liveness;
  }

  #onClose(error: Error | undefined): Error | undefined {
    const cause = error ?? this.#lost ?? new Error("the connection was closed");
    if (replyCode(cause) === NOT_IMPLEMENTED) this.#options.knowledge.refusesSharedCredit = true;
    const lost = new BrokerError(
      "broker_unavailable",
      `The connection to RabbitMQ ended: ${brokerText(cause)}.`,
      {
        cause,
      },
    );
    for (const publisher of [this.#publisher, this.#optionalPublisher]) publisher.end(lost);
    this.#liveness.stop();
    // Frees the socket even when the other end does not answer.
    this.#wire.destroy();
    return this.#closing === undefined ? lost : undefined;
  }

  #unlessClosed<Result>(run: () => Promise<Result>): Promise<Result> {
    if (this.#closing === undefined) return run();
    return Promise.reject(new BrokerError("closed", "The broker connection is closed."));
  }

  declareQueue(queue: QueueSpec): Promise<void> {
    return this.#unlessClosed(() => this.#topology.declareQueue(queue));
  }

  declareExchange(exchange: ExchangeSpec): Promise<void> {
    return this.#unlessClosed(() => this.#topology.declareExchange(exchange));
  }

  declareDelays(queues: readonly QueueSpec[]): Promise<void> {
    return this.#unlessClosed(async () => {
      for (const queue of queues) await this.#topology.declareDelays(queue);
    });
  }

  publish(message: WireMessage, route: Route): Promise<void> {
    const publisher = route.optional === true ? this.#optionalPublisher : this.#publisher;
    return this.#unlessClosed(() => publisher.publish(message, route));
  }

  consume(queues: readonly QueueSpec[], options: ConsumeOptions): Consumer {
    const { knowledge, detectQuorumQueues, onWarning } = this.#options;
    const { version } = this.#model.connection.serverProperties;
    const consumer = new AmqpConsumer({
      ...options,
      model: this.#model,
      queues,
      sharesCredit:
        Number.parseInt(version, 10) < FIRST_WITHOUT_SHARED_CREDIT && !knowledge.refusesSharedCredit,
      detectQuorumQueues,
      parker: this.#parker,
      onWarning,
      onGone: () => this.#consumers.delete(consumer),
    });
    this.#consumers.add(consumer);
    return consumer;
  }

  queueSize(queue: string): Promise<number> {
    return this.#unlessClosed(() => this.#topology.queueSize(queue));
  }

  queueFacts(queue: string): Promise<QueueFacts> {
    return this.#unlessClosed(() => this.#topology.queueFacts(queue));
  }

  purgeQueue(queue: string): Promise<number> {
    return this.#unlessClosed(() => this.#topology.purgeQueue(queue));
  }

  deleteQueue(queue: string): Promise<void> {
    return this.#unlessClosed(() => this.#topology.deleteQueue(queue));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // amqplib sends connection.close past whatever its channels still buffer, so they close first.
    const finish = async (): Promise<void> => {
      // What is published there must be acknowledged, or it would be there twice.
      await this.#parker.stop();
      await Promise.all([...this.#consumers].map((consumer) => consumer.shut()));
      await Promise.all([this.#publisher.close(), this.#optionalPublisher.close()]);
      this.#liveness.stop();
      this.#model.close();
      await this.ended;
    };
    const limitMs = this.#options.confirmTimeoutMs + CLOSE_TIMEOUT_MS;
    const timer = setTimeout(() => this.#wire.destroy(new Error("RabbitMQ did not answer in time")), limitMs);
    await finish();
    clearTimeout(timer);
  }
}

/** Rejects with BrokerError: `broker_refused` for a wrong login or vhost, else `broker_unavailable`. */
async function connectWithin<Opened>(
  timeoutMs: number,
  address: AmqpAddress,
  options: AmqpOptions,
  open: (model: Model) => Opened,
): Promise<Opened> {
  const { host, port, vhost } = address;
  const where = {
    protocol: options.ssl === undefined ? "amqp" : "amqps",
    // As py-amqp does: "localhost" may mean an IPv6 address that RabbitMQ does not listen on.
    hostname: host === "localhost" ? "127.0.0.1" : host,
    port,
    // amqplib decodes it once more.
    vhost: encodeURIComponent(vhost),
    heartbeat: options.heartbeatSeconds,
  };
  const socket = {
    ...(options.ssl !== undefined && (await toTlsOptions(options.ssl, host))),
    // Without it every small frame may wait 40 ms for the acknowledgement of the one before.
    noDelay: true,
    keepAlive: true,
    timeout: timeoutMs,
    credentials: credentialsOf(address, options),
  };
  const action = `Cannot connect to RabbitMQ at ${host}:${port}`;
  return await new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(new BrokerError("broker_unavailable", `${action}: no answer within ${timeoutMs} ms.`));
    }, timeoutMs);
    connectAmqp(where, socket, (error: Error | null, model) => {
      clearTimeout(timer);
      if (error) return reject(connectError(action, error, vhost));
      // At once, so that no event of the connection finds nobody listening.
      if (!isLate) return resolve(open(model));
      model.on("error", () => undefined);
      model.close();
    });
  });
}

function credentialsOf(
  { user, password }: AmqpAddress,
  { loginMethod }: AmqpOptions,
): NonNullable<SocketOptions["credentials"]> {
  if (loginMethod === "EXTERNAL") return credentials.external();
  return loginMethod === "PLAIN" ? credentials.plain(user, password) : credentials.amqplain(user, password);
}

function connectError(action: string, error: Error, vhost: string): Error {
  // amqplib does not pass on why the broker closed in answer to connection.open.
  if (!error.message.includes("Expected ConnectionOpenOk; got <ConnectionClose"))
    return toBrokerError(action, error);
  const text = `${action}: the vhost "${vhost}" does not exist, or the user may not use it.`;
  return new BrokerError("broker_refused", text, { cause: error });
}
