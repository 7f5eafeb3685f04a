/** What every {@link QueueStore} must do; a driver's test calls {@link testQueueStore} with a way to open its store. */
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import type { ClaimedMessage, ClaimToPark, QueueStore, StoreEntry } from "../transports/queue-store.ts";
import { cleanUp } from "./clean-up.ts";

/** An empty broker that several stores meet on, as several processes would. */
export interface QueueStorePlace {
  /** Opens a store for another process. */
  open(): Promise<QueueStore>;
  /** Ends a store as kill -9 does: nothing is given back. Absent where claims die with the process. */
  abandon?(store: QueueStore): Promise<void>;
}

/** Runs the suite; `createPlace` is called for each test. */
export function testQueueStore(name: string, createPlace: () => Promise<QueueStorePlace>): void {
  describe(`${name}: queue store contract`, () => {
    let place: QueueStorePlace;
    let store: QueueStore;
    let queue: string;

    const open = async (): Promise<QueueStore> => {
      const opened = await place.open();
      cleanUp(() => opened.close());
      return opened;
    };

    beforeEach(async () => {
      place = await createPlace();
      store = await open();
      queue = `contract-${randomUUID()}`;
    });

    test("serves messages in the order they were put", async () => {
      await store.put(entries(queue, "a", "b"));
      await store.put(entries(queue, "c"));
      const messages = await store.take([queue], 10);
      expect(bodies(messages)).toEqual(["a", "b", "c"]);
      expect(messages.map((message) => message.queue)).toEqual([queue, queue, queue]);
      expect(new Set(tags(messages)).size).toBe(3);
      for (const { previousDeliveries } of messages) expect([0, undefined]).toContain(previousDeliveries);
    });

    test("hands over the payload as it was put", async () => {
      const payload = `{"body": "é\\u00e9 \\"\\\\ 😀", "n": 123456789012345678901, "f": 1.0, "headers": {}, "properties": {}}`;
      await store.put([{ queue, payload, priority: 0 }]);
      expect((await store.take([queue], 1)).map((message) => message.payload)).toEqual([payload]);
    });

    test("takes no more than asked for", async () => {
      await store.put(entries(queue, "a", "b", "c"));
      expect(bodies(await store.take([queue], 2))).toEqual(["a", "b"]);
      expect(bodies(await store.take([queue], 2))).toEqual(["c"]);
      expect(await store.take([queue], 2)).toEqual([]);
    });

    test("serves the higher priority as its capabilities say", async () => {
      await store.put([
        ...entries(queue, "middle").map((entry) => ({ ...entry, priority: 5 })),
        ...entries(queue, "nine").map((entry) => ({ ...entry, priority: 9 })),
        ...entries(queue, "zero").map((entry) => ({ ...entry, priority: 0 })),
      ]);
      const order = {
        "low-first": ["zero", "middle", "nine"],
        "high-first": ["nine", "middle", "zero"],
        none: ["middle", "nine", "zero"],
      }[store.capabilities.priorityOrder];
      expect(bodies(await store.take([queue], 10))).toEqual(order);
    });

    test("forgets what is acknowledged", async () => {
      await store.put(entries(queue, "a", "b"));
      await store.settle(tags(await store.take([queue], 2)), []);
      await store.close();
      const later = await open();
      expect(await later.take([queue], 10)).toEqual([]);
      expect(await later.size(queue)).toBe(0);
    });

    test("ignores tags it does not know", async () => {
      await store.put(entries(queue, "a"));
      const [message] = await store.take([queue], 1);
      const tag = message?.tag ?? "";
      await store.settle([tag], []);
      await store.settle([tag], []);
      await store.settle([], [tag]);
      await store.release([tag]);
      expect(await store.size(queue)).toBe(0);
    });

    test("puts requeued messages at the back, and counts where it counts", async () => {
      await store.put(entries(queue, "a", "b"));
      await store.settle([], tags(await store.take([queue], 1)));
      const messages = await store.take([queue], 10);
      expect(bodies(messages)).toEqual(["b", "a"]);
      expect([1, undefined]).toContain(messages[1]?.previousDeliveries);
    });

    test("puts released messages at the front, in their order", async () => {
      await store.put(entries(queue, "a", "b", "c"));
      await store.release(tags(await store.take([queue], 2)));
      expect(bodies(await store.take([queue], 10))).toEqual(["a", "b", "c"]);
    });

    test("keeps a priority through requeue and release", async () => {
      const order = store.capabilities.priorityOrder;
      const urgent = order === "low-first" ? 0 : 9;
      const idle = order === "low-first" ? 9 : 0;
      await store.put([...entries(queue, "idle").map((entry) => withPriority(entry, idle))]);
      await store.settle([], tags(await store.take([queue], 1)));
      await store.put([...entries(queue, "urgent").map((entry) => withPriority(entry, urgent))]);
      await store.release(tags(await store.take([queue], 1)));
      const expected = order === "none" ? ["idle", "urgent"] : ["urgent", "idle"];
      expect(bodies(await store.take([queue], 10))).toEqual(expected);
    });

    test("lets no queue starve another", async () => {
      const [busy, quiet] = [`${queue}-busy`, `${queue}-quiet`];
      await store.put(entries(busy, ...Array.from({ length: 50 }, (_, at) => String(at))));
      await store.put(entries(quiet, "quiet"));
      const first = await store.take([busy, quiet], 5);
      const second = await store.take([busy, quiet], 5);
      expect([...first, ...second].map((message) => message.queue)).toContain(quiet);
    });

    test("gives each message to one of several stores", async () => {
      const other = await open();
      const all = Array.from({ length: 500 }, (_, at) => String(at).padStart(3, "0"));
      await store.put(entries(queue, ...all));
      const taken = await Promise.all(
        Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? store : other).take([queue], 50)),
      );
      expect(taken.flatMap(bodies).toSorted()).toEqual(all);
    });

    test("gives messages away for good without acknowledgement", async () => {
      await store.put(entries(queue, "a", "b"));
      expect(bodies(await store.takeAndForget([queue], 1))).toEqual(["a"]);
      expect(bodies(await store.takeAndForget([queue], 5))).toEqual(["b"]);
      await store.close();
      expect(await (await open()).size(queue)).toBe(0);
    });

    test("wakes a waiter when another process puts a message, on every queue and priority", async () => {
      const other = await open();
      const queues = [`${queue}-1`, `${queue}-2`, `${queue}-3`];
      for (const target of queues) {
        for (const priority of [0, 4, 9]) {
          expect(await store.take(queues, 1)).toEqual([]);
          const woken = store.waitForMessages(queues, new AbortController().signal);
          await other.put(entries(target, "x").map((entry) => ({ ...entry, priority })));
          await woken;
          expect((await takeOne(store, queues)).queue).toBe(target);
        }
      }
    });

    test("does not wait for what is there already", async () => {
      await store.put(entries(queue, "a"));
      await store.waitForMessages([queue], new AbortController().signal);
      expect(bodies(await store.take([queue], 1))).toEqual(["a"]);
    });

    test("stops waiting when it is told to", async () => {
      const stop = new AbortController();
      const waiting = store.waitForMessages([queue], stop.signal);
      stop.abort();
      await waiting;
      await store.waitForMessages([queue], AbortSignal.abort());
    });

    test("counts and purges what waits, not what is held", async () => {
      await store.put(
        [0, 3, 9].flatMap((priority) => entries(queue, "a", "b").map((entry) => ({ ...entry, priority }))),
      );
      const held = await store.take([queue], 1);
      expect(await store.size(queue)).toBe(5);
      expect(await store.purge(queue)).toBe(5);
      expect(await store.size(queue)).toBe(0);
      await store.release(tags(held));
      expect(await store.size(queue)).toBe(1);
      expect(await store.size(`${queue}-unknown`)).toBe(0);
      expect(await store.purge(`${queue}-unknown`)).toBe(0);
    });

    test("keeps bindings for every process", async () => {
      const other = await open();
      const exchange = `exchange-${randomUUID()}`;
      const binding = { exchange, routingKey: "media.*", pattern: "^media\\.[^\\.]+$", queue };
      await store.createQueue(queue);
      await store.bind(binding);
      await store.bind(binding);
      expect(await other.bindings(exchange)).toEqual([binding]);
      await store.createQueue(`${queue}-2`);
      await store.bind({ exchange, routingKey: "all", pattern: "", queue: `${queue}-2` });
      expect((await other.bindings(exchange)).map((row) => row.queue).toSorted()).toEqual([
        queue,
        `${queue}-2`,
      ]);
      expect(await other.bindings(`${exchange}-unknown`)).toEqual([]);
    });

    test("deletes a queue with its messages and bindings", async () => {
      const exchange = `exchange-${randomUUID()}`;
      await store.createQueue(queue);
      await store.bind({ exchange, routingKey: "k", pattern: "", queue });
      await store.put(entries(queue, "a"));
      await store.deleteQueue(queue);
      expect(await store.bindings(exchange)).toEqual([]);
      expect(await store.size(queue)).toBe(0);
      await store.deleteQueue(queue);
    });

    test("broadcasts to everybody who listens, where it offers that", async ({ skip }) => {
      const other = await open();
      if (store.broadcast === undefined || other.subscribe === undefined) return skip("no fanout");
      const exchange = `fanout-${randomUUID()}`;
      const heard = [collector(), collector()];
      const subscriptions = [];
      for (const { onPayload } of heard) subscriptions.push(await other.subscribe(exchange, "", onPayload));
      expect(await store.broadcast(exchange, "", '{"n": 1}')).toBe(true);
      for (const { next } of heard) expect(await next()).toEqual(['{"n": 1}', ""]);
      await subscriptions[0]?.close();
      await store.broadcast(exchange, "", '{"n": 2}');
      expect(await heard[1]?.next()).toEqual(['{"n": 2}', ""]);
      expect(heard[0]?.count()).toBe(1);
      await subscriptions[1]?.close();
      await subscriptions[1]?.close();
      expect(await store.broadcast(exchange, "", '{"n": 3}')).toBe(false);
    });

    test("gives back what it holds when it closes", async () => {
      await store.put(entries(queue, "a", "b", "c"));
      const [first] = await store.take([queue], 3);
      await store.settle([first?.tag ?? ""], []);
      await store.close();
      const later = await open();
      expect(bodies(await later.take([queue], 10))).toEqual(["b", "c"]);
    });

    test("shows messages in the order of service, and leaves them where they are, where it can", async ({
      skip,
    }) => {
      if (store.peek === undefined) skip("no looking");
      const priorities = [3, 0, 9, 0, 6, 9, 0];
      await store.put(
        priorities.map((priority, at) =>
          withPriority({ queue, payload: "", priority }, priority, String(at)),
        ),
      );
      const peek = async (offset: number, limit: number): Promise<readonly unknown[]> =>
        (await store.peek?.(queue, offset, limit))?.map(bodyOf) ?? [];
      const all = await peek(0, 100);
      expect(all).toHaveLength(priorities.length);
      for (const [offset, limit] of [
        [0, 1],
        [2, 3],
        [4, 100],
        [7, 1],
        [100, 5],
      ] as const) {
        expect(await peek(offset, limit)).toEqual(all.slice(offset, offset + limit));
      }
      expect(await store.peek?.(`${queue}-none`, 0, 10)).toEqual([]);
      expect(bodies(await store.take([queue], 100))).toEqual(all);
    });

    test("tells of a queue what it can", async ({ skip }) => {
      if (store.facts === undefined) skip("it tells the size only");
      await store.put(entries(queue, "a", "b", "c", "d"));
      const taken = await store.take([queue], 2);
      const other = await open();
      await other.take([`${queue}-other`], 1);
      expect(await other.facts?.(queue)).toMatchObject({ ready: 2 });
      const told = await other.facts?.(queue);
      expect([2, undefined]).toContain(told?.unacked);
      const [first] = taken;
      if (first !== undefined) await store.park?.([toPark(first, Date.now() + 60_000)]);
      const after = await other.facts?.(queue);
      expect([1, undefined]).toContain(after?.unacked);
      expect([1, undefined]).toContain(after?.scheduled);
      expect(await other.facts?.(`${queue}-none`)).toMatchObject({ ready: 0 });
    });

    describe("parking, where it is offered", () => {
      const inMs = (leftMs: number): number => Date.now() + leftMs;
      const park = (messages: readonly ClaimedMessage[], untilMs: number): Promise<void> | undefined =>
        store.park?.(messages.map((message) => toPark(message, untilMs)));

      beforeEach(({ skip }) => {
        if (store.park === undefined) skip("no parking");
      });

      test("keeps messages from everybody until they are due, and then gives them out as they were", async () => {
        const other = await open();
        const [entry] = entries(queue, "parked");
        await store.put([withPriority(entry as StoreEntry, 5)]);
        const [message] = await store.take([queue], 1);
        const untilMs = inMs(400);
        await park([message as ClaimedMessage], untilMs);
        expect(await other.size(queue)).toBe(0);
        expect(await other.take([queue], 10)).toEqual([]);
        const again = await takeOne(other, [queue]);
        expect(Date.now()).toBeGreaterThanOrEqual(untilMs);
        expect({ ...again, tag: "" }).toEqual({ ...message, tag: "" });
        await other.settle([again.tag], []);
        expect(await other.take([queue], 1)).toEqual([]);
      });

      test("does not change how often a message was delivered", async () => {
        await store.put(entries(queue, "a"));
        await store.settle([], tags(await store.take([queue], 1)));
        const [second] = await store.take([queue], 1);
        await park([second as ClaimedMessage], inMs(50));
        const third = await takeOne(store, [queue]);
        expect({ ...third, tag: "" }).toEqual({ ...second, tag: "" });
      });

      test("is over at once for a time that has passed", async () => {
        await store.put(entries(queue, "a"));
        await park(await store.take([queue], 1), inMs(-60_000));
        expect(bodies([await takeOne(store, [queue])])).toEqual(["a"]);
      });

      test("returns each message once, however many processes look", async () => {
        const others = [await open(), await open()];
        for (const other of others) await other.take([queue], 1);
        const all = Array.from({ length: 300 }, (_, at) => String(at).padStart(3, "0"));
        await store.put(entries(queue, ...all));
        await park(await store.take([queue], 300), inMs(100));
        const taken: ClaimedMessage[] = [];
        while (taken.length < all.length) {
          for (const each of [store, ...others]) taken.push(...(await each.take([queue], 50)));
          if (taken.length < all.length) await store.waitForMessages([queue], AbortSignal.timeout(50));
        }
        expect(bodies(taken).toSorted()).toEqual(all);
      });

      test("survives the process that parked, which did not hold it any more", async () => {
        const other = await open();
        expect(await other.take([queue], 1)).toEqual([]);
        await store.put(entries(queue, "a", "b"));
        const [a, b] = await store.take([queue], 2);
        await park([a as ClaimedMessage], inMs(300));
        await store.settle([b?.tag ?? ""], []);
        await (place.abandon === undefined ? store.close() : place.abandon(store));
        const again = await takeOne(other, [queue]);
        expect({ ...again, tag: "" }).toEqual({ ...a, tag: "" });
        expect(await other.take([queue], 1)).toEqual([]);
      });

      test("ignores what is not held", async () => {
        await store.put(entries(queue, "a"));
        const claimed = await store.take([queue], 1);
        await park(claimed, inMs(3_600_000));
        await park(claimed, inMs(0));
        await store.settle([], tags(claimed));
        await store.release(tags(claimed));
        expect(await store.take([queue], 1)).toEqual([]);
        await store.put(entries(queue, "b"));
        expect(bodies(await store.take([queue], 10))).toEqual(["b"]);
      });

      test("is over when the queue is purged or deleted", async () => {
        for (const empty of [
          async () => expect(await store.purge(queue)).toBe(3),
          () => store.deleteQueue(queue),
        ]) {
          await store.createQueue(queue);
          await store.put(entries(queue, "a", "b"));
          await park(await store.take([queue], 2), inMs(100));
          await store.put(entries(queue, "c"));
          await empty();
          await store.waitForMessages([queue], AbortSignal.timeout(300));
          expect(await store.take([queue], 10)).toEqual([]);
        }
      });
    });

    test("closes twice, says so, and then refuses", async () => {
      await Promise.all([store.close(), store.close()]);
      await store.close();
      expect(await store.ended).toBeUndefined();
      await expect(store.take([queue], 1)).rejects.toThrow();
      await expect(store.put(entries(queue, "a"))).rejects.toThrow();
    });

    test("gives the claims of a dead process to another, once and counted", async ({ skip }) => {
      if (place.abandon === undefined) return skip("claims die with the process");
      const other = await open();
      await store.put(entries(queue, "a", "b", "c", "d"));
      const claimed = await store.take([queue], 3);
      await store.settle([claimed[0]?.tag ?? ""], []);
      expect(bodies(await other.take([queue], 10))).toEqual(["d"]);
      await place.abandon(store);
      const returned: ClaimedMessage[] = [];
      while (returned.length < 2) returned.push(await takeOne(other, [queue]));
      expect(bodies(returned)).toEqual(["b", "c"]);
      for (const { previousDeliveries } of returned) expect([1, undefined]).toContain(previousDeliveries);
      expect(await other.take([queue], 10)).toEqual([]);
    });
  });
}

