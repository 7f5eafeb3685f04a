/** A delivery over amqplib's message. Its parts are read when somebody asks: a worker that drops it reads none. */
import { DecodeError, type WireMessage } from "../../protocol/index.ts";
import { isDelayExchange, isParkingKey, withoutDelay } from "../native-delay.ts";
import type { Delivery } from "../transport.ts";
import { type Acks, Held } from "./acks.ts";
import { type Message, propertiesOf } from "./amqplib.ts";
import { withoutDelayNotes } from "./delays.ts";
import type { Parker } from "./parker.ts";

/** Quorum queues count deliveries in this header, from the second delivery on. */
const DELIVERY_COUNT = "x-delivery-count";

export class AmqpDelivery extends Held implements Delivery {
  readonly queue: string;
  /** undefined when the broker regards the message as settled already. */
  readonly #acks: Acks | undefined;
  #content: WireMessage | DecodeError | undefined = undefined;

  constructor(queue: string, raw: Message, acks: Acks | undefined) {
    super(raw);
    this.queue = queue;
    this.#acks = acks;
  }

  get message(): WireMessage | undefined {
    const content = this.#read();
    return content instanceof DecodeError ? undefined : content;
  }

  get malformed(): Error | undefined {
    const content = this.#read();
    return content instanceof DecodeError ? content : undefined;
  }

  get rawBytes(): Uint8Array {
    return this.raw.content;
  }

  /** A message that was parked came by way of its queue's name. */
  get exchange(): string {
    return this.#wasParked ? "" : this.raw.fields.exchange;
  }

  get routingKey(): string {
    if (this.#wasParked) return this.queue;
    const { routingKey } = this.raw.fields;
    return this.#wasDelayed ? withoutDelay(routingKey) : routingKey;
  }

  get #wasDelayed(): boolean {
    return isDelayExchange(this.raw.fields.exchange);
  }

  get #wasParked(): boolean {
    return this.#wasDelayed && isParkingKey(this.raw.fields.routingKey);
  }

  get redelivered(): boolean {
    return this.raw.fields.redelivered;
  }

  get previousDeliveries(): number | undefined {
    // A count that came with a first delivery was copied from another message.
    if (!this.redelivered) return 0;
    const count = this.message?.headers[DELIVERY_COUNT];
    return typeof count === "number" ? count : undefined;
  }

  get lost(): boolean {
    return this.#acks?.isDead === true;
  }

  ack(): void {
    this.#acks?.ack(this);
  }

  reject({ requeue }: { readonly requeue: boolean }): void {
    this.#acks?.reject(this, requeue);
  }

  #read(): WireMessage | DecodeError {
    if (this.#content !== undefined) return this.#content;
    try {
      const content = propertiesOf(this.raw).toMessage(this.raw.content);
      this.#content = this.#wasDelayed ? withoutDelayNotes(content) : content;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#content = error;
    }
    return this.#content;
  }
}

/** A delivery of a queue that parked messages can return to. */
export class ParkableDelivery extends AmqpDelivery {
  readonly #parker: Parker;
  /** The parker has it, and will settle it. */
  #isParking = false;

  constructor(queue: string, raw: Message, acks: Acks, parker: Parker) {
    super(queue, raw, acks);
    this.#parker = parker;
  }

  park(untilMs: number): void {
    if (this.isSettled || this.#isParking) return;
    this.#isParking = true;
    this.#parker.park(this, untilMs, {
      ack: () => super.ack(),
      giveBack: () => super.reject({ requeue: true }),
    });
  }

  override ack(): void {
    if (!this.#isParking) super.ack();
  }

  override reject(options: { readonly requeue: boolean }): void {
    if (!this.#isParking) super.reject(options);
  }
}
