import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import createRedisBackend from "../../backends/redis.ts";
import type { BackendOptions, ResultBackend } from "../../backends/result-backend.ts";
import { openRedis, parseRedisUrl } from "../../stores/redis.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { backendOptions, resultDocument, testResultBackend } from "../../testing/result-backend.ts";
import { redisUrl, startRedis } from "../helpers/services.ts";
import { killClients } from "../transports/redis-place.ts";

testResultBackend("redis", async () => {
  const url = await redisUrl();
  const admin = await connect(url);
  return {
    client: createRedisBackend(backendOptions(url)),
    worker: createRedisBackend(backendOptions(url)),
    spoil: async (taskId) => void (await admin.set(`celery-task-meta-${taskId}`, "\x80garbage")),
  };
});

async function connect(url: string): Promise<Redis> {
  const { client } = await openRedis(parseRedisUrl(url), { timeoutMs: 5000, role: "backend" });
  cleanUp(async () => client.disconnect());
  return client;
}

function backend(url: string, changes: Partial<BackendOptions> = {}): ResultBackend {
  const made = createRedisBackend(backendOptions(url, changes));
  cleanUp(() => made.close());
  return made;
}

const success = (id: string, result: unknown): { document: ReturnType<typeof resultDocument> } => ({
  document: resultDocument(id, "SUCCESS", result),
});

describe("the key of a result", () => {
  test("is Celery's, expires, and is published on the channel of its name", async () => {
    const url = await redisUrl();
    const [admin, subscriber] = [await connect(url), await connect(url)];
    const published = new Promise<readonly string[]>((resolve) => {
      subscriber.once("message", (channel: string, message: string) => resolve([channel, message]));
    });
    const id = randomUUID();
    const key = `celery-task-meta-${id}`;
    await subscriber.subscribe(key);
    const { document } = success(id, 5);
    await backend(url, { expiresSeconds: 100 }).store([{ document }]);
    expect(await admin.get(key)).toBe(JSON.stringify(document));
    expect(await admin.keys("*")).toEqual([key]);
    expect(await admin.ttl(key)).toBeGreaterThan(90);
    expect(await published).toEqual([key, JSON.stringify(document)]);
  });

  test("stays for ever with result_expires 0", async () => {
    const url = await redisUrl();
    const admin = await connect(url);
    await backend(url, { expiresSeconds: 0 }).store([success("t", 5)]);
    expect(await admin.ttl("celery-task-meta-t")).toBe(-1);
  });

  test.for([
    ["pfx", "pfx_celery-task-meta-t"],
    ["pfx_", "pfx_celery-task-meta-t"],
    ["app:", "app:celery-task-meta-t"],
    ["a.b-", "a.b-celery-task-meta-t"],
  ] as const)("has the global prefix %s before it", async ([globalKeyprefix, key]) => {
    const url = await redisUrl();
    const made = backend(url, { transportOptions: { globalKeyprefix } });
    const waiting = made.wait("t", { timeoutMs: 20_000 });
    await made.store([success("t", 5)]);
    expect(await (await connect(url)).keys("*")).toEqual([key]);
    expect(await waiting).toMatchObject({ result: 5 });
  });

  test("of another type is overwritten, and holds up no other result", async () => {
    const url = await redisUrl();
    const admin = await connect(url);
    await admin.lpush("celery-task-meta-list", "x");
    const made = backend(url);
    await made.store([success("a", 1), success("list", 2), success("b", 3)]);
    expect(await Promise.all(["a", "list", "b"].map(async (id) => (await made.get(id))?.result))).toEqual([
      1, 2, 3,
    ]);
  });
});

describe("a SUCCESS is never overwritten", () => {
  test("by whatever encoding it was stored, and what only mentions one is", async () => {
    const url = await redisUrl();
    const admin = await connect(url);
    const hex = {
      contentType: "application/x-hex",
      contentEncoding: "binary",
      encode: (value: unknown) =>
        Buffer.concat([
          Buffer.from("\0celery-compressed\0x\0"),
          Buffer.from(Buffer.from(JSON.stringify(value)).toString("hex")),
        ]),
      decode: (bytes: Uint8Array) =>
        JSON.parse(Buffer.from(Buffer.from(bytes).toString("latin1", 21), "hex").toString()),
    };
    const compressing = backend(url, { encoding: hex });
    await compressing.store([success("done", 1), { document: resultDocument("open", "STARTED", null) }]);
    expect(await admin.strlen("celery-task-meta-done")).toBeGreaterThan(21);
    await compressing.store([success("done", 2), success("open", 2)]);
    expect((await compressing.get("done"))?.result).toBe(1);
    expect((await compressing.get("open"))?.result).toBe(2);

    const plain = backend(url);
    const mention = (id: string): { document: ReturnType<typeof resultDocument> } => ({
      document: resultDocument(id, "PROGRESS", { status: "SUCCESS" }),
    });
    await plain.store([mention("m")]);
    await plain.store([mention("m"), mention("m"), success("m", "end"), mention("m")]);
    expect(await plain.get("m")).toMatchObject({ status: "SUCCESS", result: "end" });
  });

  test("by many workers at once", async () => {
    const url = await redisUrl();
    const workers = Array.from({ length: 4 }, () => backend(url));
    const ids = Array.from({ length: 50 }, () => randomUUID());
    const watcher = backend(url);
    const waits = ids.map((id) => watcher.wait(id));
    await Promise.all(workers.map((worker, at) => worker.store(ids.map((id) => success(id, at)))));
    const first = (await Promise.all(waits)).map(({ result }) => result);
    expect(await Promise.all(ids.map(async (id) => (await watcher.get(id))?.result))).toEqual(first);
  });
});