/** Envelopes with these bodies, as kombu writes them. */
export function entries(queue: string, ...texts: readonly string[]): readonly StoreEntry[] {
  return texts.map((body) => withPriority({ queue, payload: "", priority: 0 }, 0, body));
}

function withPriority(entry: StoreEntry, priority: number, body = String(bodyOf(entry.payload))): StoreEntry {
  const properties = {
    delivery_info: { exchange: "", routing_key: entry.queue },
    priority,
    delivery_tag: randomUUID(),
  };
  return { ...entry, priority, payload: JSON.stringify({ body, headers: {}, properties }) };
}

function bodyOf(payload: string): unknown {
  return payload === "" ? "" : JSON.parse(payload).body;
}

function toPark({ tag, queue, payload }: ClaimedMessage, untilMs: number): ClaimToPark {
  return { tag, queue, priority: JSON.parse(payload).properties.priority, untilMs };
}

/** The bodies of claimed messages. */
export function bodies(messages: readonly ClaimedMessage[]): readonly unknown[] {
  return messages.map((message) => bodyOf(message.payload));
}

export function tags(messages: readonly ClaimedMessage[]): readonly string[] {
  return messages.map((message) => message.tag);
}

/** Waits for a message, however often the store wakes for nothing. */
export async function takeOne(store: QueueStore, queues: readonly string[]): Promise<ClaimedMessage> {
  for (;;) {
    const [message] = await store.take(queues, 1);
    if (message !== undefined) return message;
    await store.waitForMessages(queues, new AbortController().signal);
  }
}

interface Collector {
  readonly onPayload: (payload: string, routingKey: string) => void;
  /** The next payload and routing key. */
  next(): Promise<readonly [string, string]>;
  count(): number;
}

function collector(): Collector {
  const heard: (readonly [string, string])[] = [];
  let read = 0;
  let wake = (): void => undefined;
  return {
    onPayload(payload, routingKey) {
      heard.push([payload, routingKey]);
      wake();
    },
    async next() {
      for (;;) {
        const found = heard[read];
        read += 1;
        if (found !== undefined) return found;
        read -= 1;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    count: () => heard.length,
  };
}
