import { describe, expect, test } from "vitest";
import { runScript } from "../../stores/redis.ts";
import { bodies, entries, tags, takeOne } from "../../testing/queue-store.ts";
import type { QueueStore } from "../../transports/queue-store.ts";
import { tagPrefix } from "../../transports/redis/layout.ts";
import { CLAIM } from "../../transports/redis/scripts.ts";
import { startRedis } from "../helpers/services.ts";
import { type RedisPlace, redisPlace } from "./redis-place.ts";
import { startProxy } from "./redis-proxy.ts";

const SEP = "\x06\x16";

async function held(place: RedisPlace): Promise<readonly [string, unknown][]> {
  return Object.entries(await place.admin.hgetall("unacked")).map(([tag, text]) => [tag, JSON.parse(text)]);
}

describe("what is in Redis is what kombu writes", () => {
  test("messages are in one list for each priority step, pushed left", async () => {
    const place = await redisPlace();
    const store = await place.open();
    await store.put(
      [0, 2, 3, 5, 6, 8, 9].map((priority) => ({ queue: "q", payload: `"${priority}"`, priority })),
    );
    const lists = ["q", `q${SEP}3`, `q${SEP}6`, `q${SEP}9`];
    const found = await Promise.all(lists.map((list) => place.admin.lrange(list, 0, -1)));
    expect(found).toEqual([['"2"', '"0"'], ['"5"', '"3"'], ['"8"', '"6"'], ['"9"']]);
    expect((await place.admin.keys("*")).toSorted()).toEqual(lists.toSorted());
  });

  test("a claim is an entry of unacked and its index", async () => {
    const place = await redisPlace();
    const store = await place.open();
    await store.put(entries("q", "a"));
    const [entry] = entries("q");
    expect(entry).toBeUndefined();
    const [message] = await store.take(["q"], 1);
    const [, expected] = [message?.tag, [JSON.parse(message?.payload ?? ""), "", "q"]];
    expect(await held(place)).toEqual([[message?.tag, expected]]);
    const score = Number(await place.admin.zscore("unacked_index", message?.tag ?? ""));
    const [seconds] = await place.admin.time();
    expect(Math.abs(score - Number(seconds))).toBeLessThan(60);
    await store.settle([message?.tag ?? ""], []);
    expect(await place.admin.exists("unacked", "unacked_index", "q")).toBe(0);
  });

  test("what goes back is marked as kombu marks it, and otherwise keeps its bytes", async () => {
    const place = await redisPlace();
    const store = await place.open();
    const head = '{"body": "e30=", "content-type": "application/json", "headers": {';
    const tail =
      '"id": "1", "big": 12345678901234567890, "one": 1.0, "nan": NaN}, "properties": {"priority": 4, "delivery_info": {';
    const end = '"exchange": "", "routing_key": "q"}, "delivery_tag": "t"}}';
    await store.put([{ queue: "q", payload: head + tail + end, priority: 4 }]);
    await store.settle([], tags(await store.take(["q"], 1)));
    const once = `${head}"redelivered": true, ${tail}"x-delivery-count": 1, "redelivered": true, ${end}`;
    expect(await place.admin.lrange(`q${SEP}3`, 0, -1)).toEqual([once]);
    const [again] = await store.take(["q"], 1);
    expect(again?.previousDeliveries).toBe(1);
    await store.release([again?.tag ?? ""]);
    expect(await place.admin.lrange(`q${SEP}3`, 0, -1)).toEqual([once]);
  });

  test("bindings, expiring ones too", async () => {
    const place = await redisPlace();
    const store = await place.open();
    await store.bind({ exchange: "wire_q", routingKey: "wire_q", pattern: "", queue: "wire_q" });
    await store.bind({ exchange: "celery.pidbox", routingKey: "", pattern: "", queue: "w1@h.celery.pidbox" });
    await store.bind({
      exchange: "reply",
      routingKey: "r",
      pattern: "",
      queue: "r.reply",
      expiresMs: 10_000,
    });
    const { admin } = place;
    expect(await admin.smembers("_kombu.binding.wire_q")).toEqual([`wire_q${SEP}${SEP}wire_q`]);
    expect(await admin.smembers("_kombu.binding_permanent.wire_q")).toEqual([`wire_q${SEP}${SEP}wire_q`]);
    expect(await admin.smembers("_kombu.binding.celery.pidbox")).toEqual([`${SEP}${SEP}w1@h.celery.pidbox`]);
    expect(await admin.smembers("_kombu.binding.reply")).toEqual([`r${SEP}${SEP}r.reply`]);
    expect(await admin.exists("_kombu.binding_permanent.reply")).toBe(0);
    const inMs = Number(await admin.zscore("_kombu.binding_deadlines", "reply")) - Date.now();
    expect(inMs).toBeGreaterThan(3_500_000);
    await store.deleteQueue("wire_q");
    expect(await admin.exists("_kombu.binding.wire_q", "_kombu.binding_permanent.wire_q")).toBe(0);
  });

  test("fanout channels and patterns", async () => {
    const place = await redisPlace();
    const database = new URL(place.url).pathname.slice(1);
    const [publisher, store] = [await place.open(), await place.open()];
    const heard: string[][] = [];
    let heardLast = (): void => undefined;
    const last = new Promise<void>((resolve) => {
      heardLast = resolve;
    });
    await store.subscribe?.("celeryev", "worker.#", (payload, routingKey) => {
      heard.push([payload, routingKey]);
      if (payload === "last") heardLast();
    });
    // PUBLISH tells how many heard it: what other programs on the server subscribe to does not count here.
    expect(await place.admin.publish(`/${database}.celeryev/worker.heartbeat`, "a")).toBe(1);
    await publisher.broadcast?.("celeryev", "task.multi", "b");
    await publisher.broadcast?.("celeryev", "", "c");
    await publisher.broadcast?.("celeryev", "worker.online", "last");
    await last;
    expect(heard).toEqual([
      ["a", "worker.heartbeat"],
      ["last", "worker.online"],
    ]);
  });

  test("the global key prefix is before every key and channel", async () => {
    const place = await redisPlace();
    const store = await place.process({ globalKeyprefix: "team1:" }).open();
    await store.put([...entries("q", "a", "b"), { queue: "q", payload: "{}", priority: 9 }]);
    await store.bind({ exchange: "x", routingKey: "k", pattern: "", queue: "q" });
    await store.take(["q"], 1);
    const [alive, ...keys] = (await place.admin.keys("*")).toSorted();
    expect(alive).toMatch(/^team1:_celerity\.alive\.[0-9a-f-]{36}$/);
    expect(keys).toEqual(
      [
        "_celerity.lives",
        "_kombu.binding.x",
        "_kombu.binding_permanent.x",
        "q",
        `q${SEP}9`,
        "unacked",
        "unacked_index",
      ].map((key) => `team1:${key}`),
    );
  });
});