describe("waiting", () => {
  test("leaves no subscription behind, and opens one connection for all", async () => {
    const url = await redisUrl();
    const admin = await connect(url);
    const made = backend(url);
    const ids = Array.from({ length: 1200 }, () => `sub-${randomUUID()}`);
    const waits = ids.map((id) => made.wait(id));
    const subscribed = async (): Promise<number> =>
      ((await admin.pubsub("CHANNELS", "celery-task-meta-sub-*")) as string[]).length;
    await expect.poll(subscribed).toBe(1200);
    await made.store(ids.slice(0, 700).map((id, at) => success(id, at)));
    await Promise.all(waits.slice(0, 700));
    await expect.poll(subscribed).toBe(500);
    await made.store(ids.slice(700).map((id, at) => success(id, at)));
    await Promise.all(waits);
    await expect.poll(subscribed).toBe(0);
  });

  test("again and again for the same task", async () => {
    const url = await redisUrl();
    const made = backend(url);
    for (let round = 0; round < 50; round += 1) {
      const waits = [made.wait("same", { timeoutMs: 20_000 }), made.wait("same", { timeoutMs: 20_000 })];
      if (round % 2 === 0) await made.store([success("same", round)]);
      for (const { result } of await Promise.all(waits)) expect(result).toBe(round - (round % 2));
      if (round % 2 === 1) await made.forget(["same"]);
    }
  });

  test("hears what was published while the connection was cut", async () => {
    const url = await redisUrl();
    const admin = await connect(url);
    const [made, worker] = [backend(url, { transportOptions: { clientName: "cut-me" } }), backend(url)];
    const ids = Array.from({ length: 20 }, () => randomUUID());
    const waits = ids.map((id) => made.wait(id, { timeoutMs: 20_000 }));
    const keys = ids.map((id) => `celery-task-meta-${id}`);
    for (const [at, id] of ids.entries()) {
      await expect.poll(() => admin.pubsub("NUMSUB", ...keys.slice(at, at + 1))).toEqual([keys[at], 1]);
      await killClients(admin, "cut-me");
      await worker.store([success(id, at)]);
      expect(await waits[at]).toMatchObject({ result: at });
    }
  });
});

describe("a server in trouble", () => {
  test("away for a while: nothing is lost, and who waits goes on waiting", async () => {
    const server = await startRedis(["--appendfsync", "always"]);
    const [made, worker] = [backend(server.url), backend(server.url)];
    await worker.store([success("before", 1)]);
    const waiting = made.wait("later", { timeoutMs: 25_000 });
    expect(await made.wait("before")).toMatchObject({ result: 1 });
    await server.kill();
    const storing = worker.store([success("later", 2), success("other", 3)]);
    const reading = made.get("before");
    await server.restart();
    await storing;
    expect(await reading).toMatchObject({ result: 1 });
    expect(await waiting).toMatchObject({ result: 2 });
    expect(await made.get("other")).toMatchObject({ result: 3 });
  });

  test("away for longer than the budget: says so", async () => {
    const server = await startRedis();
    const made = backend(server.url, { transportOptions: { storeBudgetMs: 300 } });
    await made.store([success("a", 1)]);
    const waiting = made.wait("never");
    const told = expect(waiting).rejects.toMatchObject({ code: "backend_unavailable" });
    expect(await made.wait("a")).toMatchObject({ result: 1 });
    await server.kill();
    await expect(made.store([success("b", 1)])).rejects.toMatchObject({ code: "backend_unavailable" });
    await expect(made.get("a")).rejects.toMatchObject({ code: "backend_unavailable" });
    await expect(made.forget(["a"])).rejects.toMatchObject({ code: "backend_unavailable" });
    await told;
    await server.restart();
    await made.store([success("b", 2)]);
    expect(await made.get("b")).toMatchObject({ result: 2 });
  });

  test("out of memory for a while: the result is stored after", async () => {
    const server = await startRedis();
    const admin = await connect(server.url);
    const made = backend(server.url);
    await admin.config("SET", "maxmemory", "1");
    const storing = made.store([success("a", 1)]);
    await expect
      .poll(async () => /rejected_calls=[1-9]|failed_calls=[1-9]/.test(await admin.info("commandstats")))
      .toBe(true);
    await admin.config("SET", "maxmemory", "0");
    await storing;
    expect(await made.get("a")).toMatchObject({ result: 1 });
  });

  test("a wrong password is told at once, and not shown", async () => {
    const server = await startRedis(["--requirepass", "right"]);
    const url = server.url.replace("redis://", "redis://:wr0ng@");
    const { port } = new URL(server.url);
    const error = await backend(url)
      .get("a")
      .catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: "backend_unavailable" });
    expect(String(error)).toContain(`127.0.0.1:${port}`);
    expect(String(error)).toMatch(/WRONGPASS/);
    expect(String(error)).not.toContain("wr0ng");
  });

  test("closing ends what is being tried", async () => {
    const server = await startRedis();
    const made = backend(server.url);
    await made.get("a");
    await server.kill();
    const storing = expect(made.store([success("a", 1)])).rejects.toMatchObject({ code: "closed" });
    await made.close();
    await storing;
    await expect(made.get("a")).rejects.toMatchObject({ code: "closed" });
  });
});
