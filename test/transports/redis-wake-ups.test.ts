import type { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { openRedis, parseRedisUrl } from "../../stores/redis.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { bodies, entries, takeOne } from "../../testing/queue-store.ts";
import { listKeys, readLayout } from "../../transports/redis/layout.ts";
import { WakeUps } from "../../transports/redis/wake-ups.ts";
import { redisUrl, startRedis } from "../helpers/services.ts";
import { redisPlace } from "./redis-place.ts";

async function connect(url: string): Promise<Redis> {
  const { client } = await openRedis(parseRedisUrl(url), { timeoutMs: 5000, role: "broker" });
  cleanUp(async () => client.disconnect());
  return client;
}

const layout = readLayout({ globalKeyprefix: "p:" }, 0);
const queues = ["first", "second", "third"];
const lists = queues.flatMap((queue) => listKeys(layout, queue));

/** Its waits end by a notification or not at all, within the test. */
async function wakeUps(url: string): Promise<WakeUps> {
  const [client, listener] = [await connect(url), await connect(url)];
  const id = listener.client("ID");
  return new WakeUps({
    client,
    subscriber: async () => ({ client: listener, id }),
    pollingIntervalMs: 3_600_000,
    safetyMs: 3_600_000,
    onWarning: (message, error) => {
      throw new Error(message, { cause: error });
    },
  });
}

const never = new AbortController().signal;

describe("the server's notification", () => {
  test("wakes for a push from elsewhere, on every list, again and again", async () => {
    const url = await redisUrl();
    const [admin, wakes] = [await connect(url), await wakeUps(url)];
    expect(lists).toHaveLength(12);
    for (let round = 0; round < 3; round += 1) {
      for (const list of lists) {
        const waiting = wakes.wait(lists, never);
        await admin.lpush(list, "x");
        await waiting;
        await admin.del(list);
      }
    }
  });

  test("comes when the push is before, during or after the question", async () => {
    const url = await redisUrl();
    const [admin, wakes] = [await connect(url), await wakeUps(url)];
    for (let round = 0; round < 200; round += 1) {
      const list = lists[round % lists.length] ?? "";
      const waiting = wakes.wait(lists, never);
      for (let turn = 0; turn < round % 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      await admin.lpush(list, "x");
      await waiting;
      await admin.del(list);
    }
  });

  test("wakes each who waits for the list, and nobody else", async () => {
    const url = await redisUrl();
    const [admin, wakes] = [await connect(url), await wakeUps(url)];
    const others = new AbortController();
    let woken = false;
    const other = wakes.wait(["p:other"], others.signal).then(() => {
      woken = true;
    });
    const waiting = [wakes.wait(["p:a"], never), wakes.wait(["p:a", "p:b"], never)];
    await admin.lpush("p:a", "x");
    await Promise.all(waiting);
    expect(woken).toBe(false);
    others.abort();
    await other;
  });

  test("wakes everybody when the database is flushed", async () => {
    const url = await redisUrl();
    const [admin, wakes] = [await connect(url), await wakeUps(url)];
    const listening = async (): Promise<boolean> =>
      /tracking_total_keys:[1-9]/.test(await admin.info("stats"));
    const waiting = wakes.wait(lists, never);
    await expect.poll(listening).toBe(true);
    await admin.flushdb();
    await waiting;
  });

  test("works on a connection that listens to a fanout already", async () => {
    const server = await startRedis();
    const place = await redisPlace(server.url);
    const owner = place.process();
    const store = await owner.open();
    await store.subscribe?.("celery.pidbox", "", () => undefined);
    const taking = takeOne(store, ["q"]);
    await expect.poll(() => place.admin.info("clients")).toContain("tracking_clients:1");
    await store.put(entries("q", "a"));
    expect(bodies([await taking])).toEqual(["a"]);
    expect(owner.warnings).toEqual([]);
  });
});

describe.each(["-client|tracking", "-client|id"])("a server that does not notify (%s)", (rule) => {
  test("is polled, and says why", async () => {
    const server = await startRedis();
    const admin = await connect(server.url);
    await admin.acl("SETUSER", "limited", "on", ">secret", "~*", "&*", "+@all", rule);
    const place = await redisPlace(server.url.replace("redis://", "redis://limited:secret@"));
    const owner = place.process({ pollingIntervalMs: 20 });
    const store = await owner.open();
    expect(await store.take(["q"], 1)).toEqual([]);
    const taking = takeOne(store, ["q"]);
    await expect.poll(() => owner.warnings.join()).toContain("polling every 20 ms");
    await store.put(entries("q", "a"));
    expect(bodies([await taking])).toEqual(["a"]);
    expect(owner.warnings).toHaveLength(1);
  });
});
