/** Tasks that are URLs, against servers of the test. */
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { type App, isTaskError, type Settings } from "../../app/index.ts";
import { chain, chord } from "../../canvas/index.ts";
import { type PlainObject, signature } from "../../protocol/index.ts";
import { generateWebhookSecret, standardWebhooksVerifier, verifyHttp } from "../../signing/index.ts";
import type { Worker } from "../../worker/index.ts";
import { testApp, testWorker } from "../helpers/worker.ts";
import { type Answerer, type Received, type Receiver, type Reply, startReceiver } from "./receiver.ts";

const WAIT = { timeoutMs: 20_000 };
const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

interface Place extends Receiver {
  readonly app: App;
  readonly worker: Worker;
  /** The result of a webhook, or what it failed with. */
  call(kwargs?: PlainObject, headers?: PlainObject): Promise<unknown>;
}

async function start(answer: Answerer, settings: Partial<Settings> = {}): Promise<Place> {
  const receiver = await startReceiver(answer);
  const app = testApp({ ...receiver.settings, ...settings });
  const worker = await testWorker(app, { pool: "solo" });
  return {
    ...receiver,
    app,
    worker,
    async call(kwargs = {}, headers = {}) {
      const options = { kwargs: { url: `${receiver.url}/hook`, ...kwargs }, headers };
      return outcomeOf((await app.sendTask("celerity.webhook", options)).get(WAIT));
    },
  };
}

/** The value, or the failure's type, module and arguments. */
async function outcomeOf(result: Promise<unknown>): Promise<unknown> {
  try {
    return await result;
  } catch (error) {
    if (!isTaskError(error)) throw error;
    const { type, module, args } = error;
    return { type, module, args };
  }
}

const always =
  (reply: Reply): Answerer =>
  () =>
    reply;

test("they are off unless they are switched on", async () => {
  const app = testApp();
  await testWorker(app);
  const result = await app.sendTask("celerity.webhook", { kwargs: { url: "https://example.com/" } });
  await expect(result.get(WAIT)).rejects.toMatchObject({ type: "NotRegistered" });
});

describe("celerity.webhook sends", () => {
  test("its JSON, signed, with what names the task and its trace", async () => {
    const secret = generateWebhookSecret();
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    const { call, received, url } = await start(always({ json: "ok" }), {
      httpTasksSecrets: [secret],
      httpTasksSigningKey: pem,
    });
    const json = { amount: 12345678901234567890n, name: "Zoë" };
    expect(await call({ json, headers: { "X-Tenant": "a" } }, { traceparent: TRACEPARENT })).toBe("ok");
    const { method, headers, body } = received[0] as Received;
    expect(JSON.parse(body)).toEqual({ amount: 12345678901234567000, name: "Zoë" });
    expect(body).toContain("12345678901234567890");
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "webhook-attempt": "1",
      "webhook-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
      "x-tenant": "a",
      traceparent: TRACEPARENT,
      "accept-encoding": "identity",
    });
    expect(headers).not.toHaveProperty("celerity-complete-url");
    const bytes = Buffer.from(body);
    expect(standardWebhooksVerifier({ secrets: [secret] }).verify({ headers, body: bytes }).id).toBe(
      headers["webhook-id"],
    );
    const message = { method, url: `${url}/hook`, headers, body: bytes };
    const keys = [
      { key: publicKey, keyid: /keyid="([^"]+)"/.exec(String(headers["signature-input"]))?.[1] ?? "" },
    ];
    expect(() => verifyHttp(message, { keys })).not.toThrow();
  });

  test("text, bytes, other methods, and nothing", async () => {
    const { call, received } = await start(always({}));
    await call({ body: "a&b" });
    await call({ body: new Uint8Array([104, 105]), method: "PUT", headers: { "content-type": "x/y" } });
    await call({ json: null });
    await call({ method: "GET" });
    expect(received.map(({ method, body, headers }) => [method, body, headers["content-type"]])).toEqual([
      ["POST", "a&b", "text/plain; charset=utf-8"],
      ["PUT", "hi", "x/y"],
      ["POST", "null", "application/json"],
      ["GET", "", "application/json"],
    ]);
  });

  test.each([
    [{ url: "nonsense" }, /absolute URL/],
    [{ method: "TRACE" }, /"method"/],
    [{ json: 1, body: "x" }, /one of/],
    [{ body: 5 }, /"body"/],
    [{ timeout: -1 }, /"timeout"/],
    [{ success: [] }, /"success"/],
    [{ success: ["200"] }, /"success"/],
    [{ headers: { "Webhook-Id": "x" } }, /worker's own/],
    [{ headers: { traceparent: "x" } }, /worker's own/],
    [{ headers: { a: 1 } }, /text/],
    [{ retries: 3 }, /no argument "retries"/],
  ])("nothing for the arguments %o", async (kwargs, message) => {
    const { call, received } = await start(always({}));
    expect(await call(kwargs)).toMatchObject({ type: "DecodeError", args: [expect.stringMatching(message)] });
    expect(received).toEqual([]);
  });

  test.each([
    ["http://10.0.0.1/", "private"],
    ["http://localhost:1/", "port"],
    ["file:///etc/passwd", "scheme"],
  ])("nothing to %s", async (url, _rule) => {
    const { call } = await start(always({}));
    expect(await call({ url })).toMatchObject({
      type: "WebhookError",
      module: "celerity",
      args: [expect.stringMatching(/may not be called/)],
    });
  });

  test("nothing with a header that says where the request goes", async () => {
    const { call, received } = await start(always({}));
    expect(await call({ headers: { Host: "evil" } })).toMatchObject({ type: "WebhookError" });
    expect(received).toEqual([]);
  });
});

