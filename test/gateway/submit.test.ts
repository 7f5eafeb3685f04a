import { describe, expect, it, vi } from "vitest";
import { startRedis } from "../helpers/services.ts";
import { takeMessages, testApp, testWorker } from "../helpers/worker.ts";
import { openGateway, post, read, sendRaw } from "./place.ts";

const ID = /^[0-9a-f-]{36}$/;

describe("POST /v1/tasks", () => {
  it("answers 202 with where to ask, and sends a protocol 2 message", async () => {
    const { app, url } = await openGateway();
    const { status, headers, body } = await read(
      post(`${url}/v1/tasks`, { task: "examples.add", args: [2, 3], kwargs: { z: [null, true] } }),
    );
    expect(status).toBe(202);
    expect(headers.get("content-type")).toBe("application/json");
    const id = String(body["id"]);
    expect(id).toMatch(ID);
    expect(headers.get("location")).toBe(`/v1/tasks/${id}`);
    expect(body).toEqual({
      id,
      task: "examples.add",
      state: "PENDING",
      links: { self: `/v1/tasks/${id}`, result: `/v1/tasks/${id}/result`, events: `/v1/tasks/${id}/events` },
    });
    const [delivery] = await takeMessages(app, "celery", 1);
    expect(delivery?.message?.headers).toMatchObject({ id, task: "examples.add", root_id: id, retries: 0 });
    expect(JSON.parse(String(delivery?.message?.body)).slice(0, 2)).toEqual([[2, 3], { z: [null, true] }]);
  });

  it("passes every option on", async () => {
    const { app, url } = await openGateway();
    const sent = await post(`${url}/v1/tasks`, {
      task: "t",
      queue: "fast.lane",
      eta: "2099-01-02T03:04:05+01:00",
      expires: "2099-01-03T00:00:00Z",
      priority: 7,
      ignore_result: true,
    });
    expect(sent.status).toBe(202);
    const [delivery] = await takeMessages(app, "fast.lane", 1);
    expect(delivery?.message?.headers).toMatchObject({
      eta: "2099-01-02T02:04:05+00:00",
      expires: "2099-01-03T00:00:00+00:00",
      ignore_result: true,
    });
    expect(delivery?.message?.properties.priority).toBe(7);
  });

  it.each([[90], ["PT1M30S"]])("takes the delay %j", async (delay) => {
    const { app, url } = await openGateway();
    const beforeMs = Date.now();
    expect((await post(`${url}/v1/tasks`, { task: "t", delay, expires: delay })).status).toBe(202);
    const afterMs = Date.now();
    const [delivery] = await takeMessages(app, "celery", 1);
    for (const name of ["eta", "expires"]) {
      const timeMs = Date.parse(String(delivery?.message?.headers[name]));
      expect(timeMs).toBeGreaterThanOrEqual(beforeMs + 90_000);
      expect(timeMs).toBeLessThanOrEqual(afterMs + 90_000);
    }
  });

  it("copies the trace context into lower-case message headers, and no other header", async () => {
    const { app, url } = await openGateway();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const headers = { Traceparent: traceparent, tracestate: "a=1", Baggage: "k=v", task: "evil", id: "evil" };
    await post(`${url}/v1/tasks`, { task: "t" }, headers);
    const [delivery] = await takeMessages(app, "celery", 1);
    expect(delivery?.message?.headers).toMatchObject({
      traceparent,
      tracestate: "a=1",
      baggage: "k=v",
      task: "t",
    });
    expect(delivery?.message?.headers["id"]).toMatch(ID);
  });

  it("sends big integers exactly", async () => {
    const { app, url } = await openGateway();
    await post(`${url}/v1/tasks`, '{"task":"t","args":[1180591620717411303424,-9007199254740993]}');
    const [delivery] = await takeMessages(app, "celery", 1);
    expect(String(delivery?.message?.body).replaceAll(" ", "")).toContain(
      "[[1180591620717411303424,-9007199254740993],{},",
    );
  });

  it("gives every task an id of its own", async () => {
    const { url } = await openGateway();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => read(post(`${url}/v1/tasks`, { task: "t", args: [n] }))),
    );
    expect(new Set(answers.map(({ body }) => body["id"])).size).toBe(200);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  });
});