describe("order of service", () => {
  test("a lower step of any queue comes before a higher one of another", async () => {
    const place = await redisPlace();
    const store = await place.open();
    await store.put([
      ...entries("a", "a9").map((entry) => ({ ...entry, priority: 9 })),
      ...entries("b", "b3").map((entry) => ({ ...entry, priority: 3 })),
      ...entries("c", "c0"),
    ]);
    expect(bodies(await store.take(["a", "b", "c"], 10))).toEqual(["c0", "b3", "a9"]);
  });

  test("round robin shares a claim, and the rest goes to who has more", async () => {
    const place = await redisPlace();
    const store = await place.open();
    await store.put([
      ...entries("a", "a1", "a2", "a3", "a4", "a5"),
      ...entries("b", "b1"),
      ...entries("c", "c1", "c2"),
    ]);
    expect(bodies(await store.take(["a", "b", "c"], 6))).toEqual(["a1", "a2", "b1", "c1", "c2", "a3"]);
  });

  test.for([
    ["priority", ["b1", "b2", "a1"]],
    ["sorted", ["a1", "a2", "b1"]],
  ] as const)("%s serves the first queue empty", async ([queueOrderStrategy, expected]) => {
    const place = await redisPlace();
    const store = await place.process({ queueOrderStrategy }).open();
    await store.put([...entries("a", "a1", "a2"), ...entries("b", "b1", "b2")]);
    expect(bodies(await store.take(["b", "a"], 3))).toEqual(expected);
  });

  test("of no queue at all is nothing", async () => {
    const store = await (await redisPlace()).open();
    expect(await store.take([], 5)).toEqual([]);
    expect(await store.takeAndForget([], 5)).toEqual([]);
    await store.waitForMessages([], new AbortController().signal);
  });

  test("a large claim is one step on the server", async () => {
    const place = await redisPlace();
    const store = await place.open();
    const texts = Array.from({ length: 3000 }, (_, at) => String(at));
    for (let at = 0; at < texts.length; at += 1000)
      await store.put(entries("q", ...texts.slice(at, at + 1000)));
    const taken = [
      await store.take(["q"], 1000),
      await store.take(["q"], 5000),
      await store.take(["q"], 5000),
    ];
    expect(taken.flatMap(bodies)).toEqual(texts);
    expect(await place.admin.hlen("unacked")).toBe(3000);
    expect(await place.admin.zcard("unacked_index")).toBe(3000);
    await store.settle(taken.flatMap(tags), []);
    expect(await place.admin.exists("unacked", "unacked_index")).toBe(0);
  });
});