describe("an answer", () => {
  test.each<[string, Reply, unknown]>([
    ["JSON", { json: { a: [1, null] } }, { a: [1, null] }],
    [
      "JSON with a large number",
      { body: "[12345678901234567890]", headers: { "content-type": "application/x+json; charset=utf-8" } },
      [12345678901234567890n],
    ],
    ["text", { body: "{fine}", headers: { "content-type": "text/plain" } }, "{fine}"],
    ["text without a type", { body: "1" }, "1"],
    ["nothing", { status: 204 }, null],
    ["201", { status: 201, json: 1 }, 1],
  ])("of %s is the result", async (_what, reply, result) => {
    const { call } = await start(always(reply));
    expect(await call()).toEqual(result);
  });

  test.each<[string, Reply, RegExp]>([
    ["400", { status: 400, body: "no such field" }, /400: no such field/],
    ["404", { status: 404 }, /404/],
    ["304", { status: 304 }, /304/],
    ["a redirect", { status: 302, headers: { location: "http://10.0.0.1/" } }, /redirect \(302\)/],
    ["broken JSON", { body: "{", headers: { "content-type": "application/json" } }, /./],
    ["a Python value", { json: [{ __type__: "x", __value__: 1 }] }, /__type__/],
    ["too much", { body: "x".repeat(70_000) }, /65536 bytes/],
    ["compressed bytes", { body: "x", headers: { "content-encoding": "br" } }, /compressed/],
    ["a later answer that nobody can take", { status: 202 }, /httpTasksGatewayUrl/],
  ])("of %s is a failure at once", async (_what, reply, message) => {
    const { call, received } = await start(always(reply));
    expect(await call()).toMatchObject({ args: [expect.stringMatching(message)] });
    expect(received).toHaveLength(1);
  });

  test("is a success with any status that the task names", async () => {
    const { call } = await start(always({ status: 404, json: "gone" }));
    expect(await call({ success: [404] })).toBe("gone");
    expect(await call({ success: [200] })).toMatchObject({ type: "WebhookError" });
  });

  test.each([
    [
      { type: "ValueError", message: "no" },
      { type: "ValueError", module: "builtins", args: ["no"] },
    ],
    [
      { type: "NoSuchCustomer", message: "42" },
      { type: "NoSuchCustomer", module: "remote", args: ["42"] },
    ],
    [
      { type: "SystemExit", message: "" },
      { type: "SystemExit", module: "remote" },
    ],
    [{ type: "os.system", message: "" }, { type: "WebhookError" }],
    [{ message: "x" }, { type: "WebhookError" }],
  ])("of 424 with %o fails as the task did there", async (json, failure) => {
    const { call, received } = await start(always({ status: 424, json }));
    expect(await call()).toMatchObject(failure);
    expect(received).toHaveLength(1);
  });
});

