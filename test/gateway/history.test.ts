/** What happened to tasks, over HTTP: with a TypeScript worker on a memory broker, and with events made by hand. */
import { randomUUID } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { createGateway, type GatewayOptions } from "../../gateway/index.ts";
import { createMemoryState } from "../../gateway/state/memory-state.ts";
import { sqliteFile } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";
import { openAccess, posted } from "./access-place.ts";
import { type GatewayPlace, openGateway, post, read } from "./place.ts";
import { openReceiver } from "./receiver.ts";

const PATIENCE = { timeout: 20_000, interval: 50 };

interface Line {
  readonly type: string;
  readonly at: string;
  readonly [name: string]: unknown;
}

async function historyOf(url: string, id: unknown, query = ""): Promise<Record<string, unknown>> {
  return (await read(fetch(`${url}/v1/tasks/${String(id)}/history${query}`))).body;
}

async function linesOf(url: string, id: unknown): Promise<readonly Line[]> {
  return ((await historyOf(url, id))["events"] ?? []) as readonly Line[];
}

/** Waits until the history has these types, in any order of those of the same moment. */
async function expectTypes(url: string, id: unknown, types: readonly string[]): Promise<void> {
  const found = async (): Promise<readonly string[]> => (await linesOf(url, id)).map(({ type }) => type);
  await expect.poll(found, PATIENCE).toEqual(types);
}

async function listed(url: string, query = ""): Promise<readonly Record<string, unknown>[]> {
  const { body } = await read(fetch(`${url}/v1/tasks${query}`));
  return body["tasks"] as readonly Record<string, unknown>[];
}

async function openPlace(options: Partial<GatewayOptions> = {}): Promise<GatewayPlace> {
  const app = testApp();
  app.task("shop.add", (x: number, y: number) => x + y);
  app.task("shop.fail", () => {
    throw new RangeError("no such customer");
  });
  app.task("shop.again", { bind: true, maxRetries: 3 }, (self) => {
    if (self.request.retries < 1) throw self.retry({ countdown: 0 });
    return "done";
  });
  const place = await openGateway({ app, history: {}, ...options });
  await testWorker(app, { pool: "async", hostname: "w@shop", taskEvents: true });
  return place;
}

