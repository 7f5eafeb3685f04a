/** Registered endpoints: made, changed, asked for consent, tested, and seen by their tenant only. */
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { ApiKeys } from "../../gateway/access/api-keys.ts";
import type { Policy } from "../../gateway/access/policy.ts";
import { createMemoryState } from "../../gateway/state/memory-state.ts";
import { generateWebhookSecret } from "../../signing/index.ts";
import { type Answer, type GatewayPlace, read, storeState } from "./place.ts";
import {
  type Call,
  type CallbackPlaceOptions,
  openCallbackGateway,
  openReceiver,
  type Receiver,
} from "./receiver.ts";

const POLL = { timeout: 20_000 };

interface Place extends GatewayPlace {
  readonly receiver: Receiver;
  send(method: string, path: string, body?: object, key?: string): Promise<Answer>;
  /** A credential, when the gateway asks for them. */
  key(policy: Policy): Promise<string>;
}

async function openPlace(options: Partial<CallbackPlaceOptions> = {}): Promise<Place> {
  const receiver = await openReceiver();
  const stateStore = createMemoryState();
  const place = await openCallbackGateway({ stateStore, ...options, ports: [receiver.port] });
  const keys = new ApiKeys(stateStore);
  return {
    ...place,
    receiver,
    send: (method, path, body, key) =>
      read(
        fetch(`${place.url}/v1${path}`, {
          method,
          headers: {
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      ),
    key: async (policy) => (await keys.create({ name: "test", policy })).key ?? "",
  };
}

/** Sends a task that no worker takes, and ends it. */
async function endTask(place: Place, task: string, members: object = {}, key?: string): Promise<string> {
  const { status, body } = await place.send("POST", "/tasks", { task, queue: "none", ...members }, key);
  expect(status).toBe(202);
  const id = String(body["id"]);
  await storeState(place.app, id, "SUCCESS", 1);
  return id;
}

function verifies(call: Call | undefined, secret: unknown): boolean {
  const headers = Object.entries(call?.headers ?? {}).map(([name, value]) => [name, String(value)]);
  try {
    new Webhook(String(secret)).verify(call?.body ?? "", Object.fromEntries(headers));
    return true;
  } catch {
    return false;
  }
}

describe("an endpoint", () => {
  it("is made, read, listed, replaced and removed; its secret is shown once", async () => {
    const { send, receiver } = await openPlace();
    const url = `${receiver.url}/hook`;
    const made = await send("PUT", "/webhook-endpoints/billing", { url });
    expect([made.status, made.headers.get("location")]).toEqual([201, "/v1/webhook-endpoints/billing"]);
    expect(made.body).toMatchObject({
      ...{ name: "billing", url, mode: "full", format: "webhook", consent: false, disabled: false },
      secret: expect.stringMatching(/^whsec_/),
      links: { test: "/v1/webhook-endpoints/billing:test" },
    });
    const { secret: _shown, ...facts } = made.body;
    expect((await send("GET", "/webhook-endpoints/billing")).body).toEqual(facts);
    expect((await send("GET", "/webhook-endpoints")).body).toEqual({ endpoints: [facts] });
    const replaced = await send("PUT", "/webhook-endpoints/billing", { url, mode: "thin" });
    expect(replaced.status).toBe(200);
    expect(replaced.body).toMatchObject({ mode: "thin" });
    expect(replaced.body).not.toHaveProperty("secret");
    const secret = generateWebhookSecret();
    expect((await send("PUT", "/webhook-endpoints/billing", { url, secret })).body["secret"]).toBe(secret);
    expect((await send("DELETE", "/webhook-endpoints/billing")).status).toBe(204);
    for (const [method, path] of [
      ["GET", ""],
      ["DELETE", ""],
      ["POST", ":enable"],
      ["POST", ":disable"],
      ["POST", ":test"],
      ["POST", ":rotate-secret"],
    ]) {
      const { body } = await send(method ?? "", `/webhook-endpoints/billing${path}`);
      expect(body["type"]).toBe("/problems/unknown-endpoint");
    }
  });

  it.each([
    [{}, "invalid-arguments"],
    [{ url: "http://10.0.0.1/" }, "blocked-address"],
    [{ url: "https://example.com", secret: "whsec_short" }, "invalid-arguments"],
    [{ url: "https://example.com", secret: `whsec_${"A".repeat(33)}` }, "invalid-arguments"],
    [{ url: "https://example.com", subscribe: { tasks: ["a b"] } }, "invalid-arguments"],
    [{ url: "https://example.com", name: "x" }, "reserved-option"],
  ])("cannot be %j", async (body, problem) => {
    const { send } = await openPlace();
    expect((await send("PUT", "/webhook-endpoints/x", body)).body["type"]).toBe(`/problems/${problem}`);
  });

  it.each(["a%20b", "a%00", `${"a".repeat(101)}`, "%2Fx"])("cannot be called %s", async (name) => {
    const { send } = await openPlace();
    const { status } = await send("PUT", `/webhook-endpoints/${name}`, { url: "https://example.com" });
    expect(status).toBe(422);
    expect((await send("GET", `/webhook-endpoints/${name}`)).status).toBe(404);
  });

  it("is one of so many, listed in pages", async () => {
    const { send } = await openPlace({ webhooks: { endpoints: 3 } });
    const url = "https://example.com";
    for (const name of ["c", "a", "b"])
      expect((await send("PUT", `/webhook-endpoints/${name}`, { url })).status).toBe(201);
    expect((await send("PUT", "/webhook-endpoints/d", { url })).body["type"]).toBe(
      "/problems/too-many-endpoints",
    );
    expect((await send("PUT", "/webhook-endpoints/a", { url })).status).toBe(200);
    const first = await send("GET", "/webhook-endpoints?limit=2");
    const names = ({ body }: Answer) => (body["endpoints"] as { name: string }[]).map(({ name }) => name);
    expect(names(first)).toEqual(["a", "b"]);
    const second = await send("GET", String(first.body["next"]).slice(3));
    expect(names(second)).toEqual(["c"]);
    expect(second.body).not.toHaveProperty("next");
    expect((await send("GET", "/webhook-endpoints?cursor=%00")).status).toBe(422);
  });

  it("is told of what it subscribes to, and signed with its own secret", async () => {
    const place = await openPlace();
    const { send, receiver } = place;
    const subscribe = { on: ["success"], tasks: ["billing.*", "!billing.admin.*"] };
    const { body } = await send("PUT", "/webhook-endpoints/hook", {
      url: receiver.url,
      subscribe,
      format: "cloudevents",
    });
    await endTask(place, "billing.admin.drop");
    await endTask(place, "other");
    const told = await endTask(place, "billing.charge");
    const [call] = await receiver.called(1);
    expect(call?.json).toMatchObject({ type: "celery.task.succeeded", subject: told });
    expect(verifies(call, body["secret"])).toBe(true);
    // Named by a callback as well, it is told once, and as the callback wants it.
    await endTask(place, "billing.charge", {
      callback: { endpoint: "hook", format: "webhook", mode: "thin" },
    });
    const [, second] = await receiver.called(2);
    expect(second?.json).not.toHaveProperty("specversion");
    await send("POST", "/webhook-endpoints/hook:disable");
    await endTask(place, "billing.charge");
    await send("POST", "/webhook-endpoints/hook:enable");
    await endTask(place, "billing.charge");
    await receiver.called(3);
    await expect
      .poll(
        async () =>
          (await send("GET", "/webhook-deliveries?endpoint=hook&status=delivered")).body["deliveries"],
        POLL,
      )
      .toHaveLength(3);
    expect(receiver.calls).toHaveLength(3);
  });

  it("signs with both secrets while it changes them", async () => {
    const { send, receiver } = await openPlace();
    const { body } = await send("PUT", "/webhook-endpoints/hook", { url: receiver.url });
    const rotated = await send("POST", "/webhook-endpoints/hook:rotate-secret");
    expect(rotated.status).toBe(200);
    await send("POST", "/webhook-endpoints/hook:test");
    const [both] = await receiver.called(1);
    expect(String(both?.headers["webhook-signature"]).split(" ")).toHaveLength(2);
    expect([verifies(both, body["secret"]), verifies(both, rotated.body["secret"])]).toEqual([true, true]);
    const third = await send("POST", "/webhook-endpoints/hook:rotate-secret", { overlap: 0 });
    await send("POST", "/webhook-endpoints/hook:test");
    const [, one] = await receiver.called(2);
    expect([body, rotated.body, third.body].map(({ secret }) => verifies(one, secret))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it("is tested, though it be disabled", async () => {
    const { send, receiver } = await openPlace();
    await send("PUT", "/webhook-endpoints/hook", { url: receiver.url, disabled: true });
    const { status, body, headers } = await send("POST", "/webhook-endpoints/hook:test");
    expect([status, body["type"]]).toEqual([202, "celery.webhook.test"]);
    const [call] = await receiver.called(1);
    expect(call?.json).toMatchObject({ type: "celery.webhook.test", data: { endpoint: "hook" } });
    await expect
      .poll(async () => (await send("GET", String(headers.get("location")).slice(3))).body["status"], POLL)
      .toBe("delivered");
  });
});

describe("consent", () => {
  const ALLOWED = { status: 200, headers: { "webhook-allowed-origin": "tasks.example.com" } };
  const webhooks = { publicUrl: "https://tasks.example.com" };

  it("is asked for with OPTIONS, once for a URL", async () => {
    const { send, receiver } = await openPlace({ webhooks });
    receiver.replies.push(ALLOWED);
    const body = { url: receiver.url, consent: true };
    expect((await send("PUT", "/webhook-endpoints/hook", body)).status).toBe(201);
    expect(receiver.calls.map(({ method }) => method)).toEqual(["OPTIONS"]);
    expect(receiver.calls[0]?.headers["webhook-request-origin"]).toBe("tasks.example.com");
    expect((await send("PUT", "/webhook-endpoints/hook", { ...body, mode: "thin" })).status).toBe(200);
    expect(receiver.calls).toHaveLength(1);
    receiver.replies.push({ status: 204, headers: { "webhook-allowed-origin": "*" } });
    expect((await send("PUT", "/webhook-endpoints/hook", { ...body, url: `${receiver.url}/2` })).status).toBe(
      200,
    );
    expect(receiver.calls).toHaveLength(2);
  });

  it.each([
    { status: 200 },
    { status: 200, headers: { "webhook-allowed-origin": "other.example.com" } },
    { status: 405, headers: { "webhook-allowed-origin": "*" } },
    { status: 302, headers: { "webhook-allowed-origin": "*", location: "/" } },
  ])("is not %j", async (reply) => {
    const { send, receiver } = await openPlace({ webhooks });
    receiver.replies.push({ ...reply, body: "secret of the receiver" });
    const { body } = await send("PUT", "/webhook-endpoints/hook", { url: receiver.url, consent: true });
    expect(body["type"]).toBe("/problems/consent-refused");
    expect(JSON.stringify(body)).not.toContain("secret of");
    expect((await send("GET", "/webhook-endpoints/hook")).status).toBe(404);
  });

  it("is asked for where a tenant registers, who cannot refuse to ask", async () => {
    const place = await openPlace({ webhooks, access: {} });
    const { send, receiver } = place;
    const key = await place.key({ tenant: "a", scopes: ["webhooks"] });
    receiver.replies.push(404);
    const put = (body: object) => send("PUT", "/webhook-endpoints/hook", { url: receiver.url, ...body }, key);
    expect((await put({})).body["type"]).toBe("/problems/consent-refused");
    expect((await put({ consent: false })).body["type"]).toBe("/problems/insufficient-scope");
    receiver.replies.push(ALLOWED);
    expect((await put({})).status).toBe(201);
    const admin = await place.key({ scopes: ["webhooks"] });
    const own = await send("PUT", "/webhook-endpoints/hook", { url: receiver.url }, admin);
    expect([own.status, own.body["consent"]]).toEqual([201, false]);
  });
});

describe("tenants", () => {
  it("see their own endpoints and deliveries only, and are told of their own tasks only", async () => {
    const place = await openPlace({ access: {} });
    const { send, receiver } = place;
    receiver.fallback = { status: 200, headers: { "webhook-allowed-origin": "*" } };
    const scopes = ["webhooks", "tasks:submit"] as const;
    const [a, b, nobody] = await Promise.all([
      place.key({ tenant: "a", scopes, read: "tenant" }),
      place.key({ tenant: "b", scopes, read: "tenant" }),
      place.key({ tenant: "a", scopes: ["tasks:read"] }),
    ]);
    for (const key of [a, b]) {
      const path = key === a ? "/a" : "/b";
      const body = { url: receiver.url + path, subscribe: {} };
      expect((await send("PUT", "/webhook-endpoints/hook", body, key)).status).toBe(201);
    }
    const task = await endTask(place, "t", {}, a);
    await expect.poll(() => receiver.calls.filter(({ method }) => method === "POST"), POLL).toHaveLength(1);
    expect(receiver.calls.at(-1)).toMatchObject({ path: "/a", json: { data: { id: task } } });
    const seen = async (key: string) =>
      (await send("GET", "/webhook-deliveries", undefined, key)).body["deliveries"];
    const [delivery] = (await seen(a)) as { readonly id: string }[];
    expect(await seen(b)).toEqual([]);
    const path = `/webhook-deliveries/${delivery?.id}`;
    expect((await send("GET", path, undefined, a)).status).toBe(200);
    expect((await send("GET", path, undefined, b)).status).toBe(404);
    expect((await send("POST", `${path}:redeliver`, undefined, b)).status).toBe(404);
    const secondary = await send("GET", "/webhook-endpoints", undefined, nobody);
    expect([secondary.status, secondary.body["type"]]).toEqual([403, "/problems/insufficient-scope"]);
    await send("PUT", "/webhook-endpoints/of-a", { url: `${receiver.url}/a` }, a);
    const other = await send("POST", "/tasks", { task: "t", callback: { endpoint: "of-a" } }, b);
    expect(other.body["type"]).toBe("/problems/unknown-endpoint");
  });

  it("with sight of their own tasks are told of no others", async () => {
    const place = await openPlace({ access: {} });
    const { send, receiver } = place;
    receiver.fallback = { status: 200, headers: { "webhook-allowed-origin": "*" } };
    const scopes = ["webhooks", "tasks:submit"] as const;
    const one = await place.key({ tenant: "a", scopes, read: "own" });
    const other = await place.key({ tenant: "a", scopes, read: "own" });
    await send("PUT", "/webhook-endpoints/hook", { url: receiver.url, subscribe: {} }, one);
    await endTask(place, "t", {}, other);
    const own = await endTask(place, "t", {}, one);
    await expect.poll(() => receiver.calls.filter(({ method }) => method === "POST"), POLL).toHaveLength(1);
    expect(receiver.calls.at(-1)?.json).toMatchObject({ data: { id: own } });
  });
});

describe("the log", () => {
  it("is filtered and goes in pages, the newest first", async () => {
    const place = await openPlace();
    const { send, receiver } = place;
    const tasks: string[] = [];
    for (let at = 0; at < 5; at += 1)
      tasks.push(await endTask(place, "t", { callback: { url: receiver.url } }));
    const list = async (query: string) => (await send("GET", `/webhook-deliveries${query}`)).body;
    const ids = (body: Record<string, unknown>) =>
      (body["deliveries"] as { readonly task_id: string }[]).map(({ task_id }) => task_id);
    await expect.poll(async () => ids(await list("?status=delivered")), POLL).toHaveLength(5);
    expect(ids(await list("?status=failed"))).toEqual([]);
    expect(ids(await list(`?task=${tasks[2]}`))).toEqual([tasks[2]]);
    const first = await list("?limit=3");
    const second = await list(String(first["next"]).split("webhook-deliveries")[1] ?? "");
    expect([...ids(first), ...ids(second)].sort()).toEqual([...tasks].sort());
    expect(second).not.toHaveProperty("next");
    for (const query of ["?status=lost", "?cursor=x", "?limit=0"]) {
      expect((await send("GET", `/webhook-deliveries${query}`)).status, query).toBe(422);
    }
    for (const id of ["x", `wh_${"0".repeat(12)}_${"A".repeat(22)}`, "%00"]) {
      expect((await send("GET", `/webhook-deliveries/${id}`)).body["type"]).toBe(
        "/problems/unknown-delivery",
      );
    }
  });

  it("forgets what is old", async () => {
    const place = await openPlace({ webhooks: { retentionSeconds: 0.2 } });
    const task = await endTask(place, "t", { callback: { url: place.receiver.url } });
    await place.receiver.called(1);
    await expect
      .poll(
        async () => (await place.send("GET", `/webhook-deliveries?task=${task}`)).body["deliveries"],
        POLL,
      )
      .toEqual([]);
  });

  it("publishes no keys when there are none", async () => {
    const { url } = await openPlace();
    expect((await fetch(`${url}/.well-known/jwks.json`)).status).toBe(404);
  });
});