describe("another attempt", () => {
  test.each<[string, Reply | "hang up"]>([
    ["500", { status: 500 }],
    ["503", { status: 503, headers: { "retry-after": "0" } }],
    ["429", { status: 429 }],
    ["408", { status: 408 }],
    ["425", { status: 425 }],
    ["a broken connection", "hang up"],
  ])("follows %s, as the same webhook", async (_what, reply) => {
    const { call, received } = await start((_request, count) => (count < 3 ? reply : { json: "done" }));
    expect(await call()).toBe("done");
    expect(received.map(({ headers }) => headers["webhook-attempt"])).toEqual(["1", "2", "3"]);
    expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  });

  test("follows until the retries are used up", async () => {
    const { call, received } = await start(always({ status: 502, body: "down" }));
    expect(await call()).toMatchObject({ type: "WebhookError", args: ["The server answered 502: down"] });
    expect(received).toHaveLength(4);
  });

  test("waits as long as Retry-After says", async () => {
    const { app, url, worker } = await start(always({ status: 503, headers: { "retry-after": "3600" } }));
    const sentAt = Date.now();
    await app.sendTask("celerity.webhook", { kwargs: { url } });
    await expect.poll(() => worker.jobs.scheduled.length, { timeout: 20_000 }).toBe(1);
    const { retries, etaMs = 0 } = worker.jobs.scheduled[0]?.request ?? {};
    expect(retries).toBe(1);
    expect(Math.abs(etaMs - sentAt - 3_600_000)).toBeLessThan(20_000);
  });

  test("is not made while a host is left alone", async () => {
    const { call, received } = await start(always({ status: 500 }), {
      taskAnnotations: { "celerity.webhook": { maxRetries: 0 } },
    });
    for (let times = 0; times < 5; times += 1) await call();
    expect(received).toHaveLength(5);
    expect(await call()).toMatchObject({ args: [expect.stringMatching(/left alone/)] });
    expect(received).toHaveLength(5);
  });

  test("ends with the time that the task gives it", async () => {
    const { call } = await start(() => new Promise<Reply>(() => undefined), {
      taskAnnotations: { "celerity.webhook": { maxRetries: 0 } },
    });
    expect(await call({ timeout: 0.05 })).toMatchObject({ args: [expect.stringMatching(/50 ms/)] });
  });
});

describe("calls at once", () => {
  test("take no place in the pool, and are bounded for each host", async () => {
    let running = 0;
    let most = 0;
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const place = await start(
      async () => {
        running += 1;
        most = Math.max(most, running);
        await gate;
        running -= 1;
        return { json: 1 };
      },
      { httpTasksPerHost: 3 },
    );
    onTestFinished(() => open());
    place.app.task("quick", () => "quick");
    const calls = Array.from({ length: 12 }, () => place.call());
    await expect.poll(() => running, { timeout: 20_000 }).toBe(3);
    const quick = await place.app.sendTask("quick");
    expect(await quick.get(WAIT)).toBe("quick");
    open();
    expect(await Promise.all(calls)).toEqual(calls.map(() => 1));
    expect(most).toBe(3);
  });
});

test("a worker that stops finishes its calls, and gives back those in line", async () => {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const place = await start(
    async () => {
      await gate;
      return { json: 1 };
    },
    { httpTasksPerHost: 1 },
  );
  onTestFinished(() => open());
  const calls = [place.call(), place.call(), place.call()];
  await expect.poll(() => place.worker.jobs.active.length, { timeout: 20_000 }).toBe(3);
  await expect.poll(() => place.received.length, { timeout: 20_000 }).toBe(1);
  const stopping = place.worker.stop();
  await expect.poll(() => place.worker.jobs.active.length, { timeout: 20_000 }).toBe(1);
  open();
  await stopping;
  expect(place.received).toHaveLength(1);
  await testWorker(place.app);
  expect(await Promise.all(calls)).toEqual([1, 1, 1]);
  expect(place.received).toHaveLength(3);
});

test("one whose workers died again and again is not taken for the cause", async () => {
  const { call } = await start(always({ json: 1 }));
  expect(await call({}, { "celerity-deliveries": 12 })).toBe(1);
});