describe("POST /v1/call/{task}", () => {
  it("takes the keyword arguments as its body", async () => {
    const { app, url } = await openGateway();
    expect((await post(`${url}/v1/call/examples.add`, { x: 1, y: 2 })).status).toBe(202);
    const [delivery] = await takeMessages(app, "celery", 1);
    expect(delivery?.message?.headers["task"]).toBe("examples.add");
    expect(JSON.parse(String(delivery?.message?.body)).slice(0, 2)).toEqual([[], { x: 1, y: 2 }]);
  });

  it("needs no body, and no content type then", async () => {
    const { app, url } = await openGateway();
    expect((await fetch(`${url}/v1/call/t`, { method: "POST" })).status).toBe(202);
    const [delivery] = await takeMessages(app, "celery", 1);
    expect(JSON.parse(String(delivery?.message?.body)).slice(0, 2)).toEqual([[], {}]);
  });

  it.each([
    ["[1]", 422, "invalid-arguments"],
    ['{"__type__":"datetime","__value__":"x"}', 422, "reserved-envelope"],
  ])("refuses the body %s", async (body, status, type) => {
    const { url } = await openGateway();
    const answer = await read(post(`${url}/v1/call/t`, body));
    expect(answer.status).toBe(status);
    expect(answer.body["type"]).toBe(`/problems/${type}`);
  });

  it.each(["a%20b", "..", "%2e%2e", "1a", "a-b", "%F0%9F%98%80", `a${"b".repeat(255)}`])(
    "refuses the task name %.20s",
    async (name) => {
      const { app, port } = await openGateway();
      // Not by fetch(), which would resolve the dots.
      const head = `POST /v1/call/${name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n`;
      const answer = await sendRaw(port, `${head}Content-Length: 0\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1.1 422 .*"\/problems\/bad-task-name"/s);
      expect(await (await app.connection()).queueSize("celery")).toBe(0);
    },
  );
});

describe("the checks of a task", () => {
  it.each([
    ["no task", {}, "bad-task-name", "/task"],
    ["a task that is no string", { task: 5 }, "bad-task-name", "/task"],
    ["a task name with a line break", { task: "a\r\nb" }, "bad-task-name", "/task"],
    ["a long task name", { task: "a".repeat(256) }, "bad-task-name", "/task"],
    ["an empty task name", { task: "" }, "bad-task-name", "/task"],
    ["args as an object", { task: "t", args: {} }, "invalid-arguments", "/args"],
    ["kwargs as a list", { task: "t", kwargs: [] }, "invalid-arguments", "/kwargs"],
    ["a priority of 10", { task: "t", priority: 10 }, "invalid-arguments", "/priority"],
    ["a priority of 1.5", { task: "t", priority: 1.5 }, "invalid-arguments", "/priority"],
    ["a queue that is a pattern", { task: "t", queue: "a*" }, "invalid-arguments", "/queue"],
    ["a queue with a line break", { task: "t", queue: "a\r\n" }, "invalid-arguments", "/queue"],
    ["a naive eta", { task: "t", eta: "2030-01-02T03:04:05" }, "bad-eta", "/eta"],
    ["an eta in words", { task: "t", eta: "next tuesday" }, "bad-eta", "/eta"],
    ["an eta as a number", { task: "t", eta: 1_700_000_000 }, "bad-eta", "/eta"],
    ["an eta in the year 10000", { task: "t", eta: "10000-01-01T00:00:00Z" }, "bad-eta", "/eta"],
    ["an eta that is no day", { task: "t", eta: "2030-02-30T00:00:00Z" }, "bad-eta", undefined],
    ["naive expires", { task: "t", expires: "2030-01-02T03:04:05" }, "bad-eta", "/expires"],
    ["a negative delay", { task: "t", delay: -1 }, "invalid-arguments", "/delay"],
    ["an endless delay", { task: "t", delay: 1e15 }, "invalid-arguments", "/delay"],
    ["a delay in months", { task: "t", delay: "P1M" }, "invalid-arguments", "/delay"],
    [
      "both eta and delay",
      { task: "t", eta: "2030-01-01T00:00:00Z", delay: 1 },
      "invalid-arguments",
      "/delay",
    ],
    ["headers", { task: "t", headers: { task: "evil" } }, "reserved-option", "/headers"],
    ["a serializer", { task: "t", serializer: "pickle" }, "reserved-option", "/serializer"],
    ["an id", { task: "t", task_id: "x" }, "reserved-option", "/task_id"],
    ["__proto__", '{"task":"t","__proto__":{}}', "reserved-option", "/__proto__"],
  ])("refuses %s", async (_what, body, type, pointer) => {
    const { app, url } = await openGateway();
    const answer = await read(post(`${url}/v1/tasks`, body));
    expect(answer.status).toBe(422);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.body).toMatchObject({ type: `/problems/${type}`, status: 422 });
    if (pointer !== undefined) expect(answer.body["errors"]).toMatchObject([{ pointer }]);
    expect(await (await app.connection()).queueSize("celery")).toBe(0);
  });

  it.each([
    "headers",
    "reply_to",
    "chord",
    "link",
    "callbacks",
    "retries",
    "root_id",
    "delivery_mode",
    "meth",
  ])("names the option %s and those that are allowed", async (name) => {
    const { url } = await openGateway();
    const { body } = await read(post(`${url}/v1/tasks`, { task: "t", [name]: 1 }));
    expect(body["errors"]).toEqual([
      {
        pointer: `/${name}`,
        detail: `"${name}" is not an option of this request; allowed: task, args, kwargs, queue, eta, delay, expires, priority, ignore_result, tags, dedupe, callback`,
      },
    ]);
  });

  it("lists everything that is wrong", async () => {
    const { url } = await openGateway();
    const { body } = await read(post(`${url}/v1/tasks`, { task: "a b", args: 1, x: 1 }));
    expect(body["type"]).toBe("/problems/invalid-arguments");
    expect((body["errors"] as { pointer: string }[]).map(({ pointer }) => pointer).sort()).toEqual([
      "/args",
      "/task",
      "/x",
    ]);
  });

  it.each([
    ["/args/0", '{"task":"t","args":[{"__type__":"datetime","__value__":"2030"}]}'],
    ["/args/1/a~1b/0", '{"task":"t","args":[0,{"a/b":[{"__value__":1,"__type__":"x"}]}]}'],
    ["/kwargs", '{"task":"t","kwargs":{"__type__":"bytes","__value__":"a"}}'],
    ["/kwargs/k", '{"task":"t","kwargs":{"k":{"\\u005f_type__":"bytes","__value__":"a"}}}'],
  ])("refuses Celery's typed values at %s", async (pointer, body) => {
    const { url } = await openGateway();
    const answer = await read(post(`${url}/v1/tasks`, body));
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ type: "/problems/reserved-envelope", errors: [{ pointer }] });
  });

  it("lets objects pass that only look like typed values", async () => {
    const { url } = await openGateway();
    const args = [{ __type__: "x" }, { __type__: "x", __value__: 1, other: 2 }];
    expect((await post(`${url}/v1/tasks`, { task: "t", args })).status).toBe(202);
  });

  it.each(["celery.chain", "celery.map", "celery.backend_cleanup"])(
    "refuses Celery's own task %s",
    async (task) => {
      const { url, app } = await openGateway();
      for (const answer of [
        await read(post(`${url}/v1/tasks`, { task })),
        await read(post(`${url}/v1/call/${task}`, {})),
      ]) {
        expect([answer.status, answer.body["type"]]).toEqual([422, "/problems/reserved-task"]);
        expect(answer.body["errors"]).toEqual([{ pointer: "/task", detail: expect.any(String) }]);
      }
      expect(await (await app.connection()).queueSize("celery")).toBe(0);
    },
  );

  it("refuses a queue that the app may not create", async () => {
    const { url } = await openGateway({ settings: { taskCreateMissingQueues: false } });
    const answer = await read(post(`${url}/v1/tasks`, { task: "t", queue: "other" }));
    expect(answer.status).toBe(409);
    expect(answer.body["type"]).toBe("/problems/unroutable-queue");
  });
});

describe("Prefer: wait", () => {
  it("answers 200 with the result of a task that ends in time", async () => {
    const app = testApp();
    app.task("examples.add", (x: number, y: number) => x + y);
    await testWorker(app);
    const { url } = await openGateway({ app });
    const { status, headers, body } = await read(
      post(`${url}/v1/tasks`, { task: "examples.add", args: [2, 3] }, { prefer: "wait=10" }),
    );
    expect(status).toBe(200);
    expect(headers.get("preference-applied")).toBe("wait=10");
    expect(headers.get("location")).toBe(`/v1/tasks/${body["id"]}`);
    expect(body).toMatchObject({ task: "examples.add", state: "SUCCESS", terminal: true, result: 5 });
  });

  it("answers 200 with the error of a task that fails in time", async () => {
    const app = testApp();
    app.task("examples.fail", () => {
      throw new TypeError("no such customer");
    });
    await testWorker(app);
    const { url } = await openGateway({ app });
    const { status, body } = await read(
      post(`${url}/v1/call/examples.fail`, {}, { prefer: "wait=10, respond-async" }),
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: "FAILURE",
      terminal: true,
      error: {
        type: "TypeError",
        module: "builtins",
        message: "TypeError: no such customer",
        args: ["no such customer"],
      },
    });
    expect(body["error"]).not.toHaveProperty("traceback");
  });

  it("answers 202 when the time is over first", async () => {
    const { url } = await openGateway();
    const { status, headers, body } = await read(
      post(`${url}/v1/tasks`, { task: "t" }, { prefer: "wait=1" }),
    );
    expect(status).toBe(202);
    expect(headers.get("preference-applied")).toBe("wait=1");
    expect(body["state"]).toBe("PENDING");
  });

  it.each([
    ["respond-async", "respond-async"],
    ["wait=0", "wait=0"],
    ["foo=bar", null],
  ])("answers at once for %s", async (prefer, applied) => {
    const { url } = await openGateway();
    const { status, headers } = await read(post(`${url}/v1/tasks`, { task: "t" }, { prefer }));
    expect(status).toBe(202);
    expect(headers.get("preference-applied")).toBe(applied);
  });

  it("caps the wait", async () => {
    const { url } = await openGateway({ waitMaxSeconds: 1 });
    const { status, headers } = await read(post(`${url}/v1/tasks`, { task: "t" }, { prefer: "wait=3600" }));
    expect(status).toBe(202);
    expect(headers.get("preference-applied")).toBe("wait=1");
  });

  it("does not wait for what will never be stored", async () => {
    const { url } = await openGateway();
    const ignored = await read(
      post(`${url}/v1/tasks`, { task: "t", ignore_result: true }, { prefer: "wait=50" }),
    );
    expect(ignored.status).toBe(202);
    const none = await openGateway({ settings: { resultBackend: null } });
    expect((await post(`${none.url}/v1/tasks`, { task: "t" }, { prefer: "wait=50" })).status).toBe(202);
  });

  it("lets many wait while others submit, and refuses more than the limit before it sends anything", async () => {
    const { app, gateway, url } = await openGateway({ limits: { waits: 20 } });
    const stop = new AbortController();
    const waiting = Array.from({ length: 20 }, (_, n) =>
      fetch(`${url}/v1/tasks`, {
        method: "POST",
        headers: { "content-type": "application/json", prefer: "wait=50" },
        body: JSON.stringify({ task: "t", args: [n] }),
        signal: stop.signal,
      }).then(
        () => "answered",
        () => "aborted",
      ),
    );
    const messages = await takeMessages(app, "celery", 20);
    expect((await post(`${url}/v1/tasks`, { task: "t" })).status).toBe(202);
    const refused = await read(post(`${url}/v1/tasks`, { task: "t" }, { prefer: "wait=50" }));
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(refused.body["type"]).toBe(
      "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
    );
    expect(await (await app.connection()).queueSize("celery")).toBe(1);
    // Callers that leave give their places back.
    stop.abort();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["aborted"]));
    await expect
      .poll(async () => (await post(`${url}/v1/tasks`, { task: "t" }, { prefer: "wait=1" })).status)
      .toBe(202);
    expect(messages).toHaveLength(20);
    await gateway.close();
  });

  it("tells the id of a task whose result has no JSON form", async () => {
    const app = testApp();
    app.task("examples.nan", () => [Number.NaN, Number.POSITIVE_INFINITY]);
    await testWorker(app);
    const { url } = await openGateway({ app });
    const refused = await read(post(`${url}/v1/call/examples.nan`, {}, { prefer: "wait=10" }));
    expect(refused.status).toBe(406);
    expect(refused.body).toMatchObject({
      type: "/problems/not-representable",
      id: expect.stringMatching(ID),
    });
    expect(refused.headers.get("location")).toBe(`/v1/tasks/${refused.body["id"]}`);
    const asText = await read(post(`${url}/v1/call/examples.nan?nan=string`, {}, { prefer: "wait=10" }));
    expect(asText.body["result"]).toEqual(["NaN", "Infinity"]);
  });
});

describe("a broker that is away", () => {
  it("is 503 with Retry-After, never 202; and all is well again when it is back", async () => {
    const redis = await startRedis();
    const { url, gateway } = await openGateway({
      settings: { brokerUrl: `${redis.url}/0`, taskPublishDeadline: 1 },
    });
    expect((await post(`${url}/v1/tasks`, { task: "t" })).status).toBe(202);
    expect(await gateway.ready()).toEqual({ ready: true });
    await redis.kill();
    const refused = await read(post(`${url}/v1/tasks`, { task: "t" }, { prefer: "wait=50" }));
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("5");
    expect(refused.body["type"]).toBe("/problems/broker-unavailable");
    expect(JSON.stringify(refused.body)).not.toMatch(/redis|127\.0\.0\.1|at .*\.ts/);
    // An answer counts for a second.
    await expect
      .poll(() => read(fetch(`${url}/readyz`)))
      .toMatchObject({ status: 503, body: { ready: false, reason: expect.stringContaining("broker") } });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await redis.restart();
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 20_000 }).toBe(200);
    expect((await post(`${url}/v1/tasks`, { task: "t" })).status).toBe(202);
  });
});

describe("a broker that hangs", () => {
  it("is not ready, though its connection stands", async () => {
    const redis = await startRedis();
    const { gateway } = await openGateway({ settings: { brokerUrl: `${redis.url}/0` } });
    await expect.poll(() => gateway.ready()).toEqual({ ready: true });
    redis.pause();
    await expect.poll(() => gateway.ready(), { timeout: 10_000 }).toMatchObject({ ready: false });
    redis.resume();
    await expect.poll(() => gateway.ready(), { timeout: 20_000 }).toEqual({ ready: true });
  });

  it("is 503 within the deadline, long before the connection counts as dead", async () => {
    const redis = await startRedis();
    const { url } = await openGateway({
      settings: {
        brokerUrl: `${redis.url}/0`,
        brokerTransportOptions: { socketTimeout: 600 },
        taskPublishDeadline: 1,
      },
    });
    expect((await post(`${url}/v1/tasks`, { task: "t" })).status).toBe(202);
    redis.pause();
    const refused = await read(post(`${url}/v1/tasks`, { task: "t" }));
    expect([refused.status, refused.body["type"]]).toEqual([503, "/problems/broker-unavailable"]);
    redis.resume();
    await vi.waitFor(async () => expect((await post(`${url}/v1/tasks`, { task: "t" })).status).toBe(202));
  });
});
