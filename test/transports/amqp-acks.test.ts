import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { Acks, Held } from "../../transports/amqp/acks.ts";
import type { Channel, Message } from "../../transports/amqp/amqplib.ts";

/** Keeps a broker's books about one channel. */
class ChannelBooks {
  readonly unsettled = new Set<number>();
  readonly acked = new Set<number>();
  readonly rejected = new Set<number>();
  frames = 0;

  readonly channel = {
    ack: ({ fields }: Message, allUpTo = false): void => {
      this.frames += 1;
      if (!this.unsettled.has(fields.deliveryTag)) throw new Error("unknown delivery tag");
      const tags = allUpTo
        ? [...this.unsettled].filter((tag) => tag <= fields.deliveryTag)
        : [fields.deliveryTag];
      for (const tag of tags) this.#settle(tag, this.acked);
    },
    reject: ({ fields }: Message): void => {
      this.frames += 1;
      if (!this.unsettled.has(fields.deliveryTag)) throw new Error("unknown delivery tag");
      this.#settle(fields.deliveryTag, this.rejected);
    },
  } as unknown as Channel;

  deliver(tag: number): Held {
    this.unsettled.add(tag);
    return new Held({ fields: { deliveryTag: tag } } as Message);
  }

  #settle(tag: number, how: Set<number>): void {
    this.unsettled.delete(tag);
    how.add(tag);
  }
}

test("what is settled reaches the broker as it was settled, and nothing else does", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom("ack", "reject"), pick: fc.nat() }),
    fc.record({ do: fc.constantFrom("deliver", "flush"), pick: fc.nat() }),
  );
  void fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const books = new ChannelBooks();
      const acks = new Acks(books.channel, () => undefined);
      const held: Held[] = [];
      const acked: number[] = [];
      const rejected: number[] = [];
      let lastTag = 0;
      for (const { do: action, pick } of steps) {
        if (action === "flush") acks.flush();
        else if (action === "deliver" || held.length === 0) {
          lastTag += 1;
          const delivery = books.deliver(lastTag);
          acks.hold(delivery);
          held.push(delivery);
        } else {
          const [delivery] = held.splice(pick % held.length, 1) as [Held];
          (action === "ack" ? acked : rejected).push(delivery.raw.fields.deliveryTag);
          if (action === "ack") acks.ack(delivery);
          else acks.reject(delivery, true);
        }
      }
      acks.flush();
      expect([...books.acked].toSorted()).toEqual(acked.toSorted());
      expect([...books.rejected].toSorted()).toEqual(rejected.toSorted());
      expect(acks.count).toBe(held.length);
    }),
  );
});

test("deliveries settled together take one frame", async () => {
  const books = new ChannelBooks();
  const acks = new Acks(books.channel, () => undefined);
  const held = Array.from({ length: 1000 }, (_, at) => books.deliver(at + 1));
  for (const delivery of held) acks.hold(delivery);
  for (const delivery of held.toReversed()) acks.ack(delivery);
  await new Promise((resolve) => setImmediate(resolve));
  expect(books.frames).toBe(1);
  expect(books.acked.size).toBe(1000);
});

test("acknowledgements wait for company while the reader has enough to do, but not for long", async () => {
  const books = new ChannelBooks();
  const acks = new Acks(
    books.channel,
    () => undefined,
    (held) => held <= 1,
  );
  const held = [1, 2, 3, 4].map((tag) => books.deliver(tag));
  for (const delivery of held) acks.hold(delivery);
  const ackNext = async (): Promise<void> => {
    const delivery = held.shift();
    if (delivery !== undefined) acks.ack(delivery);
    await new Promise((resolve) => setImmediate(resolve));
  };
  await ackNext();
  await ackNext();
  await ackNext();
  expect([...books.acked]).toEqual([1, 2, 3]);
  expect(books.frames).toBeLessThanOrEqual(2);
  for (const tag of [5, 6, 7]) acks.hold(books.deliver(tag));
  await ackNext();
  await vi.waitFor(() => expect([...books.acked]).toEqual([1, 2, 3, 4]));
});

test("once the channel is gone nothing is sent", () => {
  const books = new ChannelBooks();
  const acks = new Acks(books.channel, () => undefined);
  const [first, second] = [books.deliver(1), books.deliver(2)];
  acks.hold(first);
  acks.hold(second);
  acks.ack(first);
  acks.die();
  acks.reject(second, true);
  acks.flush();
  expect(books.frames).toBe(0);
  expect(acks.isDead).toBe(true);
});
