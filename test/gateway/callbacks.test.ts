/** Callbacks: who is told what, and how it is signed. */
import { type CloudEvent, HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { createMemoryState } from "../../gateway/state/memory-state.ts";
import {
  generatePrivateKey,
  generateWebhookKeyPair,
  generateWebhookSecret,
  loadPublicKeys,
  privatePem,
  verifyHttp,
  WEBHOOK_VERIFIERS,
} from "../../signing/index.ts";
import { startRedis } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";
import { exception, type GatewayPlace, post, read, storeState } from "./place.ts";
import {
  type Call,
  type CallbackPlaceOptions,
  openCallbackGateway,
  openReceiver,
  type Receiver,
} from "./receiver.ts";

interface Place extends GatewayPlace {
  readonly receiver: Receiver;
}

/** A gateway, a worker with a few tasks, and a receiver. */
async function openPlace(options: Partial<CallbackPlaceOptions> = {}): Promise<Place> {
  const app = testApp(options.settings);
  app.task("add", (x: number, y: number) => x + y);
  app.task("fail", () => {
    throw new RangeError("no such customer");
  });
  app.task("again", { bind: true, maxRetries: 3 }, (self) => {
    if (self.request.retries < 2) throw self.retry({ countdown: 0 });
    return "done";
  });
  const receiver = await openReceiver();
  const place = await openCallbackGateway({ ...options, app, ports: [receiver.port] });
  await testWorker(app);
  return { ...place, receiver };
}

/** The same without a worker yet. */
async function openHeld(options: Partial<CallbackPlaceOptions> = {}): Promise<Place> {
  const app = testApp();
  app.task("add", (x: number, y: number) => x + y);
  const receiver = await openReceiver();
  return { ...(await openCallbackGateway({ ...options, app, ports: [receiver.port] })), receiver };
}

function send({ url }: GatewayPlace, body: object, headers: Record<string, string> = {}) {
  return read(post(`${url}/v1/tasks`, body, headers));
}

function headersOf({ headers }: Call): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

describe("a callback", () => {
  it("tells of a success, once, signed as Standard Webhooks has it", async () => {
    const secret = generateWebhookSecret();
    const place = await openPlace({ webhooks: { secrets: [secret] } });
    const { receiver } = place;
    const sent = await send(place, {
      task: "add",
      args: [2, 3],
      callback: { url: `${receiver.url}/hook?x=1` },
    });
    expect(sent.status).toBe(202);
    const [call] = await receiver.called(1);
    if (call === undefined) throw new Error("There is no call.");
    expect([call.method, call.path, call.headers["content-type"]]).toEqual([
      "POST",
      "/hook?x=1",
      "application/json",
    ]);
    const id = String(sent.body["id"]);
    expect(call.json).toMatchObject({
      type: "celery.task.succeeded",
      timestamp: expect.stringMatching(/^\d{4}-.*\+00:00$/),
      data: {
        id,
        task: "add",
        state: "SUCCESS",
        terminal: true,
        result: 5,
        links: { self: `/v1/tasks/${id}` },
      },
    });
    expect(call.json["data"]).not.toHaveProperty("queue");
    expect(call.headers["webhook-attempt"]).toBe("1");
    expect(call.headers["user-agent"]).toMatch(/^celerity\//);
    // The published library of the specification.
    expect(new Webhook(secret).verify(call.body, headersOf(call))).toEqual(call.json);
    expect(() => new Webhook(generateWebhookSecret()).verify(call.body, headersOf(call))).toThrow();
    await expect
      .poll(
        async () => (await read(fetch(`${place.url}/v1/webhook-deliveries?task=${id}`))).body["deliveries"],
      )
      .toEqual([
        expect.objectContaining({ id: call.headers["webhook-id"], status: "delivered", attempted: 1 }),
      ]);
    expect(receiver.calls).toHaveLength(1);
  });

  it("tells of failures without their tracebacks", async () => {
    const place = await openPlace();
    await send(place, { task: "fail", callback: { url: place.receiver.url } });
    const [call] = await place.receiver.called(1);
    expect(call?.json).toMatchObject({
      type: "celery.task.failed",
      data: { state: "FAILURE", error: { type: "RangeError", message: "RangeError: no such customer" } },
    });
    expect(String(call?.body)).not.toContain("traceback");
  });

  it("tells of failures with tracebacks where they are allowed", async () => {
    const place = await openPlace({ allowTraceback: true });
    await send(place, { task: "fail", callback: { url: place.receiver.url } });
    const [call] = await place.receiver.called(1);
    expect(call?.json).toMatchObject({
      data: { error: { traceback: expect.stringContaining("RangeError") } },
    });
  });

  it("tells of every retry when asked to, and then of the end", async () => {
    const place = await openPlace({ settings: { resultExtended: true } });
    await send(place, { task: "again", callback: { url: place.receiver.url, on: ["retried", "success"] } });
    const calls = await place.receiver.called(3);
    const types = calls.map(({ json }) => json["type"]).sort();
    expect(types).toEqual(["celery.task.retried", "celery.task.retried", "celery.task.succeeded"]);
    expect(new Set(calls.map(({ headers }) => headers["webhook-id"])).size).toBe(3);
  });

  it("tells of nothing that was not asked for", async () => {
    const place = await openPlace();
    const { receiver } = place;
    await send(place, { task: "add", args: [1, 1], callback: { url: `${receiver.url}/1`, on: ["failure"] } });
    await send(place, { task: "fail", callback: { url: `${receiver.url}/2`, on: ["failure"] } });
    await receiver.called(1);
    expect(receiver.calls.map(({ path }) => path)).toEqual(["/2"]);
  });

  it("tells of a task that was revoked", async () => {
    const place = await openPlace();
    const sent = await send(place, {
      task: "elsewhere",
      queue: "none",
      callback: { url: place.receiver.url },
    });
    await storeState(place.app, String(sent.body["id"]), "REVOKED", exception("TaskRevokedError", "revoked"));
    const [call] = await place.receiver.called(1);
    expect(call?.json).toMatchObject({ type: "celery.task.revoked", data: { state: "REVOKED" } });
  });

  it("can be thin", async () => {
    const place = await openPlace({ webhooks: { publicUrl: "https://tasks.example.com/" } });
    const sent = await send(place, {
      ...{ task: "add", args: [1, 1] },
      callback: { url: place.receiver.url, mode: "thin" },
    });
    const [call] = await place.receiver.called(1);
    const id = String(sent.body["id"]);
    const self = `https://tasks.example.com/v1/tasks/${id}`;
    expect(call?.json["data"]).toEqual({
      ...{ id, task: "add", state: "SUCCESS" },
      links: { self, result: `${self}/result`, events: `${self}/events` },
    });
  });

  it("leaves out a result that is too large, or has no JSON form", async () => {
    const place = await openPlace({ webhooks: { bodyBytes: 1000 } });
    const sent = await send(place, { task: "x", queue: "none", callback: { url: place.receiver.url } });
    await storeState(place.app, String(sent.body["id"]), "SUCCESS", "x".repeat(2000));
    const [call] = await place.receiver.called(1);
    expect(call?.json["data"]).toMatchObject({ state: "SUCCESS", result_omitted: true });
    expect(call?.json["data"]).not.toHaveProperty("result");
  });

  it("keeps large integers exact", async () => {
    const place = await openPlace();
    const sent = await send(place, { task: "x", queue: "none", callback: { url: place.receiver.url } });
    await storeState(place.app, String(sent.body["id"]), "SUCCESS", 2n ** 70n);
    const [call] = await place.receiver.called(1);
    expect(String(call?.body)).toContain('"result":1180591620717411303424');
  });

  it("can be a CloudEvent with the trace of its request", async () => {
    const place = await openPlace();
    const trace = {
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      tracestate: "vendor=1",
    };
    const callback = { url: place.receiver.url, format: "cloudevents" };
    const sent = await send(place, { task: "add", args: [2, 2], callback }, trace);
    const [call] = await place.receiver.called(1);
    if (call === undefined) throw new Error("There is no call.");
    expect(call.headers["content-type"]).toBe("application/cloudevents+json; charset=utf-8");
    // The published SDK reads and checks it.
    const event = HTTP.toEvent({ headers: headersOf(call), body: String(call.body) }) as CloudEvent;
    expect(event.validate()).toBe(true);
    expect(event).toMatchObject({
      ...{ specversion: "1.0", type: "celery.task.succeeded", source: "/v1/tasks", subject: sent.body["id"] },
      ...{ id: call.headers["webhook-id"], ...trace, data: { state: "SUCCESS", result: 4 } },
    });
  });

  it("can be asked for with the header X-Callback-Url", async () => {
    const place = await openPlace();
    const { receiver } = place;
    const body = JSON.stringify({ x: 1, y: 2 });
    await post(`${place.url}/v1/call/add`, body, { "x-callback-url": `${receiver.url}/old` });
    expect((await receiver.called(1))[0]?.path).toBe("/old");
  });

  it("is signed with the gateway's Ed25519 keys as well, which it publishes", async () => {
    const pair = generateWebhookKeyPair();
    const place = await openPlace({
      webhooks: {
        secrets: [generateWebhookSecret(), pair.privateKey],
        signingKey: privatePem(generatePrivateKey("ed25519")),
      },
    });
    await send(place, { task: "add", args: [1, 1], callback: { url: place.receiver.url } });
    const [call] = await place.receiver.called(1);
    if (call === undefined) throw new Error("There is no call.");
    const { headers, body } = call;
    expect(
      WEBHOOK_VERIFIERS["standard-webhooks"]({ secrets: [pair.publicKey] }).verify({ headers, body }).id,
    ).toBe(headers["webhook-id"]);
    const jwks = await fetch(`${place.url}/.well-known/jwks.json`);
    expect(jwks.headers.get("content-type")).toBe("application/jwk-set+json");
    const keys = [...loadPublicKeys([await jwks.text()])].map(([keyid, key]) => ({ keyid, key }));
    const request = { method: "POST", url: `${place.receiver.url}/`, headers, body };
    expect(verifyHttp(request, { keys }).keyid).toBe(keys[0]?.keyid);
    const changed = { ...request, headers: { ...headers, "webhook-id": "wh_1" } };
    expect(() => verifyHttp(changed, { keys })).toThrow();
  });

  it("is not lost when the result is there before anybody waits", async () => {
    const place = await openPlace({ webhooks: { waits: 0, firstLookSeconds: 0.05 } });
    await send(place, { task: "add", args: [1, 2], callback: { url: place.receiver.url } });
    expect((await place.receiver.called(1))[0]?.json).toMatchObject({ data: { result: 3 } });
  });

  it("is counted by how its calls end", async () => {
    const place = await openPlace({ webhooks: { scheduleSeconds: [0, 0.1] } });
    const { receiver } = place;
    receiver.replies.push(500);
    await send(place, { task: "add", args: [1, 1], callback: { url: receiver.url } });
    const metrics = async () => (await fetch(`${place.url}/metrics`)).text();
    await expect
      .poll(metrics, { timeout: 20_000 })
      .toContain('celery_gateway_webhook_attempts_total{outcome="delivered"} 1');
    expect(await metrics()).toContain('celery_gateway_webhook_attempts_total{outcome="refused"} 1');
    expect(await metrics()).toContain("celery_gateway_webhook_oldest_pending_seconds 0");
  });

  it("can be that of each task of a batch", async () => {
    const place = await openPlace();
    const { receiver } = place;
    const items = [1, 2].map((x) => ({
      task: "add",
      args: [x, x],
      callback: { url: `${receiver.url}/${x}` },
    }));
    expect((await post(`${place.url}/v1/tasks:batch`, items)).status).toBe(200);
    const told = (await receiver.called(2)).map(({ path, json }) => [path, json["data"]]);
    expect(told).toContainEqual(["/1", expect.objectContaining({ result: 2 })]);
    expect(told).toContainEqual(["/2", expect.objectContaining({ result: 4 })]);
  });

  it("of a duplicate is told of the task that is there, each URL once", async () => {
    const { url, app, receiver } = await openHeld();
    const ask = (path: string, args: readonly unknown[], mode = "return") =>
      read(
        post(`${url}/v1/tasks`, {
          ...{ task: "add", args, dedupe: { key: "k", mode } },
          callback: { url: `${receiver.url}/${path}` },
        }),
      );
    const first = await ask("a", [1, 1]);
    for (const path of ["b", "a", "b"]) expect((await ask(path, [1, 1])).status).toBe(200);
    const waiting = await ask("c", [2, 2], "requeue-last");
    const instead = await ask("d", [3, 3], "requeue-last");
    expect([waiting.status, instead.status, instead.body["id"]]).toEqual([202, 200, waiting.body["id"]]);
    await testWorker(app);
    const told = (await receiver.called(4)).map(({ path, json }) => {
      const { id, result } = json["data"] as { readonly id: string; readonly result: number };
      return [path, id, result];
    });
    expect(told.sort()).toEqual([
      ["/a", first.body["id"], 2],
      ["/b", first.body["id"], 2],
      ["/c", waiting.body["id"], 6],
      ["/d", waiting.body["id"], 6],
    ]);
  });

  it("of a task that is held waits with it", async () => {
    const { url, app, receiver } = await openHeld({ holdAfterSeconds: 0 });
    await testWorker(app);
    const callback = { url: receiver.url };
    const sent = await read(post(`${url}/v1/tasks`, { task: "add", args: [1, 2], delay: 0.5, callback }));
    expect(sent.body["state"]).toBe("SCHEDULED");
    const [call] = await receiver.called(1);
    expect(call?.json["data"]).toMatchObject({ id: sent.body["id"], result: 3 });
  });

  it("is forgotten when the task could not be sent", async () => {
    const redis = await startRedis();
    const stateStore = createMemoryState();
    const place = await openCallbackGateway({
      ports: [],
      stateStore,
      settings: { brokerUrl: `${redis.url}/0`, taskPublishDeadline: 1 },
    });
    const watched = async () => (await stateStore.agenda.summary("webhook-watch")).count;
    const callback = { url: "https://example.com" };
    expect((await send(place, { task: "t", callback })).status).toBe(202);
    expect(await watched()).toBe(1);
    await redis.kill();
    expect((await send(place, { task: "t", callback })).status).toBe(503);
    expect(await watched()).toBe(1);
  });

  it("is told of tasks that a wait in the same request ends", async () => {
    const place = await openPlace();
    const callback = { url: place.receiver.url };
    const sent = await send(place, { task: "add", args: [1, 2], callback }, { prefer: "wait=20" });
    expect([sent.status, sent.body["result"]]).toEqual([200, 3]);
    await place.receiver.called(1);
  });
});

describe("a callback is refused", () => {
  it.each([
    "http://127.1/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://2130706433/",
    "http://0/",
    "http://①②⑦.0.0.1/",
    "http://localhost./",
    "http://[::]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[::7f00:1]/",
    "http://[fe80::1]/",
    "http://[fc00::]/",
    "http://169.254.169.254/latest/meta-data",
    "http://100.64.0.1/",
    "http://198.18.0.1/",
    "http://0.0.0.0/",
    "http://user@example.com/",
    "http://example.com:8080/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "not a url",
  ])("that names %s, before anything is sent", async (url) => {
    const place = await openCallbackGateway({ ports: [], egress: { allowCidrs: [] } });
    const { status, body } = await send(place, { task: "t", callback: { url } });
    expect([status, body["type"]]).toEqual([422, "/problems/blocked-address"]);
    expect(body["errors"]).toEqual([{ pointer: "/callback/url", detail: expect.any(String) }]);
    const header = await send(place, { task: "t" }, { "x-callback-url": encodeURI(url) });
    expect(header.body["type"]).toBe("/problems/blocked-address");
    expect((await read(fetch(`${place.url}/v1/tasks`))).body["tasks"]).toEqual([]);
  });

  it.each([
    [{}, "invalid-arguments"],
    [{ url: "https://example.com", endpoint: "x" }, "invalid-arguments"],
    [{ url: "https://example.com", on: [] }, "invalid-arguments"],
    [{ url: "https://example.com", on: ["started"] }, "invalid-arguments"],
    [{ url: "https://example.com", mode: "half" }, "invalid-arguments"],
    [{ url: "https://example.com", secret: "x" }, "reserved-option"],
    [{ endpoint: "none" }, "unknown-endpoint"],
    [{ endpoint: "a/b" }, "invalid-arguments"],
  ])("that is %j", async (callback, problem) => {
    const place = await openCallbackGateway({ ports: [] });
    const { body } = await send(place, { task: "t", callback });
    expect(body["type"]).toBe(`/problems/${problem}`);
  });

  it("when no result will ever be known", async () => {
    const place = await openCallbackGateway({ ports: [] });
    const callback = { url: "https://example.com" };
    const { body } = await send(place, { task: "t", ignore_result: true, callback });
    expect(body["type"]).toBe("/problems/results-disabled");
  });

  it("when too many tasks are watched", async () => {
    const place = await openCallbackGateway({ ports: [], webhooks: { watchedTasks: 1 } });
    const callback = { url: "https://example.com" };
    expect((await send(place, { task: "t", callback })).status).toBe(202);
    expect((await send(place, { task: "t", callback })).status).toBe(503);
    expect((await send(place, { task: "t" })).status).toBe(202);
  });
});