describe("giving back", () => {
  test("malformed messages come back as they were", async () => {
    const place = await redisPlace();
    const [dying, store] = [await place.open(), await place.open()];
    const payloads = ["not json", "", '"text"', "[1]", "{broken", '{"a": }b}', '{"a": "\\ud83d"}'];
    await store.put(payloads.map((payload) => ({ queue: "q", payload, priority: 0 })));
    const texts = async (from: QueueStore): Promise<string[]> =>
      (await from.take(["q"], 10)).map((message) => message.payload);
    expect(await texts(dying)).toEqual(payloads);
    await place.abandon(dying);
    const first = await takeOne(store, ["q"]);
    expect([first.payload, ...(await texts(store))]).toEqual(payloads);
  });

  test("a Python worker's overdue message goes to the queues its exchange is bound to", async () => {
    const place = await redisPlace();
    const { admin } = place;
    await admin.sadd(
      "_kombu.binding.media",
      `video.*${SEP}^video\\.[^\\.]+$${SEP}videos`,
      `audio.*${SEP}^audio$${SEP}audios`,
    );
    const envelope =
      '{"body": "a", "headers": {}, "properties": {"priority": 7, "delivery_info": {"exchange": "media", "routing_key": "video.hd"}, "delivery_tag": "tag-1"}}';
    await admin.hset(
      "unacked",
      "tag-1",
      `[${envelope}, "media", "video.hd"]`,
      "tag-2",
      `[${envelope}, "", "direct"]`,
    );
    await admin.zadd("unacked_index", 1000, "tag-1", 1001, "tag-2", 1002, "tag-without-entry");
    const store = await place.process({ visibilityTimeout: 1 }).open();
    const found = [await takeOne(store, ["videos"]), await takeOne(store, ["direct"])];
    expect(found.map((message) => message.previousDeliveries)).toEqual([1, 1]);
    const { headers, properties } = JSON.parse(found[0]?.payload ?? "");
    expect(headers).toEqual({ redelivered: true });
    expect(properties.delivery_info).toMatchObject({
      exchange: "media",
      routing_key: "video.hd",
      redelivered: true,
    });
    await store.settle(tags(found), []);
    await expect.poll(() => admin.exists("unacked", "unacked_index", "unacked_mutex")).toBe(0);
  });

  test("an entry that nobody can read is set aside, and stops no sweep", async () => {
    const place = await redisPlace();
    const { admin } = place;
    await admin.hset("unacked", "bad", "nonsense", "good", '[{"body": "a"}, "", "q"]');
    await admin.zadd("unacked_index", 1000, "bad", 1001, "good");
    const owner = place.process({ visibilityTimeout: 1 });
    const store = await owner.open();
    expect(bodies([await takeOne(store, ["q"])])).toEqual(["a"]);
    expect(await admin.hget("unacked", "bad")).toBe("nonsense");
    expect(await admin.zscore("unacked_index", "bad")).toBeNull();
    expect(owner.warnings.join()).toContain('"bad"');
  });

  test("one store of a process closes without giving back what another holds", async () => {
    const place = await redisPlace();
    const owner = place.process();
    const [one, other] = [await owner.open(), await owner.open()];
    await one.put(entries("q", "a", "b"));
    await one.take(["q"], 1);
    await other.take(["q"], 1);
    await other.close();
    expect(bodies(await one.take(["q"], 10))).toEqual(["b"]);
  });
});