describe("GET /v1/tasks/{id}/history", () => {
  it("tells a task's life, and who asked for it", async () => {
    const { url } = await openPlace();
    const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const { id } = (
      await read(
        post(
          `${url}/v1/tasks?x=1`,
          { task: "shop.add", args: [2, 3] },
          { "user-agent": "till/7", traceparent: `00-${trace}-00f067aa0ba902b7-01` },
        ),
      )
    ).body;
    await expectTypes(url, id, ["accepted", "published", "received", "started", "succeeded"]);
    const history = await historyOf(url, id);
    expect(history).toMatchObject({
      id,
      task: "shop.add",
      events: [
        {},
        {},
        { worker: "w@shop", state: "RECEIVED", retries: 0 },
        { worker: "w@shop", state: "STARTED" },
        { worker: "w@shop", state: "SUCCESS", runtime_s: expect.any(Number) },
      ],
      request: {
        method: "POST",
        path: "/v1/tasks",
        credential: "anonymous",
        address: "127.0.0.1",
        user_agent: "till/7",
        trace_id: trace,
      },
    });
    expect(history["args"]).toBeUndefined();
    expect(await historyOf(url, id, "?arguments=true")).toMatchObject({ args: "(2, 3)", kwargs: "{}" });
    const times = (await linesOf(url, id)).map(({ at }) => Date.parse(at));
    expect(times).toEqual([...times].sort());
  });

  it("tells of failures and retries", async () => {
    const { url } = await openPlace();
    const failed = (await read(post(`${url}/v1/tasks`, { task: "shop.fail" }))).body;
    const again = (await read(post(`${url}/v1/tasks`, { task: "shop.again" }))).body;
    await expect
      .poll(async () => (await linesOf(url, failed["id"])).at(-1), PATIENCE)
      .toMatchObject({ type: "failed", exception: expect.stringContaining("no such customer") });
    // The next run may be taken up before the worker tells of the retry.
    const run = ["received", "started"];
    await expect
      .poll(async () => (await linesOf(url, again["id"])).map(({ type }) => type).sort(), PATIENCE)
      .toEqual(["accepted", "published", ...run, ...run, "retried", "succeeded"].sort());
  });

  it("tells of tasks that are held, let go, and called off", async () => {
    const { url } = await openPlace({ holdAfterSeconds: 0 });
    const sent = (await read(post(`${url}/v1/tasks`, { task: "shop.add", args: [1, 2], delay: 0.3 }))).body;
    const dropped = (await read(post(`${url}/v1/tasks`, { task: "shop.add", args: [1, 2], delay: 60 }))).body;
    await fetch(`${url}/v1/tasks/${String(dropped["id"])}`, { method: "DELETE" });
    await expectTypes(url, dropped["id"], ["accepted", "held", "revoked"]);
    expect((await linesOf(url, dropped["id"])).at(-1)).toMatchObject({ state: "REVOKED" });
    await expectTypes(url, sent["id"], ["accepted", "held", "published", "received", "started", "succeeded"]);
  });

  it("tells of callbacks", async () => {
    const receiver = await openReceiver();
    const { url } = await openPlace({
      egress: { allowCidrs: ["127.0.0.0/8"], allowPorts: [receiver.port] },
      webhooks: { pollMs: 20 },
    });
    const callback = { url: `${receiver.url}/hook` };
    const { id } = (await read(post(`${url}/v1/tasks`, { task: "shop.add", args: [1, 2], callback }))).body;
    await expect
      .poll(async () => (await linesOf(url, id)).find(({ type }) => type === "callback"), PATIENCE)
      .toMatchObject({ detail: "delivered" });
  });

  it("tells of tasks that are lost, once", async () => {
    const { url } = await openGateway({ history: {}, lostAfterSeconds: 0.1 });
    const { id } = (await read(post(`${url}/v1/tasks`, { task: "nobody" }))).body;
    await expect.poll(async () => (await listed(url))[0]?.["state"], PATIENCE).toBe("LOST");
    await listed(url);
    await expectTypes(url, id, ["accepted", "published", "lost"]);
  });

  it("tells of the tasks of a batch", async () => {
    const { url } = await openPlace();
    const batch = await read(post(`${url}/v1/tasks:batch`, [{ task: "shop.add", args: [1, 1] }]));
    const [item] = (batch.body["items"] ?? []) as { id: string }[];
    await expectTypes(url, item?.id, ["accepted", "published", "received", "started", "succeeded"]);
    expect((await historyOf(url, item?.id))["request"]).toMatchObject({ path: "/v1/tasks:batch" });
  });

  it("knows nothing of tasks that never were, and refuses ids that are none", async () => {
    const { url } = await openPlace();
    expect((await read(fetch(`${url}/v1/tasks/${randomUUID()}/history`))).status).toBe(404);
    expect((await read(fetch(`${url}/v1/tasks/a%20b/history`))).status).toBe(422);
    expect((await read(fetch(`${url}/v1/tasks/x/history?arguments=yes`))).status).toBe(422);
  });

  it("is for those who may see the task, and arguments for those with the scope", async () => {
    const { key, as } = await openAccess({ history: {} });
    const scopes = ["tasks:submit", "tasks:read"] as const;
    const owner = await key({ scopes });
    const other = await key({ scopes });
    const curious = await key({ scopes: [...scopes, "tasks:arguments"], read: "all" });
    const task = { task: "t", args: ["secret"] };
    const { id } = (await read(as(owner, "/v1/tasks", posted(task)))).body;
    const path = `/v1/tasks/${String(id)}/history`;
    const own = await read(as(owner, path));
    expect(own.status).toBe(200);
    expect(JSON.stringify(own.body)).not.toContain("secret");
    expect(own.body["request"]).toMatchObject({ credential: expect.stringMatching(/\w/) });
    expect((await read(as(owner, `${path}?arguments=true`))).status).toBe(403);
    expect((await read(as(other, path))).status).toBe(404);
    expect((await read(as(other, "/v1/stats"))).status).toBe(403);
    expect((await read(as(curious, `${path}?arguments=true`))).body["args"]).toContain("secret");
  });

  it("is not kept unless that is asked for, and nobody listens then", async () => {
    const app = testApp();
    const { url } = await openGateway({ app });
    const { id } = (await read(post(`${url}/v1/tasks`, { task: "t" }))).body;
    for (const path of [`/v1/tasks/${String(id)}/history`, "/v1/stats"]) {
      const { status, body } = await read(fetch(url + path));
      expect([status, body["type"]]).toEqual([501, "/problems/history-disabled"]);
    }
    const off = await openGateway({ history: { enabled: false } });
    expect((await read(fetch(`${off.url}/v1/stats`))).status).toBe(501);
  });
});

