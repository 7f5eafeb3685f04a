/**
 * Receives the events of workers and clients of any language. Source: celery/events/receiver.py of 5.7. An event without
 * a time or a clock gets ours; what is no event is left out, with a warning.
 */
import { decodeBody } from "../../codecs/index.ts";
import { ConfigurationError, DecodeError, isPlainObject } from "../../protocol/index.ts";
import type { Consumer, Delivery } from "../../transports/index.ts";
import type { App } from "../app.ts";
import { LamportClock } from "../lamport-clock.ts";
import { eventQueue } from "../monitor-queues.ts";
import { broadcast } from "../remote-control.ts";
import { type ClusterEvent, isName } from "./event.ts";

/** Of the messages that cannot be read, every so many'th is worth a warning. */
const WARN_EVERY = 100;

export interface EventReceiverOptions {
  readonly app: App;
  /** Called for every event, in the order in which the broker has them. What it throws is a warning. */
  readonly onEvent: (event: ClusterEvent) => void;
  /** Which events: `task.#`, `worker.heartbeat`; default `#`, all. Workers send those of tasks in batches, as `task.multi`. */
  readonly routingKey?: string;
  /** Ask all workers for a heartbeat, so that they are known at once; default true. */
  readonly wakeUp?: boolean;
}

export function createEventReceiver(options: EventReceiverOptions): EventReceiver {
  return new EventReceiver(options);
}

export class EventReceiver {
  readonly clock: LamportClock = new LamportClock();
  readonly #options: EventReceiverOptions;
  #consumer: Consumer | undefined;
  #listening: Promise<void> = Promise.resolve();
  #unreadable = 0;

  constructor(options: EventReceiverOptions) {
    this.#options = options;
  }

  /** Resolves when it listens. Throws ConfigurationError on brokers without events. */
  async start(): Promise<void> {
    const { app, routingKey = "#", wakeUp = true } = this.#options;
    const connection = await app.connection();
    const type = connection.capabilities.eventExchangeType;
    if (type === undefined) {
      throw new ConfigurationError(
        "This broker has no events: it cannot send one message to all who listen (RabbitMQ and Redis can).",
      );
    }
    const queue = eventQueue(app.settings, type, routingKey);
    await connection.declareQueue(queue);
    const consumer = connection.consume([queue], { prefetch: 0, noAck: true });
    this.#consumer = consumer;
    this.#listening = this.#listen(consumer).catch((error: unknown) => {
      app.onWarning("Events cannot be received any more", error);
    });
    if (wakeUp) await broadcast(app, "heartbeat", { connection });
  }

  /** Twice is fine. */
  async stop(): Promise<void> {
    await this.#consumer?.close();
    await this.#listening;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #listen(consumer: Consumer): Promise<void> {
    for await (const deliveries of consumer) for (const delivery of deliveries) await this.#take(delivery);
  }

  async #take(delivery: Delivery): Promise<void> {
    const { app, onEvent } = this.#options;
    let events: readonly unknown[];
    try {
      events = await readEvents(app, delivery);
    } catch (error) {
      return this.#onUnreadable(error);
    }
    for (const one of events) {
      const event = this.#toEvent(one);
      try {
        if (event !== undefined) onEvent(event);
      } catch (error) {
        app.onWarning("A listener of events failed", error);
      }
    }
  }

  /** undefined for what is no event. */
  #toEvent(given: unknown): ClusterEvent | undefined {
    if (!isPlainObject(given) || !isName(given["type"]) || !isName(given["hostname"])) {
      this.#onUnreadable(new DecodeError("bad_body", 'An event has "type" and "hostname", both texts.'));
      return undefined;
    }
    const now = Date.now() / 1000;
    return {
      ...given,
      type: given["type"],
      hostname: given["hostname"],
      clock: this.#adjustClock(given["type"], given["clock"]),
      timestamp: localTime(given["timestamp"], given["utcoffset"]) ?? now,
      local_received: now,
    };
  }

  /** Clients are never in step with the workers: their events count as just before now. */
  #adjustClock(type: string, theirs: unknown): number {
    const { clock } = this;
    if (type === "task-sent") {
      const before = (clock.value || 1) - 1;
      clock.adjust(before);
      return before;
    }
    if (typeof theirs !== "number" || !Number.isSafeInteger(theirs)) return clock.forward();
    clock.adjust(theirs);
    return theirs;
  }

  #onUnreadable(error: unknown): void {
    if (this.#unreadable % WARN_EVERY === 0) {
      this.#options.app.onWarning("An event cannot be read, and is left out", error);
    }
    this.#unreadable += 1;
  }
}

/** The events of a message: one, or a list of them. Rejects with DecodeError. */
async function readEvents({ codecs, settings }: App, delivery: Delivery): Promise<readonly unknown[]> {
  const { message, malformed } = delivery;
  if (message === undefined) throw malformed ?? new DecodeError("bad_envelope", "No message.");
  const body = await decodeBody(message, {
    codecs,
    accept: [settings.eventSerializer, "json"],
    limits: { maxBytes: settings.messageMaxBytes, maxDepth: settings.messageMaxDepth },
  });
  return Array.isArray(body) ? body : [body];
}

/** `utcoffset` is the sender's, in hours to the west. Source: celery/utils/time.py `adjust_timestamp`. */
function localTime(timestamp: unknown, utcoffset: unknown): number | undefined {
  if (typeof timestamp !== "number" || !Number.isFinite(timestamp)) return undefined;
  if (typeof utcoffset !== "number" || !Number.isFinite(utcoffset)) return timestamp;
  return timestamp - (utcoffset - new Date().getTimezoneOffset() / 60) * 3600;
}
