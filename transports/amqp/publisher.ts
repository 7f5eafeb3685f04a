/**
 * Publishes over one channel, in order. With confirms a publish ends when the broker confirms it, returns it, refuses it,
 * or when the deadline passes: never later. Without, it ends when the message is handed to the socket. While the broker
 * takes nothing (its memory alarm, a full socket) messages wait here.
 */
import type { Options } from "amqplib/callback_api";
import { BrokerError, EncodeError, type Route, toError, type WireMessage } from "../../protocol/index.ts";
import {
  type Channel,
  closeChannel,
  type Message,
  type Model,
  openChannel,
  propertiesOf,
  publishOn,
} from "./amqplib.ts";
import { brokerText, replyCode, toBrokerError } from "./errors.ts";
import { shortString, toBuffer, toPublishOptions } from "./publish-options.ts";

export interface PublisherOptions {
  readonly model: Model;
  /** Wait for the broker, and let it return what no queue takes. */
  readonly confirms: boolean;
  /** For how long a publish may wait, from the call on. */
  readonly timeoutMs: number;
  /** Publishes that may wait at once; more are refused. */
  readonly maxWaiting: number;
  readonly loginUser: string;
  /** Told when a message found no queue: what was declared may be gone. */
  readonly onUnroutable: () => void;
}

/** One publish on its way; a node of the list of all of them, in order. */
interface Pending {
  readonly message: WireMessage;
  readonly route: Route;
  readonly options: Options.Publish;
  readonly deadlineMs: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  next: Pending | undefined;
  isSent: boolean;
  isDone: boolean;
  /** Why the broker returned it; the confirm that ends it comes afterwards. */
  returned: string | undefined;
}

/** amqplib's words for basic.nack; its other error is that the channel closed. */
const NACKED = "message nacked";

