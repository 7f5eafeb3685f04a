import { describe, expect, it } from "vitest";
import { isReady } from "../../protocol/index.ts";
import { sqliteFile, startRedis } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";
import { exception, openGateway, type PlaceOptions, post, read, storeState } from "./place.ts";

/** A gateway that has accepted a task nobody runs. */
async function withTask(options: PlaceOptions = {}, body: object = { task: "examples.add" }) {
  const place = await openGateway(options);
  const { id } = (await read(post(`${place.url}/v1/tasks`, body))).body;
  return { ...place, id: String(id), self: `${place.url}/v1/tasks/${id}` };
}

describe("GET /v1/tasks/{id}", () => {
  it("knows the task before any worker does", async () => {
    const { id, self } = await withTask(
      {},
      { task: "examples.add", queue: "q", eta: "2099-01-01T00:00:00Z" },
    );
    const { status, headers, body } = await read(fetch(self));
    expect(status).toBe(200);
    expect(headers.get("retry-after")).toBe("1");
    expect(headers.get("cache-control")).toBe("no-cache");
    expect(body).toEqual({
      id,
      task: "examples.add",
      queue: "q",
      state: "PENDING",
      terminal: false,
      eta: "2099-01-01T00:00:00+00:00",
      submitted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*\+00:00$/),
      links: { self: `/v1/tasks/${id}`, result: `/v1/tasks/${id}/result`, events: `/v1/tasks/${id}/events` },
    });
  });

  it.each([
    ["SUCCESS", { a: [1, null] }, { terminal: true, result: { a: [1, null] } }],
    ["SUCCESS", null, { terminal: true, result: null }],
    ["PROGRESS", { done: 5, of: 9 }, { terminal: false, meta: { done: 5, of: 9 } }],
    ["STARTED", { pid: 1, hostname: "w" }, { terminal: false, meta: { pid: 1, hostname: "w" } }],
    [
      "RETRY",
      exception("OSError", "down"),
      {
        terminal: false,
        error: { type: "OSError", module: "builtins", message: "OSError: down", args: ["down"] },
      },
    ],
    [
      "FAILURE",
      exception("KeyError", "x", 2),
      {
        terminal: true,
        error: { type: "KeyError", module: "builtins", message: "KeyError: x, 2", args: ["x", 2] },
      },
    ],
    ["REVOKED", exception("TaskRevokedError", "expired"), { terminal: true }],
  ])("shows %s", async (state, result, expected) => {
    const { app, id, self } = await withTask();
    await storeState(app, id, state, result, "Traceback (most recent call last)");
    const { status, headers, body } = await read(fetch(self));
    expect(status).toBe(200);
    expect(body).toMatchObject({ id, state, ...expected });
    expect(headers.has("retry-after")).toBe(!isReady(state));
    expect("done_at" in body).toBe(isReady(state));
    expect(JSON.stringify(body)).not.toContain("Traceback");
  });

  it("shows tracebacks only when it is allowed to", async () => {
    const { app, id, self } = await withTask({ allowTraceback: true });
    await storeState(app, id, "FAILURE", exception("KeyError"), "Traceback (most recent call last)");
    expect((await read(fetch(self))).body["error"]).toMatchObject({
      message: "KeyError",
      traceback: "Traceback (most recent call last)",
    });
  });

  it("shows a task that only the result store knows", async () => {
    const { app, url } = await openGateway();
    await storeState(app, "made-elsewhere:1", "SUCCESS", 1);
    expect((await read(fetch(`${url}/v1/tasks/made-elsewhere:1`))).body).toMatchObject({
      state: "SUCCESS",
      result: 1,
    });
  });

  it.each(["", "/result", "/events"])("is 404 at %s for an id that it did not issue", async (rest) => {
    const { url } = await openGateway();
    const { status, body } = await read(fetch(`${url}/v1/tasks/no-such-id${rest}`));
    expect(status).toBe(404);
    expect(body).toMatchObject({ type: "/problems/unknown-task", id: "no-such-id" });
  });

  it.each(["a%2Fb", "..%2F..", "a%00b", "a%0D%0Ab", "a%20b", "a".repeat(156), "%F0%9F%98%80"])(
    "refuses the id %.20s",
    async (id) => {
      const { url } = await openGateway();
      const { status, body } = await read(fetch(`${url}/v1/tasks/${id}`));
      expect(status).toBe(422);
      expect(body["type"]).toBe("/problems/bad-id");
    },
  );

  it("is 410 once the result of an ended task is gone", async () => {
    const { app, id, self } = await withTask();
    await storeState(app, id, "SUCCESS", 1);
    expect((await fetch(self)).status).toBe(200);
    await (await app.backend()).forget([id]);
    const { status, body } = await read(fetch(self));
    expect(status).toBe(410);
    expect(body["type"]).toBe("/problems/task-expired");
  });

  it("passes odd values through", async () => {
    const { app, id, self } = await withTask();
    await storeState(app, id, "SUCCESS", [2n ** 70n, -0.5, "\u2028é", { __proto__x: 1 }]);
    expect(await (await fetch(self)).text()).toContain(
      '"result":[1180591620717411303424,-0.5,"\u2028é",{"__proto__x":1}]',
    );
    await storeState(app, "nan", "PROGRESS", { loss: Number.NaN });
    const refused = await read(fetch(self.replace(id, "nan")));
    expect(refused.status).toBe(406);
    expect((await read(fetch(`${self.replace(id, "nan")}?nan=string`))).body["meta"]).toEqual({
      loss: "NaN",
    });
  });

  it("treats a hostile failure as data, and cuts what is too long", async () => {
    const { app, id, self } = await withTask();
    const huge = "x".repeat(10_000_000);
    await storeState(app, id, "FAILURE", {
      exc_type: "system",
      exc_module: "os",
      exc_message: ["touch /tmp/x", huge],
    });
    const { status, body } = await read(fetch(self));
    expect(status).toBe(200);
    expect(body["error"]).toMatchObject({ type: "system", module: "os" });
    expect(JSON.stringify(body).length).toBeLessThan(200_000);
  });

  it("works for HEAD", async () => {
    const { self } = await withTask();
    const answer = await fetch(self, { method: "HEAD" });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("etag")).toMatch(/^"/);
    expect(await answer.text()).toBe("");
  });
});

