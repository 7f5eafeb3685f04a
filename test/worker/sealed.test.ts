/** Sealed messages through a worker: what runs, what is refused, and what becomes of it. */
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import type { App, Settings } from "../../app/index.ts";
import { Reject } from "../../app/index.ts";
import { signature, type WireMessage } from "../../protocol/index.ts";
import { nonceName, readSeal } from "../../signing/index.ts";
import { redisUrl, sqliteFile, startRedis } from "../helpers/services.ts";
import { takeMessages, testApp, testWorker } from "../helpers/worker.ts";
import { deadLetter, put, queueSize, sealedApp, sealedMessage, sealedSettings } from "./sealed-fleet.ts";

const WAIT = { timeoutMs: 10_000 };

describe("a sealed fleet", () => {
  test("runs calls, retries, chains, links and error links", async () => {
    const app = sealedApp();
    const seen: unknown[] = [];
    const add = app.task("add", (x: number, y: number) => x + y);
    app.task("note", (value: unknown) => void seen.push(value));
    const flaky = app.task("flaky", { bind: true }, (self) => {
      if (self.request.retries < 2) throw self.retry({ countdown: 0 });
      return self.request.headers;
    });
    const fail = app.task("fail", () => {
      throw new Error("x");
    });
    await testWorker(app);
    expect(await add.call([2, 3], WAIT)).toBe(5);
    expect(await flaky.call([], { ...WAIT, headers: { tenant: "t1" } })).toEqual({ tenant: "t1" });
    await add.applyAsync([1, 2], {
      link: signature("note"),
      chain: [signature("note"), signature("add", [10])],
    });
    const { id } = await fail.applyAsync([], { linkError: signature("note") });
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(3);
    expect(seen).toEqual(expect.arrayContaining([3, 13, id]));
    expect(await queueSize(app, "celery.dead")).toBe(0);
  });

  test.each([1, 2] as const)("seals protocol %d", async (taskProtocol) => {
    const app = sealedApp({ taskProtocol, messageSealAudience: "billing" });
    const add = app.task("add", (x: number, y: number) => x + y);
    await testWorker(app);
    expect(await add.call([2, 3], { ...WAIT, compression: "zlib" })).toBe(5);
  });

  test("runs the copies that an exchange puts on two queues, each once", async () => {
    const queue = { exchange: "news", exchangeType: "topic", routingKey: "news.#" } as const;
    const app = sealedApp({ taskQueues: { one: queue, two: queue } });
    const ran: string[] = [];
    app.task("note", { bind: true }, (self) => void ran.push(self.request.deliveryInfo.queue));
    await testWorker(app);
    await (await app.connection()).declareExchange({ name: "news", type: "topic" });
    await app.sendTask("note", { exchange: "news", routingKey: "news.today" });
    await expect.poll(() => ran.toSorted(), { timeout: 10_000 }).toEqual(["one", "two"]);
    expect(await queueSize(app, "one.dead")).toBe(0);
  });

  test("a task handed back by Reject runs again", async () => {
    const app = sealedApp();
    let runs = 0;
    const twice = app.task("twice", () => {
      runs += 1;
      if (runs === 1) throw new Reject("not yet", { requeue: true });
      return runs;
    });
    await testWorker(app);
    expect(await twice.call([], WAIT)).toBe(2);
  });

  test("a task whose process died runs again, and is kept when it dies again and again", async () => {
    const app = sealedApp();
    const die = app.task("die", () => undefined);
    const add = app.task("add", (x: number, y: number) => x + y);
    const appModule = fileURLToPath(new URL("./child-pool-app.ts", import.meta.url));
    const worker = await testWorker(app, { pool: "prefork", appModule, concurrency: 1 });
    await expect(die.call([], { timeoutMs: 30_000 })).rejects.toMatchObject({ type: "WorkerLostError" });
    expect((await deadLetter(app)).message?.headers["x-celerity-reason"]).toBe("worker_lost");
    expect(worker.total.get("die")).toBe(3);
    expect(await add.call([1, 1], { timeoutMs: 30_000 })).toBe(2);
  });

  test.each<[broker: string, url: () => Promise<string | undefined>]>([
    ["memory", async () => undefined],
    ["Redis", redisUrl],
    ["SQLite", async () => `sqla+sqlite:///${await sqliteFile()}`],
  ])("on %s, what a stopped worker held runs in the next one", async (_broker, urlOf) => {
    const url = await urlOf();
    const store = `sqlite:///${await sqliteFile()}`;
    const app = sealedApp({ ...(url === undefined ? {} : { brokerUrl: url }), messageSealNonceStore: store });
    const add = app.task("add", (x: number, y: number) => x + y);
    const first = await testWorker(app);
    const later = await add.applyAsync([1, 1], { countdown: 2 });
    await expect.poll(() => first.jobs.scheduled.length, { timeout: 10_000 }).toBe(1);
    await first.stop();
    await testWorker(app);
    expect(await later.get(WAIT)).toBe(2);
  });
});

