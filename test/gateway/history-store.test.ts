/** What every store of histories does, wherever it lies. */
import { describe, expect, it, onTestFinished } from "vitest";
import { type HistoryEvent, MAX_EVENTS } from "../../gateway/history/event.ts";
import type { EventRetention, EventStore } from "../../gateway/history/store/event-store.ts";
import { createMemoryEvents } from "../../gateway/history/store/memory-events.ts";
import { createRedisEvents } from "../../gateway/history/store/redis-events.ts";
import { createSqlEvents } from "../../gateway/history/store/sql-events.ts";
import { BackendError } from "../../protocol/index.ts";
import { postgresUrl, redisUrl, serviceMissing, sqliteFile, startRedis } from "../helpers/services.ts";

const NOW_MS = Date.now();
const LONG: EventRetention = { keepMs: 3_600_000, maxTasks: 1000 };

function event(taskId: string, atMs: number, more: Partial<HistoryEvent> = {}): HistoryEvent {
  const facts = { worker: "w@host", retries: 1, exception: 'Error("ü \u{1f600}\n")', progress: { done: 1 } };
  return { taskId, type: "received", atMs: NOW_MS + atMs, source: "w@host 1", facts, ...more };
}

async function opened(store: EventStore): Promise<EventStore> {
  onTestFinished(() => store.close());
  await store.open();
  return store;
}

type Open = (url: string, retention?: EventRetention) => EventStore;
const sql: Open = (url, retention = LONG) => createSqlEvents({ url, ...retention });
const redis: Open = (url, retention = LONG) =>
  createRedisEvents({ url, onWarning: () => undefined, ...retention });
const sqliteUrl = async (): Promise<string> => `sqlite:///${await sqliteFile()}`;

const shared: readonly (readonly [string, boolean, () => Promise<string>, Open])[] = [
  ["SQLite", false, sqliteUrl, sql],
  ["PostgreSQL", serviceMissing("postgres"), postgresUrl, sql],
  ["Redis", serviceMissing("redis"), redisUrl, redis],
];
const places: readonly (readonly [string, boolean, (more?: EventRetention) => Promise<EventStore>])[] = [
  ["memory", false, (more) => opened(createMemoryEvents(more ?? LONG))],
  ...shared.map(
    ([name, isMissing, place, open]) =>
      [name, isMissing, async (more?: EventRetention) => opened(open(await place(), more))] as const,
  ),
];

describe.each(places)("histories in %s", (_name, isMissing, open) => {
  describe.skipIf(isMissing)("", () => {
    it("are read in the order of time", async () => {
      const store = await open();
      const [a, b, c] = [event("t", 5), event("t", 1, { type: "sent" }), event("t", 5, { type: "started" })];
      expect(await store.add([a, c, b, event("other", 2)])).toHaveLength(4);
      expect(await store.read("t")).toEqual([b, a, c]);
      expect(await store.read("unknown")).toEqual([]);
      expect(await store.add([])).toEqual([]);
    });

    it("have each event once, and say which were news", async () => {
      const store = await open();
      const first = [event("t", 1), event("u", 1)];
      expect(await store.add(first)).toEqual(first);
      const others = [
        event("t", 2),
        event("t", 1, { type: "started" }),
        event("t", 1, { source: "other@host" }),
        event("v", 1),
      ];
      expect(await store.add([event("t", 1), ...others, event("u", 1), event("v", 1)])).toEqual(others);
      expect(await store.read("t")).toHaveLength(4);
      expect(await store.read("v")).toHaveLength(1);
    });

    it("know when a task was first heard of", async () => {
      const store = await open();
      await store.add([event("t", 3), event("t", 1), event("u", 7, { source: "" })]);
      const times = await store.firstTimes(["t", "unknown", "u"]);
      expect([...times]).toEqual([
        ["t", NOW_MS + 1],
        ["u", NOW_MS + 7],
      ]);
      expect((await store.firstTimes([])).size).toBe(0);
    });

    it("keep a bounded number of events of a task", async () => {
      const store = await open();
      const count = MAX_EVENTS + 40;
      await store.add(Array.from({ length: count }, (_, at) => event("t", at)));
      const kept = await store.read("t");
      expect(kept).toHaveLength(MAX_EVENTS);
      expect(kept.at(-1)).toEqual(event("t", count - 1));
    });

    it("keep the newest tasks", async () => {
      const store = await open({ ...LONG, maxTasks: 100 });
      for (let at = 0; at < 6000; at += 1000) {
        await store.add(Array.from({ length: 1000 }, (_, more) => event(`t${at + more}`, at)));
        while (await store.prune());
      }
      expect(await store.read("t5999")).toHaveLength(1);
      expect(await store.read("t0")).toEqual([]);
    });
  });
});

describe.each(shared)("histories in %s, shared", (_name, isMissing, place, open) => {
  it.skipIf(isMissing)("are one for all gateways: each event is news to one of them", async () => {
    const url = await place();
    const stores = await Promise.all([opened(open(url)), opened(open(url))]);
    const events = Array.from({ length: 300 }, (_, at) => event(`t${at % 50}`, at));
    const added = await Promise.all(
      stores.flatMap((store) =>
        [0, 100, 200].map((from) => store.add(events.slice(from, from + 100).reverse())),
      ),
    );
    const news = added.flat();
    expect(news).toHaveLength(events.length);
    expect(new Set(news.map(({ atMs }) => atMs)).size).toBe(events.length);
    for (const store of stores) expect(await store.read("t7")).toHaveLength(6);
  });

  it.skipIf(isMissing)("outlive the process", async () => {
    const url = await place();
    const before = open(url);
    await before.add([event("t", 1)]);
    await before.close();
    await before.close();
    expect(await (await opened(open(url))).read("t")).toEqual([event("t", 1)]);
  });
});

it("a database forgets what is too old", async () => {
  const store = await opened(sql(await sqliteUrl(), { ...LONG, keepMs: 60_000 }));
  await store.add([event("old", -100_000), event("t", 0)]);
  await store.prune();
  expect(await store.read("old")).toEqual([]);
  expect(await store.read("t")).toHaveLength(1);
});

it("memory forgets what is too old", async () => {
  const store = await opened(createMemoryEvents({ ...LONG, keepMs: 60_000 }));
  await store.add([event("old", -100_000), event("t", 0)]);
  await store.prune();
  expect(await store.read("old")).toEqual([]);
  expect(await store.read("t")).toHaveLength(1);
});

describe.skipIf(serviceMissing("redis"))("histories in Redis", () => {
  it("forget what is too old, and its place in the order", async () => {
    const store = await opened(redis(await redisUrl(), { ...LONG, keepMs: 500 }));
    await store.add([event("t", 0)]);
    await expect.poll(() => store.read("t"), { timeout: 10_000 }).toEqual([]);
    expect(await store.prune()).toBe(false);
    expect(await store.add([event("t", 0)])).toHaveLength(1);
  });

  it("refuse while Redis is away, and work again afterwards", async () => {
    const server = await startRedis();
    const store = await opened(redis(server.url));
    await store.add([event("t", 0)]);
    await server.kill();
    await expect(store.add([event("t", 1)])).rejects.toBeInstanceOf(BackendError);
    await expect(store.read("t")).rejects.toMatchObject({ code: "backend_unavailable" });
    await server.restart();
    await store.add([event("t", 2)]);
    expect(await store.read("t")).toEqual([event("t", 0), event("t", 2)]);
  });
});