describe("waiting for a task", () => {
  it("ends with the task", async () => {
    const { app, id, self } = await withTask();
    const waiting = read(fetch(self, { headers: { prefer: "wait=20" } }));
    await storeState(app, id, "PROGRESS", 1);
    await storeState(app, id, "SUCCESS", "done");
    const { status, headers, body } = await waiting;
    expect(status).toBe(200);
    expect(headers.get("preference-applied")).toBe("wait=20");
    expect(body).toMatchObject({ state: "SUCCESS", result: "done" });
  });

  it("ends with the time, showing the newest state", async () => {
    const { self } = await withTask();
    const { status, body } = await read(fetch(self, { headers: { prefer: "wait=1" } }));
    expect(status).toBe(200);
    expect(body["state"]).toBe("PENDING");
  });

  it("is a long poll with If-None-Match", async () => {
    const { app, id, self } = await withTask();
    const first = await read(fetch(self));
    const ifNoneMatch = String(first.headers.get("etag"));
    const unchanged = await fetch(self, { headers: { "if-none-match": ifNoneMatch, prefer: "wait=1" } });
    expect(unchanged.status).toBe(304);
    expect(unchanged.headers.get("etag")).toBe(ifNoneMatch);
    const waiting = read(fetch(self, { headers: { "if-none-match": ifNoneMatch, prefer: "wait=20" } }));
    await storeState(app, id, "PROGRESS", 1);
    const changed = await waiting;
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ state: "PROGRESS", meta: 1 });
    // Who is behind need not wait.
    const behind = await read(fetch(self, { headers: { "if-none-match": ifNoneMatch, prefer: "wait=50" } }));
    expect(behind.body["state"]).toBe("PROGRESS");
  });

  it.each([
    ["the same tag", (etag: string) => etag, 304],
    ["a weak tag", (etag: string) => `W/${etag}`, 304],
    ["a list with it", (etag: string) => `"a", ${etag}`, 304],
    ["any", () => "*", 304],
    ["another tag", () => '"a"', 200],
  ])("compares If-None-Match: %s", async (_name, header, status) => {
    const { app, id, self } = await withTask();
    await storeState(app, id, "SUCCESS", 1);
    const etag = String((await fetch(self)).headers.get("etag"));
    // An ended task is not waited for.
    const answer = await fetch(self, { headers: { "if-none-match": header(etag), prefer: "wait=50" } });
    expect(answer.status).toBe(status);
  });
});