describe("a connection that is cut", () => {
  test("keeps its claims, and settles them on the next", async () => {
    const place = await redisPlace();
    const owner = place.process();
    const first = await owner.open();
    await first.put(entries("q", "a", "b", "c", "d"));
    const [a, b, c] = tags(await first.take(["q"], 4));
    await owner.cut();
    expect(await first.ended).toMatchObject({ code: "broker_unavailable" });
    // As a task that ends while there is no connection.
    await first.settle([a ?? ""], [b ?? ""]);
    await first.release([c ?? ""]);
    const second = await owner.open();
    expect(bodies(await second.take(["q"], 10))).toEqual(["c", "b"]);
    expect((await held(place)).length).toBe(3);
    await second.close();
    expect(bodies(await (await place.open()).take(["q"], 10)).toSorted()).toEqual(["b", "c", "d"]);
  });

  test("does not let a late command of it claim", async () => {
    const place = await redisPlace();
    const owner = place.process();
    const first = await owner.open();
    await first.put(entries("q", "a", "b"));
    const [held] = tags(await first.take(["q"], 1));
    const life = /^celerity:([^:]+):/.exec(held ?? "")?.[1] ?? "";
    await owner.cut();
    await first.ended;
    const second = await owner.open();
    const keys = ["unacked", "unacked_index", `_celerity.alive.${life}`, "q"];
    const late = runScript(place.admin, CLAIM, keys, [1, tagPrefix(life, 99), 1, 1, 1, ',"","q"]']);
    expect(await late).toBeNull();
    expect(bodies(await second.take(["q"], 10))).toEqual(["b"]);
  });

  test("gives back at once a claim whose answer was lost", async () => {
    const place = await redisPlace();
    const proxy = await startProxy(place.url);
    const owner = place.process({}, undefined, proxy.url);
    const first = await owner.open();
    await first.put(entries("q", "a", "b", "c"));
    expect(bodies(await first.take(["q"], 1))).toEqual(["a"]);
    proxy.swallow("replies");
    const lost = expect(first.take(["q"], 1)).rejects.toMatchObject({ code: "broker_unavailable" });
    await expect.poll(() => place.admin.hlen("unacked")).toBe(2);
    proxy.cut();
    await lost;
    proxy.swallow("nothing");
    const second = await owner.open();
    const messages = await second.take(["q"], 10);
    expect(bodies(messages)).toEqual(["b", "c"]);
    expect(messages.map((message) => message.previousDeliveries)).toEqual([0, 0]);
    expect(await place.admin.hlen("unacked")).toBe(3);
  });

  test("is taken over by another of the same process, if there is one", async () => {
    const place = await redisPlace();
    const proxy = await startProxy(place.url);
    const owner = place.process({}, undefined, proxy.url);
    const [cut, other] = [await owner.open(), await place.process({}, owner.ledger).open()];
    await cut.put(entries("q", "a", "b"));
    expect(bodies(await cut.take(["q"], 1))).toEqual(["a"]);
    expect(await other.take(["empty"], 1)).toEqual([]);
    proxy.swallow("replies");
    const lost = expect(cut.take(["q"], 1)).rejects.toMatchObject({ code: "broker_unavailable" });
    await expect.poll(() => place.admin.hlen("unacked")).toBe(2);
    proxy.cut();
    await lost;
    expect(bodies([await takeOne(other, ["q"])])).toEqual(["b"]);
    expect(await place.admin.hlen("unacked")).toBe(2);
  });

  test("loses and repeats nothing, however often", async () => {
    const place = await redisPlace();
    const owner = place.process();
    const total = 3000;
    const texts = Array.from({ length: total }, (_, at) => String(at).padStart(4, "0"));
    await (await place.open()).put(entries("q", ...texts.slice(0, 1500)));
    await (await place.open()).put(entries("q", ...texts.slice(1500)));
    const done: unknown[] = [];
    let cuts = 0;
    for (let life = 0; done.length < total; life += 1) {
      const store = await owner.open();
      const pump = async (): Promise<void> => {
        while (done.length < total) {
          const messages = await store.take(["q"], 20);
          done.push(...bodies(messages));
          // Not awaited: acknowledgements are under way when the cut comes.
          void store.settle(tags(messages), []);
        }
      };
      const pumping = Promise.allSettled([pump(), pump()]);
      if (life < 20) {
        await new Promise((resolve) => setImmediate(resolve));
        await owner.cut();
        cuts += 1;
      }
      await pumping;
      if (done.length >= total) await store.close();
    }
    expect(cuts).toBeGreaterThan(3);
    expect(done.toSorted()).toEqual(texts);
    expect(await place.admin.exists("q", "unacked", "unacked_index")).toBe(0);
  });

  test("goes on after the server forgot everything", async () => {
    const place = await redisPlace();
    const owner = place.process();
    const store = await owner.open();
    await store.bind({ exchange: "x", routingKey: "k", pattern: "", queue: "q" });
    expect(await store.take(["q"], 1)).toEqual([]);
    await place.admin.flushdb();
    await place.admin.script("FLUSH");
    await store.put(entries("q", "a"));
    expect(bodies([await takeOne(store, ["q"])])).toEqual(["a"]);
    await owner.cut();
    await store.ended;
    await owner.open();
    expect(await place.admin.exists("_kombu.binding.x")).toBe(1);
  });
});

