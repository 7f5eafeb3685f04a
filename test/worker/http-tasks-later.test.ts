/** Webhooks that are answered later, at the gateway's one-time URL. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type App, type AsyncResult, completionTokens, type Settings } from "../../app/index.ts";
import { chain } from "../../canvas/index.ts";
import { signature } from "../../protocol/index.ts";
import type { Worker, WorkerOptions } from "../../worker/index.ts";
import { openGateway, post } from "../gateway/place.ts";
import { amqpUrl, redisUrl, sqliteFile } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";
import { startProxy } from "../transports/redis-proxy.ts";
import { type Receiver, type Reply, startReceiver } from "./receiver.ts";

const WAIT = { timeoutMs: 20_000 };
const SECRET = "0123456789abcdef0123456789abcdef";

/** Broker and result store of a fleet. */
const PLACES: Readonly<Record<string, () => Promise<Partial<Settings>>>> = {
  memory: async () => {
    const name = randomUUID();
    return { brokerUrl: `memory://${name}`, resultBackend: `cache+memory://${name}` };
  },
  Redis: async () => {
    const url = await redisUrl();
    return { brokerUrl: url, resultBackend: url };
  },
  SQLite: async () => {
    const file = await sqliteFile();
    return { brokerUrl: `sqla+sqlite:///${file}`, resultBackend: `db+sqlite:///${file}` };
  },
};

interface Fleet extends Receiver {
  readonly app: App;
  readonly gatewayUrl: string;
  startWorker(options?: Partial<WorkerOptions>): Promise<Worker>;
  send(): Promise<AsyncResult>;
  /** Where the receiver may answer, once it was called so often. */
  completeUrl(calls?: number): Promise<string>;
}

/** A gateway, a receiver that promises an answer, and the app of the workers. */
async function startFleet(
  place: Partial<Settings>,
  settings: Partial<Settings> = {},
  reply?: (url: string) => Promise<Reply>,
): Promise<Fleet> {
  const receiver = await startReceiver(async ({ headers }) =>
    reply === undefined ? { status: 202 } : reply(String(headers["celerity-complete-url"])),
  );
  const gateway = await openGateway({ settings: { ...place, httpTasksCompletionSecret: SECRET } });
  const app = testApp({
    ...place,
    ...receiver.settings,
    httpTasksGatewayUrl: `${gateway.url}/`,
    httpTasksCompletionSecret: SECRET,
    ...settings,
  });
  return {
    ...receiver,
    app,
    gatewayUrl: gateway.url,
    startWorker: (options) => testWorker(app, { pool: "solo", ...options }),
    send: () => app.sendTask("celerity.webhook", { kwargs: { url: receiver.url } }),
    async completeUrl(calls = 1) {
      await expect.poll(() => receiver.received.length, { timeout: 20_000 }).toBe(calls);
      return String(receiver.received.at(-1)?.headers["celerity-complete-url"]);
    },
  };
}

async function fleet(settings?: Partial<Settings>, reply?: (url: string) => Promise<Reply>): Promise<Fleet> {
  return startFleet(await (PLACES["memory"] as () => Promise<Partial<Settings>>)(), settings, reply);
}

