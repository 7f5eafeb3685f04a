/**
 * Sends deliveries on to their queue. Brokers count how often a message was handed out, and a worker takes a high count for
 * deaths; what it gives back of its own accord must not add up, so a count above 0 travels with the message instead.
 */
import type { App } from "../app/index.ts";
import type { Delivery } from "../transports/index.ts";
import { previousDeliveries, withDeliveryCount } from "./deliveries.ts";
import type { SealCheck } from "./seal-check.ts";

export interface SenderOptions {
  readonly app: App;
  /** undefined: seals are not looked at. */
  readonly sealCheck: SealCheck | undefined;
  readonly onWarning: (message: string, error?: unknown) => void;
}

export interface Sender {
  /** Sends the message to the end of its queue with this count of deliveries, and forgets the delivery. */
  sendAgain(delivery: Delivery, count: number): void;
  /** The same, but it comes again after a pause where the broker can keep it so long. */
  sendLater(delivery: Delivery, count: number): void;
  /** Gives the message back though nothing died of it. */
  giveBack(delivery: Delivery): void;
  /** Resolves when everything is sent. */
  idle(): Promise<void>;
}

/** How long a message is kept that comes again later, in milliseconds. */
const PAUSE_MS = 2000;

export function createSender({ app, sealCheck, onWarning }: SenderOptions): Sender {
  const running = new Set<Promise<void>>();

  const send = async (delivery: Delivery, count: number): Promise<void> => {
    if (delivery.lost) return;
    if (delivery.message === undefined) return delivery.reject({ requeue: true });
    const connection = await app.connection();
    const message = withDeliveryCount(delivery.message, count);
    // It goes out with the seal that it came with.
    await sealCheck?.released(delivery);
    await connection.publish(message, { exchange: "", routingKey: delivery.queue });
    delivery.ack();
  };

  const park = async (delivery: Delivery): Promise<void> => {
    if (await (sealCheck?.released(delivery) ?? true)) delivery.park?.(Date.now() + PAUSE_MS);
    else delivery.reject({ requeue: true });
  };

  const track = (delivery: Delivery, work: Promise<void>): void => {
    const sending = work.catch((error: unknown) => {
      onWarning(`A message of ${delivery.queue} could not be sent again; it goes back to its queue`, error);
      delivery.reject({ requeue: true });
    });
    running.add(sending);
    void sending.finally(() => running.delete(sending));
  };

  return {
    sendAgain: (delivery, count) => track(delivery, send(delivery, count)),
    sendLater(delivery, count) {
      // The broker's own count starts anew while it keeps a message, so that count must be in its header first.
      const isNoted = !delivery.redelivered && delivery.park !== undefined;
      track(delivery, isNoted ? park(delivery) : send(delivery, count));
    },
    giveBack(delivery) {
      const count = previousDeliveries(delivery);
      if (count > 0) track(delivery, send(delivery, count));
      else delivery.reject({ requeue: true });
    },
    async idle() {
      await Promise.all(running);
    },
  };
}