describe("a silent partition", () => {
  test.for(["requests", "replies", "both"] as const)(
    "of %s loses nothing, also when the process dies in the dark",
    async (what) => {
      const place = await redisPlace();
      const proxy = await startProxy(place.url);
      const owner = place.process({ socketTimeout: 1 }, undefined, proxy.url);
      const store = await owner.open();
      const taking = takeOne(store, ["q"]).catch((error: unknown) => error);
      await expect.poll(() => place.admin.zcard("_celerity.lives")).toBe(1);
      proxy.swallow(what);
      const outside = await place.open();
      await outside.put(entries("q", "1", "2", "3", "4", "5"));
      expect(await store.ended).toMatchObject({ code: "broker_unavailable" });
      expect(await taking).toMatchObject({ code: "broker_unavailable" });
      const all: unknown[] = [];
      while (all.length < 5) all.push(...bodies([await takeOne(outside, ["q"])]));
      expect(all.toSorted()).toEqual(["1", "2", "3", "4", "5"]);
      expect(await place.admin.hlen("unacked")).toBe(5);
    },
  );
});

describe("a server in trouble", () => {
  test("out of memory: refuses to store, still delivers, and stores again", async () => {
    const server = await startRedis();
    const place = await redisPlace(server.url);
    const store = await place.open();
    await store.put(entries("q", "a", "b"));
    expect(await store.take(["q"], 1)).toHaveLength(1);
    await place.admin.config("SET", "maxmemory", "1");
    await expect(store.put(entries("q", "c"))).rejects.toMatchObject({ code: "broker_refused" });
    const [b] = await store.take(["q"], 1);
    expect(bodies(b === undefined ? [] : [b])).toEqual(["b"]);
    await store.settle([b?.tag ?? ""], []);
    expect(await place.admin.hlen("unacked")).toBe(1);
    const newcomer = await place.open();
    await store.close();
    expect(bodies(await newcomer.take(["q"], 10))).toEqual(["a"]);
    await place.admin.config("SET", "maxmemory", "0");
    await newcomer.put(entries("q", "c"));
  });

  test("refusing all writes: idles, and makes up for it later", async () => {
    const server = await startRedis();
    const place = await redisPlace(server.url);
    const owner = place.process();
    const store = await owner.open();
    await store.put(entries("q", "a", "b"));
    const [a] = await store.take(["q"], 1);
    await place.admin.config("SET", "min-replicas-to-write", "1");
    expect(await store.take(["q"], 1)).toEqual([]);
    await store.settle([a?.tag ?? ""], []);
    await expect(store.put(entries("q", "c"))).rejects.toMatchObject({ code: "broker_refused" });
    expect(owner.warnings.join()).toContain("NOREPLICAS");
    await place.admin.config("SET", "min-replicas-to-write", "0");
    expect(bodies([await takeOne(store, ["q"])])).toEqual(["b"]);
    await expect.poll(() => place.admin.hlen("unacked"), { timeout: 10_000 }).toBe(1);
  });

  test("a master that became a replica ends the connection, so that the next one finds the new master", async () => {
    const server = await startRedis();
    const place = await redisPlace(server.url);
    const store = await place.open();
    await place.admin.replicaof("127.0.0.1", 1);
    await expect(store.put(entries("q", "a"))).rejects.toMatchObject({ code: "broker_unavailable" });
    expect(await store.ended).toMatchObject({ message: expect.stringContaining("READONLY") });
  });

  test("no answer: ends the connection", async () => {
    const server = await startRedis();
    const place = await redisPlace(server.url);
    const store = await place.process({ socketTimeout: 0.5 }).open();
    server.pause();
    const pending = store.put(entries("q", "a"));
    await expect(pending).rejects.toMatchObject({ code: "broker_unconfirmed" });
    expect(await store.ended).toMatchObject({ code: "broker_unavailable" });
    await expect(store.put(entries("q", "a"))).rejects.toMatchObject({ code: "broker_unavailable" });
    server.resume();
  });

  test("an idle connection notices too", async () => {
    const server = await startRedis();
    const place = await redisPlace(server.url);
    const store = await place.process({ socketTimeout: 0.5 }).open();
    server.pause();
    expect(await store.ended).toMatchObject({ code: "broker_unavailable" });
    server.resume();
  });

  test("kill -9 and restart: claims go on, and are not given away while their holder lives", async () => {
    const server = await startRedis(["--appendfsync", "always"]);
    const place = await redisPlace(server.url);
    const owner = place.process({ leaseMs: 1000 });
    const first = await owner.open();
    await first.put(entries("q", "a", "b"));
    const [a] = await first.take(["q"], 1);
    await server.kill();
    await first.ended;
    // Long enough for every sign of life to expire.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await server.restart();
    const peer = await place.process({ leaseMs: 1000 }).open();
    const second = await owner.open();
    expect(bodies(await peer.take(["q"], 10))).toEqual(["b"]);
    await second.settle([a?.tag ?? ""], []);
    const again = await redisPlace(server.url);
    expect(await again.admin.hlen("unacked")).toBe(1);
  });
});
