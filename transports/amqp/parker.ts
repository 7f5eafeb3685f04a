/**
 * Parks deliveries in Celery's delayed delivery: publishes the message there, and acknowledges it once that is confirmed. A
 * crash between the two doubles the message, and never loses it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Route, WireMessage } from "../../protocol/index.ts";
import { delayedRoute, parkingKey, withoutExpiration } from "../native-delay.ts";
import type { Delivery, QueueSpec } from "../transport.ts";

export interface ParkerOptions {
  /** Makes the delays ready for a queue; soon done when they are. */
  readonly prepare: (queue: string) => Promise<void>;
  readonly publish: (message: WireMessage, route: Route) => Promise<void>;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** The two ends of parking. */
export interface Settle {
  ack(): void;
  giveBack(): void;
}

/** Pause before a message that could not be parked is tried again; it is held meanwhile. */
const RETRY_MS = 5000;
/** How long trouble with publishing is not reported again. */
const QUIET_MS = 60_000;

export class Parker {
  readonly #options: ParkerOptions;
  readonly #parking = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  /** The broker will have no delays in this life of the connection. */
  #isRefused = false;
  #warnedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ParkerOptions) {
    this.#options = options;
  }

  /** Whether what comes from a queue can be parked: it must be there when the message returns. */
  takes({ name, durable, exclusive, autoDelete, expiresMs }: QueueSpec): boolean {
    const isTemporary =
      durable === false || exclusive === true || autoDelete === true || expiresMs !== undefined;
    return !(this.#isRefused || isTemporary || parkingKey(name) === undefined);
  }

  /** Takes a delivery over; it stays unsettled until the broker has the copy. */
  park(delivery: Delivery, untilMs: number, settle: Settle): void {
    const parking = this.#park(delivery, untilMs, settle);
    this.#parking.add(parking);
    void parking.then(() => this.#parking.delete(parking));
  }

  async #park(delivery: Delivery, untilMs: number, settle: Settle): Promise<void> {
    const { message, queue } = delivery;
    const key = parkingKey(queue);
    if (message === undefined || key === undefined) return settle.giveBack();
    while (!delivery.lost && !this.#stop.signal.aborted) {
      if (!(await this.#isReady(queue))) return settle.giveBack();
      try {
        const route = delayedRoute(key, (untilMs - Date.now()) / 1000);
        await this.#options.publish(withoutExpiration(message), route);
        return settle.ack();
      } catch (error) {
        this.#warn(`Messages of ${queue} could not be parked; trying again`, error);
      }
      await sleep(RETRY_MS, undefined, { ref: false, signal: this.#stop.signal }).catch(() => undefined);
      if (untilMs <= Date.now()) return settle.giveBack();
    }
  }

  #warn(message: string, error: unknown): void {
    if (performance.now() - this.#warnedAtMs < QUIET_MS) return;
    this.#warnedAtMs = performance.now();
    this.#options.onWarning(message, error);
  }

  /** When it is not, messages are given back, and handed out again without park(). */
  async #isReady(queue: string): Promise<boolean> {
    try {
      await this.#options.prepare(queue);
      return true;
    } catch (error) {
      if (!this.#isRefused)
        this.#options.onWarning("RabbitMQ cannot keep tasks with an ETA; they are held in memory", error);
      this.#isRefused = true;
      return false;
    }
  }

  /** Resolves when what was published is settled; the rest goes back with its channel. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#parking);
  }
}