describe.each(Object.entries(PLACES))("with %s", (_name, open) => {
  test("a later answer ends the task, and its chain goes on", async () => {
    const { app, url, gatewayUrl, startWorker, completeUrl } = await startFleet(await open());
    app.task("double", (x: number) => x * 2);
    await startWorker();
    const result = await app.apply(chain(signature("celerity.webhook", [], { url }), signature("double")));
    const answerUrl = await completeUrl();
    expect(answerUrl).toMatch(
      new RegExp(`^${gatewayUrl}/v1/tasks/[0-9a-f-]{36}/complete/[A-Za-z0-9_-]{43}$`),
    );
    // The one place in the pool is free while it waits.
    expect(await (await app.sendTask("double", { args: [2] })).get(WAIT)).toBe(4);
    expect((await post(answerUrl, { result: 21 })).status).toBe(204);
    expect(await result.get(WAIT)).toBe(42);
    expect((await post(answerUrl, { result: 22 })).status).toBe(409);
  });

  test("a later error fails it", async () => {
    const { startWorker, send, completeUrl } = await startFleet(await open());
    await startWorker();
    const result = await send();
    expect((await post(await completeUrl(), { error: { type: "KeyError", message: "x" } })).status).toBe(204);
    await expect(result.get(WAIT)).rejects.toMatchObject({
      type: "KeyError",
      module: "builtins",
      args: ["x"],
    });
  });

  test("a worker that stops hands the wait on, and nobody calls again", async () => {
    const { received, startWorker, send, completeUrl } = await startFleet(await open());
    const first = await startWorker();
    const result = await send();
    const answerUrl = await completeUrl();
    await first.stop();
    const second = await startWorker();
    await expect.poll(() => second.jobs.active.length, { timeout: 30_000 }).toBe(1);
    expect((await post(answerUrl, { result: "late" })).status).toBe(204);
    expect(await result.get(WAIT)).toBe("late");
    expect(received).toHaveLength(1);
  });

  test("an answer that came while no worker ran is found", async () => {
    const { received, startWorker, send, completeUrl } = await startFleet(await open());
    const first = await startWorker();
    const result = await send();
    const answerUrl = await completeUrl();
    await first.stop(AbortSignal.abort());
    expect((await post(answerUrl, { result: "early" })).status).toBe(204);
    await startWorker();
    expect(await result.get({ timeoutMs: 40_000 })).toBe("early");
    expect(received).toHaveLength(1);
  });
});

test("an answer may come before the 202", async () => {
  const { startWorker, send } = await fleet({}, async (url) => {
    expect((await post(url, { result: "at once" })).status).toBe(204);
    return { status: 202 };
  });
  await startWorker();
  expect(await (await send()).get(WAIT)).toBe("at once");
});

test("an answer counts though the call itself failed", async () => {
  const { startWorker, send, received } = await fleet({}, async (url) => {
    await post(url, { result: "all the same" });
    return { status: 503 };
  });
  await startWorker();
  expect(await (await send()).get(WAIT)).toBe("all the same");
  expect(received).toHaveLength(1);
});

test("an answer that does not come fails the task", async () => {
  const { startWorker, send } = await fleet({ httpTasksCompletionTimeout: 0.1 });
  await startWorker();
  await expect((await send()).get(WAIT)).rejects.toMatchObject({
    type: "WebhookError",
    message: expect.stringMatching(/httpTasksCompletionTimeout/),
  });
});

test("time limits of tasks do not count while an answer is waited for", async () => {
  const { startWorker, send, completeUrl } = await fleet();
  const worker = await startWorker({ softTimeLimit: 0.5, timeLimit: 0.6 });
  const result = await send();
  const url = await completeUrl();
  await sleep(1000);
  expect(worker.jobs.active).toHaveLength(1);
  await post(url, { result: 1 });
  expect(await result.get(WAIT)).toBe(1);
});

test("a worker whose connection breaks goes on waiting, once", async () => {
  const proxy = await startProxy(await amqpUrl());
  const { app, url, received, startWorker, completeUrl } = await startFleet({
    brokerUrl: proxy.url,
    resultBackend: `cache+memory://${randomUUID()}`,
  });
  let runs = 0;
  app.task("count", (value: string) => {
    runs += 1;
    return value;
  });
  const worker = await startWorker();
  const result = await app.apply(chain(signature("celerity.webhook", [], { url }), signature("count")));
  const answerUrl = await completeUrl();
  const lives = worker.connectionLives;
  proxy.cut();
  await expect.poll(() => worker.connectionLives, { timeout: 30_000 }).toBeGreaterThan(lives);
  // The wait for the message that the broker took back has ended; it comes again, and is waited for again.
  await expect
    .poll(() => worker.jobs.active.map(({ delivery }) => delivery.lost), { timeout: 30_000 })
    .toEqual([false]);
  expect((await post(answerUrl, { result: "once" })).status).toBe(204);
  expect(await result.get(WAIT)).toBe("once");
  await expect.poll(() => worker.jobs.active.length, { timeout: 20_000 }).toBe(0);
  expect({ runs, calls: received.length }).toEqual({ runs: 1, calls: 1 });
}, 90_000);

