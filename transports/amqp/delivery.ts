/** A delivery over amqplib's message. Its parts are read when somebody asks: a worker that drops it reads none. */
import { DecodeError, type WireMessage } from "../../protocol/index.ts";
import type { Delivery } from "../transport.ts";
import { type Acks, Held } from "./acks.ts";
import { type Message, propertiesOf } from "./amqplib.ts";

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

  get exchange(): string {
    return this.raw.fields.exchange;
  }

  get routingKey(): string {
    return this.raw.fields.routingKey;
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
      this.#content = propertiesOf(this.raw).toMessage(this.raw.content);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#content = error;
    }
    return this.#content;
  }
}