describe("GET /v1/tasks/{id}/result", () => {
  it.each([[{ a: 1 }], [null], [false], ["text"], [[]], [2n ** 70n]])(
    "is the bare value %s",
    async (value) => {
      const { app, id, self } = await withTask();
      await storeState(app, id, "SUCCESS", value);
      const answer = await fetch(`${self}/result`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe("application/json");
      expect(await answer.text()).toBe(typeof value === "bigint" ? String(value) : JSON.stringify(value));
    },
  );

  it("is 202 while the task runs", async () => {
    const { id, self } = await withTask();
    const { status, headers, body } = await read(fetch(`${self}/result`));
    expect(status).toBe(202);
    expect(headers.get("retry-after")).toBe("1");
    expect(body).toMatchObject({ id, task: "examples.add", state: "PENDING" });
  });

  it.each([
    ["FAILURE", "task-failed", exception("KeyError", "x")],
    ["REVOKED", "task-revoked", exception("TaskRevokedError", "expired")],
  ])("is 424 after %s", async (state, type, result) => {
    const { app, id, self } = await withTask();
    await storeState(app, id, state, result);
    const { status, headers, body } = await read(fetch(`${self}/result`));
    expect(status).toBe(424);
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(body).toMatchObject({ type: `/problems/${type}`, id, error: { module: "builtins" } });
  });

  it("waits for the task when the caller prefers to", async () => {
    const { app, id, self } = await withTask();
    const waiting = fetch(`${self}/result`, { headers: { prefer: "wait=20" } });
    await storeState(app, id, "SUCCESS", 42);
    expect(await (await waiting).text()).toBe("42");
  });

  it("is 406 for NaN, unless it may be a string", async () => {
    const { app, id, self } = await withTask();
    await storeState(app, id, "SUCCESS", Number.NaN);
    expect((await read(fetch(`${self}/result`))).body["type"]).toBe("/problems/not-representable");
    expect(await (await fetch(`${self}/result?nan=string`)).text()).toBe('"NaN"');
  });

  it("is 501 where no result is kept", async () => {
    const { self } = await withTask({ settings: { resultBackend: null } });
    expect((await read(fetch(`${self}/result`))).body).toMatchObject({
      type: "/problems/results-disabled",
      status: 501,
    });
    expect((await read(fetch(self))).body["state"]).toBe("PENDING");
    const ignored = await withTask({}, { task: "t", ignore_result: true });
    expect((await fetch(`${ignored.self}/result`)).status).toBe(501);
    expect((await read(fetch(ignored.self))).body).toMatchObject({ state: "PENDING", ignore_result: true });
  });
});

describe("GET /v1/tasks", () => {
  it("lists the newest first, with the states of now", async () => {
    const { app, url } = await openGateway();
    const ids: string[] = [];
    for (const task of ["a", "b", "a"])
      ids.unshift(String((await read(post(`${url}/v1/tasks`, { task }))).body["id"]));
    await storeState(app, String(ids[1]), "FAILURE", exception("KeyError"));
    const { status, body } = await read(fetch(`${url}/v1/tasks`));
    expect(status).toBe(200);
    const tasks = body["tasks"] as Record<string, unknown>[];
    expect(tasks.map(({ id }) => id)).toEqual(ids);
    expect(tasks.map(({ state }) => state)).toEqual(["PENDING", "FAILURE", "PENDING"]);
    expect(tasks[1]).toMatchObject({ terminal: true, done_at: expect.any(String), queue: "celery" });
    const failed = await read(fetch(`${url}/v1/tasks?state=FAILURE`));
    expect((failed.body["tasks"] as object[]).length).toBe(1);
    const named = await read(fetch(`${url}/v1/tasks?task=a&state=PENDING`));
    expect((named.body["tasks"] as object[]).length).toBe(2);
  });

  it("goes on with the next link", async () => {
    const { url } = await openGateway();
    for (let n = 0; n < 5; n += 1) await post(`${url}/v1/tasks`, { task: "t" });
    const seen = new Set<unknown>();
    let next: unknown = "/v1/tasks?task=t&limit=2";
    let pages = 0;
    while (typeof next === "string") {
      const page = await read(fetch(url + next));
      for (const { id } of page.body["tasks"] as { id: string }[]) seen.add(id);
      next = page.body["next"];
      expect(page.headers.get("link")).toBe(next === undefined ? null : `<${next}>; rel="next"`);
      pages += 1;
    }
    expect([seen.size, pages]).toEqual([5, 3]);
  });

  it.each(["limit=0", "limit=501", "limit=x", "limit=1e2", "cursor=abc", "cursor=-1"])(
    "refuses %s",
    async (query) => {
      const { url } = await openGateway();
      const { status, body } = await read(fetch(`${url}/v1/tasks?${query}`));
      expect(status).toBe(422);
      expect(body["detail"]).toContain(query.split("=")[0]);
    },
  );
});

describe("GET /v1/catalog", () => {
  it("names registered tasks with their parameters, sent ones, and queues", async () => {
    const app = testApp();
    app.task("examples.add", (x: number, y: number) => x + y);
    const { url } = await openGateway({ app });
    await post(`${url}/v1/tasks`, { task: "python.task", queue: "other" });
    expect((await read(fetch(`${url}/v1/catalog`))).body).toEqual({
      tasks: [{ name: "examples.add", params: ["x", "y"] }, { name: "python.task" }],
      queues: ["celery", "other"],
    });
  });
});

describe("a restarted gateway", () => {
  it("still knows what it accepted", async () => {
    const app = testApp();
    const stateUrl = `sqlite:///${await sqliteFile()}`;
    const first = await openGateway({ app, stateUrl });
    const { id } = (await read(post(`${first.url}/v1/tasks`, { task: "examples.add" }))).body;
    await first.gateway.close();
    const second = await openGateway({ app, stateUrl });
    expect((await read(fetch(`${second.url}/v1/tasks/${id}`))).body).toMatchObject({
      state: "PENDING",
      task: "examples.add",
    });
    expect((await fetch(`${second.url}/v1/tasks/not-${id}`)).status).toBe(404);
  });
});

describe("a result store that fails", () => {
  it("is 502 for garbage under one id, and others are as they were", async () => {
    const redis = await startRedis();
    const { app, url } = await openGateway({ settings: { resultBackend: `${redis.url}/1` } });
    const { Redis } = await import("ioredis");
    const client = new Redis(`${redis.url}/1`);
    await client.set("celery-task-meta-bad", "{{{");
    await client.set("celery-task-meta-shape", "[1]");
    await client.set("celery-task-meta-evil", '{"status":"EVIL","result":1,"task_id":"evil"}');
    client.disconnect();
    for (const id of ["bad", "shape"]) {
      const { status, body } = await read(fetch(`${url}/v1/tasks/${id}`));
      expect(status).toBe(502);
      expect(body["type"]).toBe("/problems/bad-result");
    }
    expect((await read(fetch(`${url}/v1/tasks/evil`))).body).toMatchObject({
      state: "EVIL",
      terminal: false,
    });
    await storeState(app, "good", "SUCCESS", 1);
    expect((await fetch(`${url}/v1/tasks/good`)).status).toBe(200);
  });
});

describe("results of a running worker", () => {
  it("are there while it works and when it is done", async () => {
    const app = testApp();
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    app.task("examples.slow", { bind: true }, async (self) => {
      await self.updateState("PROGRESS", { percent: 50 });
      await gate;
      return "done";
    });
    await testWorker(app);
    const { url } = await openGateway({ app });
    const { id } = (await read(post(`${url}/v1/call/examples.slow`, {}))).body;
    const self = `${url}/v1/tasks/${id}`;
    await expect.poll(async () => (await read(fetch(self))).body["meta"]).toEqual({ percent: 50 });
    const waiting = read(fetch(self, { headers: { prefer: "wait=20" } }));
    go();
    expect((await waiting).body).toMatchObject({ state: "SUCCESS", result: "done" });
  });
});