describe("tasks that others have sent", () => {
  it("are listed as observed, with their states", async () => {
    const { app, url } = await openPlace();
    const own = (await read(post(`${url}/v1/tasks`, { task: "shop.add", args: [1, 2] }))).body;
    const { id } = await app.send("shop.add", { args: [3, 4] });
    await expect
      .poll(async () => (await listed(url)).find((task) => task["id"] === id), PATIENCE)
      .toMatchObject({ task: "shop.add", state: "SUCCESS", terminal: true, origin: "observed", queue: "" });
    const gateways = (await listed(url)).find((task) => task["id"] === own["id"]);
    expect(gateways).toMatchObject({ origin: "gateway", queue: "celery" });
    expect((await read(fetch(`${url}/v1/tasks/${id}`))).body).toMatchObject({ state: "SUCCESS", result: 7 });
    expect((await historyOf(url, id))["request"]).toBeUndefined();
    await expectTypes(url, id, ["received", "started", "succeeded"]);
  });

  it("are found by a part of the name, or the beginning of the id", async () => {
    const { url } = await openPlace();
    const one = (await read(post(`${url}/v1/tasks`, { task: "shop.add", args: [1, 2] }))).body;
    await read(post(`${url}/v1/tasks`, { task: "Other.Thing" }));
    const found = async (q: string): Promise<readonly unknown[]> =>
      (await listed(url, `?q=${encodeURIComponent(q)}`)).map((task) => task["task"]);
    expect(await found("ADD")).toEqual(["shop.add"]);
    expect(await found("other.")).toEqual(["Other.Thing"]);
    expect(await found(String(one["id"]).slice(0, 20).toUpperCase())).toContain("shop.add");
    expect(await found("nothing")).toEqual([]);
    for (const q of ["x", "", "x".repeat(256), "a\0b"])
      expect((await read(fetch(`${url}/v1/tasks?q=${encodeURIComponent(q)}`))).status).toBe(422);
    expect((await read(fetch(`${url}/v1/events?q=x`))).status).toBe(422);
  });

  it("are told to who follows, as their names are asked for", async () => {
    const { app, url } = await openPlace();
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const { body } = await fetch(`${url}/v1/events?q=SHOP.ADD`, { signal: stop.signal });
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("event: ready")) text += (await reader?.read())?.value ?? "";
    await app.send("shop.fail", {});
    const { id } = await app.send("shop.add", { args: [3, 4] });
    while (!text.includes("SUCCESS")) text += (await reader?.read())?.value ?? "";
    expect(text).toContain(id);
    expect(text).not.toContain("shop.fail");
  });

  it("are nobody's: who may not see all does not see them", async () => {
    const app = testApp();
    app.task("shop.add", (x: number, y: number) => x + y);
    await testWorker(app, { pool: "async", taskEvents: true });
    const { key, as } = await openAccess({ app, history: {} });
    const scopes = ["tasks:read"] as const;
    const all = await key({ scopes, read: "all" });
    const own = await key({ scopes });
    const tasksOf = async (who: string): Promise<unknown> => (await read(as(who, "/v1/tasks"))).body["tasks"];
    // Who sends before the gateway listens is not heard.
    await expect
      .poll(async () => {
        await app.send("shop.add", { args: [1, 2] });
        return tasksOf(all);
      }, PATIENCE)
      .toContainEqual(expect.objectContaining({ origin: "observed" }));
    expect(await tasksOf(own)).toEqual([]);
  });

  it("do no harm to those of callers, whatever events say of them", async () => {
    const { gateway, url } = await openGateway({
      history: {},
      stateUrl: `sqlite:///${await sqliteFile()}`,
      settings: { brokerUrl: `sqla+sqlite:///${await sqliteFile()}` },
    });
    const name = `a\0b\ud800${"x".repeat(200)}`;
    for (const [at, timestamp] of [0, 1e12, 1e300, -5, Number.NaN].entries()) {
      const event = { ...by(`w\0@\ud800${at}`, at), uuid: "odd", name, eta: "9999999-01-01" };
      gateway.hear({ ...event, timestamp, type: "task-received" });
      gateway.hear({ ...event, type: "task-started", uuid: `odd-${at}`, timestamp });
    }
    gateway.hear({ ...by("w@host", 9), type: "task-progress", uuid: "odd", progress: { deep: [1] } });
    const { status, body } = await read(post(`${url}/v1/tasks`, { task: "t" }));
    expect(status).toBe(202);
    await expectTypes(url, body["id"], ["accepted", "published"]);
    await expect
      .poll(async () => (await listed(url)).map(({ origin }) => origin).sort(), PATIENCE)
      .toEqual(["gateway", "observed"]);
    expect((await linesOf(url, "odd")).map(({ type }) => type)).toContain("progress");
  });

  it("are never said to be lost", async () => {
    const { gateway, url } = await openGateway({
      history: {},
      lostAfterSeconds: 0,
      settings: { brokerUrl: `sqla+sqlite:///${await sqliteFile()}` },
    });
    gateway.hear({ ...by("w@host", 1), type: "task-sent", uuid: "a", name: "shop.add" });
    await expect
      .poll(async () => await listed(url), PATIENCE)
      .toMatchObject([{ id: "a", state: "PENDING", origin: "observed" }]);
  });

  it("are not listed when that is off", async () => {
    const { app, url } = await openPlace({ history: { observed: false } });
    const { id } = (await read(post(`${url}/v1/tasks`, { task: "shop.add", args: [1, 2] }))).body;
    await app.send("shop.add", { args: [3, 4] });
    await expect.poll(async () => (await listed(url))[0]?.["state"], PATIENCE).toBe("SUCCESS");
    expect(await listed(url)).toMatchObject([{ id }]);
    await expectTypes(url, id, ["accepted", "published"]);
  });
});