describe("require", () => {
  test("refuses what is not sealed", async () => {
    const app = sealedApp();
    const sender = testApp({ brokerUrl: app.settings.brokerUrl, resultBackend: app.settings.resultBackend });
    let runs = 0;
    const count = app.task("count", () => {
      runs += 1;
      return runs;
    });
    await testWorker(app);
    const refused = await sender.sendTask("count");
    await expect(refused.get(WAIT)).rejects.toMatchObject({ code: "task_failed", type: expect.any(String) });
    expect((await deadLetter(app)).message?.headers).toMatchObject({
      "x-celerity-reason": "unsigned",
      id: refused.id,
    });
    expect(await count.call([], WAIT)).toBe(1);
  });

  test("a dead letter runs when the cause is gone, once", async () => {
    const app = sealedApp();
    const worker = await testWorker(app);
    const early = await app.sendTask("later", { args: [7] });
    await expect(early.get(WAIT)).rejects.toMatchObject({ type: "NotRegistered" });
    const letter = (await deadLetter(app)).message as WireMessage;
    let runs = 0;
    app.task("later", (x: number) => {
      runs += 1;
      return x;
    });
    await put(app, letter);
    expect(await early.get({ ...WAIT }).catch(() => undefined)).toBeUndefined();
    await expect.poll(() => runs, { timeout: 10_000 }).toBe(1);
    await expect.poll(() => early.state(), { timeout: 10_000 }).toBe("SUCCESS");
    await put(app, letter);
    expect((await deadLetter(app)).message?.headers["x-celerity-reason"]).toBe("replay");
    expect(runs).toBe(1);
    expect(worker.processed).toBe(1);
  });

  test("a dead letter put on another queue is refused there", async () => {
    const app = sealedApp({ taskQueues: { celery: {}, other: {} } });
    await testWorker(app);
    await app.sendTask("unknown");
    const letter = (await deadLetter(app)).message as WireMessage;
    await put(app, letter, "other");
    expect((await deadLetter(app, "other")).message?.headers["x-celerity-reason"]).toBe("wrong_audience");
  });

  test("a replay leaves the result of the first delivery alone", async () => {
    const app = sealedApp();
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    app.task("wait", () => gate.then(() => "done"));
    await testWorker(app, { taskEvents: true });
    const message = await sealedMessage(app, "wait");
    const result = app.result(String(message.headers["id"]));
    await put(app, message);
    await put(app, message);
    expect((await deadLetter(app)).message?.headers["x-celerity-reason"]).toBe("replay");
    expect(await result.state()).toBe("PENDING");
    open();
    expect(await result.get(WAIT)).toBe("done");
  });

  test("a message whose acknowledgement got lost is acknowledged and nothing else", async () => {
    const url = await redisUrl();
    const warnings: string[] = [];
    const app = sealedApp({ brokerUrl: url });
    const add = app.task("add", (x: number, y: number) => x + y);
    const worker = await testWorker(app, { logger: logger(warnings) });
    const message = await sealedMessage(app, "add", { args: [1, 1] });
    const result = app.result(String(message.headers["id"]));
    await put(app, message);
    expect(await result.get(WAIT)).toBe(2);
    const redis = new Redis(url);
    const key = `celerity-nonce-${readSeal(message.headers["celerity-seal"]).claims.nonce}`;
    await expect.poll(() => redis.get(key)).toBe("done");
    await put(app, { ...message, headers: { ...message.headers, redelivered: true } });
    // kombu's mark is in the envelope, so this one is a replay; the broker's own mark follows.
    expect((await deadLetter(app)).message?.headers["x-celerity-reason"]).toBe("replay");
    await worker.stop();
    await put(app, message);
    const connection = await app.openConnection();
    const consumer = connection.consume([{ name: "celery" }], { prefetch: 1 });
    for await (const [delivery] of consumer) {
      delivery?.reject({ requeue: true });
      break;
    }
    await connection.close();
    await testWorker(app, { logger: logger(warnings) });
    await expect.poll(() => warnings.join("\n"), { timeout: 10_000 }).toContain("after it was done");
    expect(await add.call([2, 2], WAIT)).toBe(4);
    expect(await queueSize(app, "celery.dead")).toBe(0);
    expect(await result.get(WAIT)).toBe(2);
    await redis.quit();
  });

  test("nothing runs while used seals cannot be noted, and nothing is lost", async () => {
    const server = await startRedis();
    const warnings: string[] = [];
    const settings = { messageSealNonceStore: `${server.url}/0` };
    const app = sealedApp(settings);
    const add = app.task("add", (x: number, y: number) => x + y);
    const worker = await testWorker(app, { logger: logger(warnings) });
    expect(await add.call([1, 1], WAIT)).toBe(2);
    await server.kill();
    const results = await Promise.all([add.delay(2, 2), add.delay(3, 3)]);
    await expect.poll(() => warnings.join("\n"), { timeout: 10_000 }).toContain("sealed messages wait");
    expect(worker.processed).toBe(1);
    await server.restart();
    expect(await Promise.all(results.map((result) => result.get(WAIT)))).toEqual([4, 6]);

    await server.kill();
    const left = await add.delay(4, 4);
    await expect.poll(() => queueSize(app, "celery"), { timeout: 10_000 }).toBe(0);
    await worker.stop();
    expect(await queueSize(app, "celery")).toBe(1);
    await server.restart();
    await testWorker(app);
    expect(await left.get(WAIT)).toBe(8);
    expect(await queueSize(app, "celery.dead")).toBe(0);
  });
});