test("a worker takes no more of them than it may have in hand", async () => {
  const { app, url, received, startWorker } = await fleet({ httpTasksInHand: 3 });
  const worker = await startWorker({ prefetchMultiplier: 2 });
  const sent = Array.from({ length: 12 }, () => app.sendTask("celerity.webhook", { kwargs: { url } }));
  const results = await Promise.all(sent);
  // Two by its prefetch, and three more.
  await expect.poll(() => received.length, { timeout: 20_000 }).toBe(5);
  const answered = new Set<string>();
  while (answered.size < 12) {
    expect(worker.jobs.active.length).toBeLessThanOrEqual(5);
    const urls = received.map(({ headers }) => String(headers["celerity-complete-url"]));
    const open = urls.filter((one) => !answered.has(one));
    for (const one of open) {
      expect((await post(one, { result: answered.size })).status).toBe(204);
      answered.add(one);
    }
    await sleep(5);
  }
  const values = await Promise.all(results.map((result) => result.get(WAIT)));
  expect(new Set(values).size).toBe(12);
});

describe("the URL", () => {
  test("takes one answer of many that come at once", async () => {
    const { startWorker, send, completeUrl } = await fleet();
    await startWorker();
    const result = await send();
    const url = await completeUrl();
    const answers = await Promise.all(Array.from({ length: 10 }, (_, at) => post(url, { result: at })));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 204)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(9);
    expect(await result.get(WAIT)).toBe(statuses.indexOf(204));
  });

  test("is of one task, and cannot be guessed", async () => {
    const { startWorker, send, completeUrl, gatewayUrl } = await fleet();
    await startWorker();
    const result = await send();
    const url = await completeUrl();
    const token = url.slice(-43);
    const wrong = [
      `${url.slice(0, -1)}${url.endsWith("A") ? "B" : "A"}`,
      `${url}A`,
      url.slice(0, -1),
      `${gatewayUrl}/v1/tasks/${randomUUID()}/complete/${token}`,
      `${gatewayUrl}/v1/tasks/${result.id}/complete/${"A".repeat(43)}`,
    ];
    for (const one of wrong) expect((await post(one, { result: 1 })).status, one).toBe(404);
    expect(await result.ready()).toBe(false);
  });

  test("takes a result or an error, and no Python values", async () => {
    const { startWorker, send, completeUrl } = await fleet();
    await startWorker();
    await send();
    const url = await completeUrl();
    for (const body of [
      {},
      { result: 1, error: { type: "X", message: "" } },
      { error: {} },
      { error: { type: "a.b", message: "" } },
      { result: { __type__: "x", __value__: 1 } },
      { other: 1 },
      [],
    ]) {
      expect((await post(url, body)).status, JSON.stringify(body)).toBe(422);
    }
    expect((await post(url, { result: null })).status).toBe(204);
  });

  test("needs no other credential", async () => {
    const taskId = randomUUID();
    const { url } = await openGateway({ access: {}, settings: { httpTasksCompletionSecret: SECRET } });
    const path = `${url}/v1/tasks/${taskId}`;
    expect((await fetch(path)).status).toBe(401);
    const answerUrl = `${path}/complete/${completionTokens(SECRET).of(taskId)}`;
    expect((await post(answerUrl, { result: 1 })).status).toBe(204);
  });

  test("takes nothing for a task that has ended, or without the secret", async () => {
    const { app, startWorker, send, completeUrl } = await fleet({ httpTasksCompletionTimeout: 0.1 });
    await startWorker();
    const result = await send();
    await expect(result.get(WAIT)).rejects.toThrow(/httpTasksCompletionTimeout/);
    const url = await completeUrl();
    expect((await post(url, { result: 1 })).status).toBe(409);
    const other = await openGateway({ app });
    const { brokerUrl, resultBackend } = app.settings;
    const ignorant = await openGateway({ settings: { brokerUrl, resultBackend } });
    const path = new URL(url).pathname;
    expect((await post(other.url + path, { result: 1 })).status).toBe(409);
    expect((await post(ignorant.url + path, { result: 1 })).status).toBe(404);
  });
});