/** What every event of a worker has. */
function by(hostname: string, clock: number): { hostname: string; clock: number; timestamp: number } {
  return { hostname, clock, timestamp: Date.now() / 1000 };
}

describe("GET /v1/stats", () => {
  it("counts what happened, by the minute", async () => {
    const { url } = await openPlace();
    for (const task of ["shop.add", "shop.fail", "shop.again"])
      await read(post(`${url}/v1/tasks`, { task, args: task === "shop.add" ? [1, 2] : [] }));
    const sums = async (query: string): Promise<Record<string, number>> => {
      const { body } = await read(fetch(`${url}/v1/stats${query}`));
      const sum: Record<string, number> = {};
      for (const point of body["points"] as Record<string, number>[])
        for (const name of ["accepted", "started", "succeeded", "failed", "retried", "revoked"])
          sum[name] = (sum[name] ?? 0) + (point[name] ?? 0);
      return sum;
    };
    const all = { accepted: 3, started: 4, succeeded: 2, failed: 1, retried: 1, revoked: 0 };
    await expect.poll(() => sums("?window=PT5M"), PATIENCE).toEqual(all);
    expect(await sums("?window=P1D&step=PT1H")).toEqual(all);
    expect(await sums("?task=shop.fail")).toMatchObject({ accepted: 1, succeeded: 0, failed: 1 });
    const { body } = await read(fetch(`${url}/v1/stats`));
    const points = body["points"] as Record<string, Record<string, unknown>>[];
    expect(points).toHaveLength(60);
    expect(body["step_seconds"]).toBe(60);
    expect(Date.parse(String(body["from"]))).toBe(Date.parse(String(points[0]?.["at"])));
    expect(body["tasks"]).toMatchObject([
      { task: "shop.add", succeeded: 1, failed: 0, p95: expect.any(Number) },
      { task: "shop.again", succeeded: 1, retried: 1 },
      { task: "shop.fail", succeeded: 0, failed: 1 },
    ]);
    const busy = points.find((point) => Number(point["started"]) > 0);
    expect(busy?.["wait"]).toMatchObject({ p50: expect.any(Number), p99: expect.any(Number) });
    expect(points[0]?.["runtime"]).toEqual({ p50: null, p95: null, p99: null });
  });

  it("refuses what it has no points for", async () => {
    const { url } = await openGateway({ history: {} });
    for (const query of ["step=PT30S", "step=PT90S", "step=x", "window=P8D", "window=PT0S", "window=P7D"])
      expect([query, (await read(fetch(`${url}/v1/stats?${query}`))).status]).toEqual([query, 422]);
    for (const query of ["window=P7D&step=PT10M", "window=P7D&step=PT1H", "window=P1D", "window=PT90S"])
      expect([query, (await read(fetch(`${url}/v1/stats?${query}`))).status]).toEqual([query, 200]);
  });
});