describe("accept-legacy", () => {
  test("runs what is not sealed and warns, but refuses a bad seal", async () => {
    const warnings: string[] = [];
    const app = sealedApp({ messageSealing: "accept-legacy" });
    const sender = testApp({ brokerUrl: app.settings.brokerUrl, resultBackend: app.settings.resultBackend });
    app.task("add", (x: number, y: number) => x + y);
    await testWorker(app, { logger: logger(warnings) });
    for (const value of [1, 2, 3]) {
      expect(await sender.call<number>("add", { ...WAIT, args: [value, 1] })).toBe(value + 1);
    }
    const unsealed = warnings.filter((warning) => warning.includes("unsealed"));
    expect(unsealed).toEqual([expect.stringContaining('1 unsealed of "add"')]);
    const message = await sealedMessage(app, "add", { args: [1, 2] });
    await put(app, { ...message, body: Buffer.from("[[9, 9], {}, {}]") });
    expect((await deadLetter(app)).message?.headers["x-celerity-reason"]).toBe("bad_signature");
  });
});

describe("off", () => {
  test("seals with a key, and looks at no seal", async () => {
    const app = sealedApp({ messageSealing: "off" });
    app.task("seal", { bind: true }, (self) => self.request.headers);
    await testWorker(app);
    const message = await sealedMessage(app, "seal");
    expect(message.headers["celerity-seal"]).toMatch(/^v1\./);
    await put(app, { ...message, headers: { ...message.headers, "celerity-seal": "nonsense" } });
    expect(await app.result(String(message.headers["id"])).get(WAIT)).toEqual({});
  });
});

describe("a seal that was copied", () => {
  const sentSeal = async (
    settings: Partial<Settings>,
    send: (app: App) => Promise<unknown>,
  ): Promise<unknown> => {
    const app = testApp(settings);
    await send(app);
    const [sent] = await takeMessages(app, "celery", 1);
    return sent?.message?.headers["celerity-seal"];
  };
  const copied = { headers: { "celerity-seal": "v1.copied.copied" } };

  test("is replaced by a key's own", async () => {
    expect(await sentSeal(sealedSettings, (app) => app.sendTask("t", copied))).toMatch(/^v1\.[^c]/);
  });

  test("is dropped without a key", async () => {
    expect(await sentSeal({}, (app) => app.sendTask("t", copied))).toBeUndefined();
  });

  test("does not come along with a link", async () => {
    const app = sealedApp();
    const ran: string[] = [];
    app.task("first", () => "value");
    app.task("next", (value: string) => void ran.push(value));
    await testWorker(app);
    await app.sendTask("first", { link: { ...signature("next"), options: copied } });
    await expect.poll(() => ran, { timeout: 10_000 }).toEqual(["value"]);
  });
});

describe("the name of a nonce", () => {
  test("is the nonce, and the queue where the seal does not say it", () => {
    expect(nonceName("n", "q", "q")).toBe("n");
    expect(nonceName("n", undefined, "q")).toBe("n:q");
    expect(nonceName("n", "celery.pidbox", "w.celery.pidbox")).toBe("n:w.celery.pidbox");
    expect(nonceName(randomUUID(), "a", "b")).toMatch(/:b$/);
  });
});

function logger(warnings: string[]) {
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: (_facts: object, message: string) => void warnings.push(message),
  };
}