describe("what follows", () => {
  test("in chains and chords gets the result, and the call gets what came before", async () => {
    const { app, url } = await start((request) => ({ json: Number(JSON.parse(request.body)) * 2 }));
    app.task("add", (x: number, y: number) => x + y);
    app.task("sum", (numbers: number[]) => numbers.reduce((a, b) => a + b, 0));
    const hook = signature("celerity.webhook", [], { url });
    const through = await app.apply(chain(signature("add", [1, 2]), hook, signature("add", [1])));
    expect(await through.get(WAIT)).toBe(7);
    const header = [1, 2, 3].map((json) => signature("celerity.webhook", [], { url, json }));
    const joined = await app.apply(chord(header, signature("sum")));
    expect(await joined.get(WAIT)).toBe(12);
  });
});

describe("celery.http_dispatch", () => {
  async function dispatch(answer: Answerer, kwargs: PlainObject) {
    const place = await start(answer);
    const { url, ...others } = { url: `${place.url}/x?a=1`, ...kwargs };
    const result = await place.app.sendTask("celery.http_dispatch", { kwargs: { url, ...others } });
    return { ...place, outcome: await outcomeOf(result.get(WAIT)) };
  }
  const success = always({ json: { status: "success", retval: [1, "x"] } });

  test("asks with GET and a query", async () => {
    const { outcome, received } = await dispatch(success, { x: 2, a: "ä b", flag: true, none: null });
    expect(outcome).toEqual([1, "x"]);
    expect(received[0]).toMatchObject({ method: "GET", body: "" });
    expect(received[0]?.url).toBe("/x?a=%C3%A4+b&x=2&flag=True&none=None");
  });

  test("asks with POST and a form", async () => {
    const { outcome, received } = await dispatch(success, { method: "POST", x: 2, list: [1, "a"] });
    expect(outcome).toEqual([1, "x"]);
    expect(received[0]).toMatchObject({
      method: "POST",
      url: "/x?a=1",
      body: "x=2&list=%5B1%2C+%27a%27%5D",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
  });

  const MODULE = "celery.task.http";
  test.each<[Reply, object]>([
    [
      { json: { status: "failure", reason: "no" } },
      { type: "RemoteExecuteError", module: MODULE, args: ["no"] },
    ],
    [{ json: { status: "failure" } }, { type: "RemoteExecuteError", args: [null] }],
    [{ json: { status: "odd" } }, { type: "UnknownStatusError", module: MODULE, args: ["odd"] }],
    [{}, { type: "InvalidResponseError", module: MODULE, args: ["Empty response"] }],
    [{ body: "<html>" }, { type: "InvalidResponseError", module: MODULE }],
    [{ json: [1] }, { type: "InvalidResponseError" }],
    [
      { status: 500, json: { status: "success", retval: 1 } },
      { type: "HTTPError", module: "urllib.error" },
    ],
    [
      { status: 302, headers: { location: "/" } },
      { type: "URLError", module: "urllib.error" },
    ],
  ])("fails for %o", async (reply, failure) => {
    const { outcome, received } = await dispatch(always(reply), {});
    expect(outcome).toMatchObject(failure);
    expect(received).toHaveLength(1);
  });

  test("does not call what may not be called", async () => {
    const { outcome } = await dispatch(success, { url: "http://169.254.169.254/latest" });
    expect(outcome).toMatchObject({ type: "URLError", args: [expect.stringMatching(/may not be called/)] });
  });
});

describe("settings that do not fit", () => {
  test.each<[Partial<Settings>, RegExp]>([
    [{ httpTasksGatewayUrl: "https://g.example" }, /httpTasksCompletionSecret/],
    [{ httpTasksGatewayUrl: "https://g.example", httpTasksCompletionSecret: "short" }, /32 characters/],
    [{ httpTasksGatewayUrl: "g.example", httpTasksCompletionSecret: "x".repeat(32) }, /httpTasksGatewayUrl/],
    [
      {
        httpTasksGatewayUrl: "https://g.example",
        httpTasksCompletionSecret: "x".repeat(32),
        resultBackend: "rpc://",
      },
      /rpc:\/\/ keeps no documents/,
    ],
    [
      {
        httpTasksGatewayUrl: "https://g.example",
        httpTasksCompletionSecret: "x".repeat(32),
        httpTasksCompletionTimeout: 2_592_000,
      },
      /at most 2147483/,
    ],
    [{ httpTasksSecrets: ["nonsense"] }, /whsec_/],
    [{ httpTasksAllowCidrs: ["10.0.0.0"] }, /allowCidrs/],
  ])("%o are refused", async (settings, message) => {
    await expect(testWorker(testApp({ httpTasks: true, ...settings }))).rejects.toThrow(message);
  });
});