it("a worker in the same process tells what its broker cannot carry", async () => {
  const app = testApp({ brokerUrl: `sqla+sqlite:///${await sqliteFile()}` });
  app.task("shop.add", (x: number, y: number) => x + y);
  const { gateway, url } = await openGateway({ app, history: {} });
  await testWorker(app, { pool: "async", onUncarriedEvent: (event) => gateway.hear(event) });
  const { id } = (await read(post(`${url}/v1/tasks`, { task: "shop.add", args: [1, 2] }))).body;
  await expectTypes(url, id, ["accepted", "published", "received", "started", "succeeded"]);
});

describe("a history in a database", () => {
  it("is told by the gateway that is started anew", async () => {
    const stateUrl = `sqlite:///${await sqliteFile()}`;
    const first = await openPlace({ stateUrl });
    const { id } = (await read(post(`${first.url}/v1/tasks`, { task: "shop.add", args: [1, 2] }))).body;
    const types = ["accepted", "published", "received", "started", "succeeded"];
    await expectTypes(first.url, id, types);
    await first.gateway.close();
    const { url } = await openGateway({ history: {}, stateUrl });
    expect((await linesOf(url, id)).map(({ type }) => type)).toEqual(types);
    const { body } = await read(fetch(`${url}/v1/stats`));
    expect(body["tasks"]).toMatchObject([{ task: "shop.add", succeeded: 1 }]);
  });

  it("has 10,000 tasks of others, page by page", async () => {
    const count = 10_000;
    const { gateway, url } = await openGateway({
      history: {},
      stateUrl: `sqlite:///${await sqliteFile()}`,
      settings: { brokerUrl: `sqla+sqlite:///${await sqliteFile()}` },
    });
    for (let at = 0; at < count; at += 1) {
      const event = { ...by("w@host", 3 * at), uuid: `task-${at}` };
      gateway.hear({ ...event, type: "task-received", name: `shop.t${at % 10}`, args: "()", kwargs: "{}" });
      gateway.hear({ ...event, type: "task-started" });
      gateway.hear({ ...event, type: "task-succeeded", runtime: 0.1 });
      // What is heard faster than it can be written is left out.
      if (at % 1000 === 999) await historyOf(url, "task-0");
    }
    const ids = new Set<unknown>();
    let next: string | undefined = "/v1/tasks?limit=500";
    while (next !== undefined) {
      const { body } = await read(fetch(url + next));
      for (const task of body["tasks"] as Record<string, unknown>[]) {
        expect(task).toMatchObject({ state: "SUCCESS", origin: "observed" });
        ids.add(task["id"]);
      }
      next = body["next"] as string | undefined;
    }
    expect(ids.size).toBe(count);
    expect(await listed(url, "?q=T7&limit=500")).toHaveLength(500);
    const { body } = await read(fetch(`${url}/v1/stats`));
    const tasks = body["tasks"] as Record<string, number>[];
    expect(tasks.reduce((sum, { succeeded = 0 }) => sum + succeeded, 0)).toBe(count);
  });
});

it("two gateways of one state list and count what both hear once", async () => {
  const app = testApp();
  app.task("shop.add", (x: number, y: number) => x + y);
  await testWorker(app, { pool: "async", taskEvents: true });
  const stateUrl = `sqlite:///${await sqliteFile()}`;
  const urls: string[] = [];
  for (let at = 0; at < 2; at += 1) {
    const gateway = createGateway({ app, history: {}, stateUrl });
    onTestFinished(() => gateway.close());
    urls.push((await gateway.listen({ port: 0 })).url);
  }
  const [one = "", other = ""] = urls;
  const ids: unknown[] = [];
  for (let at = 0; at < 20; at += 1) {
    const { body } = await read(post(`${urls[at % 2]}/v1/tasks`, { task: "shop.add", args: [at, 1] }));
    ids.push(body["id"]);
  }
  const types = ["accepted", "published", "received", "started", "succeeded"];
  for (const id of ids) await expectTypes(other, id, types);
  for (const id of ids) await expectTypes(one, id, types);
  expect(await listed(one)).toHaveLength(20);
  await expect
    .poll(async () => {
      // Each gateway tells its own counts when it is asked, and from time to time.
      await read(fetch(`${other}/v1/stats`));
      return (await read(fetch(`${one}/v1/stats`))).body["tasks"];
    }, PATIENCE)
    .toMatchObject([{ task: "shop.add", succeeded: 20, failed: 0 }]);
});

it("a task that is accepted where nothing is kept beside the process has a history there", async () => {
  const state = createMemoryState();
  const { url } = await openGateway({ history: {}, stateStore: state });
  const { id } = (await read(post(`${url}/v1/tasks`, { task: "t" }))).body;
  await expectTypes(url, id, ["accepted", "published"]);
});