export class Publisher {
  readonly #options: PublisherOptions;
  #channel: Channel | undefined;
  #isOpening = false;
  /** True until amqplib's buffer has drained. */
  #isFull = false;
  #blocked: string | undefined;
  #ended: Error | undefined;
  #waiting = 0;
  /** Head and tail of the list, and the first message in it that is not sent yet. The head is never done. */
  #oldest: Pending | undefined;
  #newest: Pending | undefined;
  #unsent: Pending | undefined;
  #lastReturned: Pending | undefined;
  #timer: NodeJS.Timeout | undefined;
  #onIdle: (() => void)[] = [];

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  publish(message: WireMessage, route: Route): Promise<void> {
    return new Promise((resolve, reject) => {
      const { timeoutMs, maxWaiting, loginUser } = this.#options;
      if (this.#ended !== undefined) throw toBrokerError("Not published", this.#ended);
      if (this.#waiting >= maxWaiting) throw tooMany(maxWaiting);
      shortString(route.exchange, "exchange name");
      shortString(route.routingKey, "routing key");
      const options = toPublishOptions(message, loginUser);
      const deadlineMs = performance.now() + timeoutMs;
      const state = { next: undefined, isSent: false, isDone: false, returned: undefined };
      this.#append({ message, route, options, deadlineMs, resolve, reject, ...state });
      this.#flush();
    });
  }

  /** While the broker blocks publishers nothing is sent; `undefined` ends that. */
  setBlocked(reason: string | undefined): void {
    this.#blocked = reason;
    this.#flush();
  }

  /** Resolves when nothing waits any more, which the deadline bounds. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting === 0) resolve();
      else this.#onIdle.push(resolve);
    });
  }

  /** Resolves when the broker has everything that was sent. */
  async close(): Promise<void> {
    await this.idle();
    if (this.#channel !== undefined) await closeChannel(this.#channel);
  }

  /** The connection is gone: whatever still waits fails. */
  end(error: Error): void {
    this.#ended = error;
    clearTimeout(this.#timer);
    this.#failAll((pending) => lostError(pending, error));
  }

  #append(pending: Pending): void {
    if (this.#newest === undefined) this.#oldest = pending;
    else this.#newest.next = pending;
    this.#newest = pending;
    this.#unsent ??= pending;
    this.#waiting += 1;
    if (this.#timer === undefined) this.#armTimer(this.#options.timeoutMs);
  }

  /** Sends what may be sent. */
  #flush(): void {
    while (this.#unsent !== undefined && this.#blocked === undefined && !this.#isFull) {
      if (this.#channel === undefined) return void this.#open();
      const pending = this.#unsent;
      this.#unsent = pending.next;
      if (!pending.isDone) this.#send(this.#channel, pending);
    }
  }

  #send(channel: Channel, pending: Pending): void {
    const { message, route, options } = pending;
    const { confirms } = this.#options;
    const fields = { exchange: route.exchange, routingKey: route.routingKey, mandatory: confirms };
    const done = confirms ? (error: Error | null) => this.#confirmed(pending, error) : undefined;
    try {
      this.#isFull = !publishOn(channel, fields, options, toBuffer(message.body), done);
      pending.isSent = true;
      if (done === undefined) this.#finish(pending);
    } catch (error) {
      this.#finish(pending, sendError(error));
    }
  }

  #confirmed(pending: Pending, error: Error | null): void {
    if (pending.isDone) return;
    if (error === null)
      this.#finish(pending, pending.returned === undefined ? undefined : unroutable(pending));
    else if (error.message === NACKED) this.#finish(pending, nacked(pending));
    // Else the channel closed: #channelClosed knows why.
  }

  async #open(): Promise<void> {
    if (this.#isOpening) return;
    this.#isOpening = true;
    const { model, confirms } = this.#options;
    const onClosed = (cause: Error | undefined): void => this.#channelClosed(cause);
    try {
      const channel = confirms
        ? await openChannel((done) => model.createConfirmChannel(done), onClosed)
        : await openChannel((done) => model.createChannel(done), onClosed);
      channel.on("drain", () => {
        this.#isFull = false;
        this.#flush();
      });
      channel.on("return", (message: Message) => this.#returned(message));
      this.#channel = channel;
    } catch (error) {
      this.#failAll((pending) => lostError(pending, toError(error)));
    } finally {
      this.#isOpening = false;
    }
    this.#flush();
  }

  /** The broker says nothing about the other messages on the channel, so nobody knows what became of them. */
  #channelClosed(cause: Error | undefined): void {
    if (this.#channel === undefined) return;
    this.#channel = undefined;
    this.#isFull = false;
    const missing =
      replyCode(cause) === 404 ? /no exchange '(.*)' in vhost/.exec(brokerText(cause))?.[1] : undefined;
    const lost: Pending[] = [];
    for (let pending = this.#oldest; pending?.isSent; pending = pending.next)
      if (!pending.isDone) lost.push(pending);
    for (const pending of lost) {
      if (pending.route.exchange === missing) this.#finish(pending, noExchange(missing));
      else if (cause !== undefined && lost.length === 1)
        this.#finish(pending, toBrokerError("Not published", cause));
      else this.#finish(pending, lostError(pending, cause ?? new Error("the connection was lost")));
    }
    if (missing !== undefined) this.#options.onUnroutable();
    this.#flush();
  }

  /** Messages come back in the order they were sent, and nothing on the wire says which one it is: the first alike it is. */
  #returned(message: Message): void {
    const { exchange, routingKey } = message.fields;
    const { correlationId } = propertiesOf(message).toMessage(message.content).properties;
    const first = this.#lastReturned === undefined ? this.#oldest : this.#lastReturned.next;
    for (let pending = first; pending?.isSent; pending = pending.next) {
      const { route, options } = pending;
      if (pending.isDone || route.exchange !== exchange || route.routingKey !== routingKey) continue;
      if (options.correlationId !== correlationId || !message.content.equals(pending.message.body)) continue;
      pending.returned = String((message.fields as { readonly replyText?: unknown }).replyText);
      this.#lastReturned = pending;
      this.#options.onUnroutable();
      return;
    }
  }

  #finish(pending: Pending, error?: Error): void {
    pending.isDone = true;
    this.#waiting -= 1;
    if (pending === this.#lastReturned) this.#lastReturned = undefined;
    while (this.#oldest?.isDone) this.#oldest = this.#oldest.next;
    if (this.#oldest === undefined) {
      this.#newest = undefined;
      this.#unsent = undefined;
    }
    if (error === undefined) pending.resolve();
    else pending.reject(error);
    if (this.#waiting === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #failAll(toFailure: (pending: Pending) => Error): void {
    while (this.#oldest !== undefined) this.#finish(this.#oldest, toFailure(this.#oldest));
  }

  /** One timer for all: deadlines are in the order of the list. */
  #armTimer(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const nowMs = performance.now();
      while (this.#oldest !== undefined && this.#oldest.deadlineMs <= nowMs)
        this.#finish(this.#oldest, this.#tooLate(this.#oldest));
      if (this.#oldest !== undefined) this.#armTimer(this.#oldest.deadlineMs - nowMs);
    }, delayMs);
    this.#timer.unref();
  }

  #tooLate(pending: Pending): BrokerError {
    const limit = `within ${this.#options.timeoutMs} ms`;
    if (pending.isSent) {
      const text = `RabbitMQ did not confirm the message ${limit}; it may or may not have it.`;
      return new BrokerError("broker_unconfirmed", text);
    }
    const reason =
      this.#blocked === undefined ? "its socket is full" : `it blocks publishers: ${this.#blocked}`;
    return new BrokerError("broker_unavailable", `RabbitMQ did not take the message ${limit}; ${reason}.`);
  }
}

/** amqplib throws TypeError and RangeError for what it cannot encode, and its own error when the channel has closed. */
function sendError(error: unknown): Error {
  if (!(error instanceof TypeError || error instanceof RangeError))
    return toBrokerError("Not published", error);
  return new EncodeError(`AMQP cannot carry the message: ${error.message}.`, { cause: error });
}

function tooMany(limit: number): BrokerError {
  return new BrokerError(
    "broker_refused",
    `${limit} messages wait for RabbitMQ already; publish more slowly.`,
  );
}

function unroutable({ route, returned }: Pending): BrokerError {
  const where = route.exchange === "" ? `queue "${route.routingKey}"` : `exchange "${route.exchange}"`;
  const how = route.exchange === "" ? "" : ` with routing key "${route.routingKey}"`;
  const fix = "Declare the queue, and its binding, first.";
  return new BrokerError(
    "unroutable",
    `No queue took the message sent to ${where}${how} (${returned}). ${fix}`,
  );
}

function noExchange(exchange: string): BrokerError {
  return new BrokerError("unroutable", `There is no exchange "${exchange}". Declare it first.`);
}

function nacked({ route }: Pending): BrokerError {
  const text = `RabbitMQ refused the message for "${route.routingKey}" (basic.nack): its queue is full or failed.`;
  return new BrokerError("broker_refused", text);
}

function lostError(pending: Pending, cause: Error): BrokerError {
  if (!pending.isSent) return toBrokerError("Not published", cause);
  const text = `The channel closed before RabbitMQ confirmed the message; it may or may not have it: ${brokerText(cause)}.`;
  return new BrokerError("broker_unconfirmed", text, { cause });
}
