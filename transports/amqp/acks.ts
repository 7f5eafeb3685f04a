/**
 * Settles deliveries of one channel with few frames: at the end of a turn of the event loop, all that was acknowledged
 * below the oldest delivery still held goes in one multiple acknowledgement, the rest one by one.
 */
import type { Channel, Message } from "./amqplib.ts";

/** A delivery that waits to be settled; a node of the list of all of them, in the order of their delivery tags. */
export class Held {
  readonly raw: Message;
  older: Held | undefined = undefined;
  newer: Held | undefined = undefined;
  isSettled = false;

  constructor(raw: Message) {
    this.raw = raw;
  }
}

/** An acknowledgement waits for company no longer than this. */
const HOLD_BACK_MS = 5;

export class Acks {
  readonly #channel: Channel;
  readonly #wantsMore: (held: number) => boolean;
  /** Told when the last delivery that was held is settled. */
  readonly #onIdle: () => void;
  #oldest: Held | undefined;
  #newest: Held | undefined;
  #acked: Held[] = [];
  #count = 0;
  #isDead = false;
  #isAsked = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(channel: Channel, onIdle: () => void, wantsMore: (held: number) => boolean = () => true) {
    this.#channel = channel;
    this.#onIdle = onIdle;
    this.#wantsMore = wantsMore;
  }

  /** Deliveries not settled yet. */
  get count(): number {
    return this.#count;
  }

  /** True once the channel is gone, and the broker has taken back all that was not settled. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** The channel is gone; settling is in vain from now on. */
  die(): void {
    this.#isDead = true;
    this.#acked = [];
    this.#oldest = undefined;
    this.#newest = undefined;
    this.#count = 0;
  }

  /** Takes a delivery over; they come in the order of their tags. */
  hold(held: Held): void {
    held.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = held;
    else this.#newest.newer = held;
    this.#newest = held;
    this.#count += 1;
  }

  ack(held: Held): void {
    if (!this.#release(held)) return;
    this.#acked.push(held);
    if (this.#isAsked) return;
    this.#isAsked = true;
    setImmediate(() => this.#flushIfWanted());
  }

  /** The broker sends more for what it is told is done: while the reader has enough to do, that can wait. */
  #flushIfWanted(): void {
    this.#isAsked = false;
    if (this.#wantsMore(this.#count)) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), HOLD_BACK_MS);
  }

  /** Sent at once, so that no multiple acknowledgement can overtake it. */
  reject(held: Held, requeue: boolean): void {
    if (!this.#release(held)) return;
    this.#channel.reject(held.raw, requeue);
    this.#noteIdle();
  }

  /** Sends the acknowledgements noted so far. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const acked = this.#acked;
    if (acked.length === 0) return;
    this.#acked = [];
    const firstHeld = this.#oldest?.raw.fields.deliveryTag ?? Number.POSITIVE_INFINITY;
    let last: Held | undefined;
    for (const held of acked) {
      const { deliveryTag } = held.raw.fields;
      if (deliveryTag > firstHeld) this.#channel.ack(held.raw);
      else if (last === undefined || deliveryTag > last.raw.fields.deliveryTag) last = held;
    }
    if (last !== undefined) this.#channel.ack(last.raw, true);
    this.#noteIdle();
  }

  #release(held: Held): boolean {
    if (held.isSettled || this.#isDead) return false;
    held.isSettled = true;
    if (held.older === undefined) this.#oldest = held.newer;
    else held.older.newer = held.newer;
    if (held.newer === undefined) this.#newest = held.older;
    else held.newer.older = held.older;
    held.older = undefined;
    held.newer = undefined;
    this.#count -= 1;
    return true;
  }

  #noteIdle(): void {
    if (this.#count === 0 && this.#acked.length === 0) this.#onIdle();
  }
}
