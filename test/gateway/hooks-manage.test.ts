/** Hooks over HTTP, their deliveries, and several gateways with the same hooks. */
import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { Claims } from "../../gateway/hooks/claims.ts";
import type { HookOptions } from "../../gateway/hooks/hook-options.ts";
import { signSample } from "../../gateway/hooks/sign-sample.ts";
import { createStateStore } from "../../gateway/state/open-state.ts";
import { ConfigurationError } from "../../protocol/index.ts";
import { redisUrl, sqliteFile } from "../helpers/services.ts";
import { testApp } from "../helpers/worker.ts";
import { openHooks, SECRET, send, takeCalls, WHOLE_BODY } from "./hooks-place.ts";
import { openGateway } from "./place.ts";

const STRIPE: HookOptions = {
  verifier: "stripe",
  secrets: [SECRET],
  rules: [{ task: "paid", when: { pointer: "/type", equals: "paid" }, args: [{ $ptr: "/id" }] }],
};

function signed(body: string, secret: string = SECRET): Record<string, string> {
  const options: HookOptions = { verifier: "stripe", ...WHOLE_BODY };
  const headers = signSample({ options, secret, body: Buffer.from(body), now: new Date() });
  return { "content-type": "application/json", ...headers };
}

describe("hooks over HTTP", () => {
  it("are made, read without secrets, replaced and removed", async () => {
    const { url, manage } = await openHooks({});
    const made = await manage("PUT", "/shop", STRIPE);
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe("/v1/hooks/shop");
    expect(made.body).toMatchObject({
      name: "shop",
      origin: "store",
      verifier: "stripe",
      sends: ["paid"],
      secrets_kept: [{}],
    });
    const seen = await manage("GET", "/shop");
    const listed = await manage("GET", "");
    for (const { body } of [made, seen, listed]) expect(JSON.stringify(body)).not.toContain(SECRET);
    expect(listed.body["hooks"]).toMatchObject([{ name: "shop" }]);

    const body = '{"id":"evt_1","type":"paid"}';
    expect((await send(`${url}/v1/hooks/shop`, body, signed(body))).status).toBe(202);
    const again = await manage("PUT", "/shop", { ...seen.body, description: "Payments" });
    expect(again).toMatchObject({ status: 200, body: { description: "Payments" } });
    // What was read has no secrets, and the hook keeps those that it has; it also knows its deliveries still.
    expect((await send(`${url}/v1/hooks/shop`, body, signed(body))).status).toBe(200);

    expect((await manage("DELETE", "/shop")).status).toBe(204);
    expect((await manage("DELETE", "/shop")).status).toBe(404);
    expect((await send(`${url}/v1/hooks/shop`, body, signed(body))).status).toBe(404);
    await manage("PUT", "/shop", STRIPE);
    expect((await manage("GET", "/shop/deliveries")).body["deliveries"]).toEqual([]);
    expect((await send(`${url}/v1/hooks/shop`, body, signed(body))).status).toBe(202);
  });

  it("get a new secret, and the old one counts for a while", async () => {
    const { url, manage } = await openHooks({});
    await manage("PUT", "/shop", STRIPE);
    const made = await manage("POST", "/shop:rotate");
    expect(made.status).toBe(200);
    const secret = String(made.body["secret"]);
    expect(secret).toHaveLength(43);
    const statusOf = async (id: string, by: string) => {
      const body = `{"id":"${id}","type":"paid"}`;
      return (await send(`${url}/v1/hooks/shop`, body, signed(body, by))).status;
    };
    expect([await statusOf("a", SECRET), await statusOf("b", secret)]).toEqual([202, 202]);
    expect((await manage("GET", "/shop")).body["secrets_kept"]).toEqual([
      {},
      { valid_until: made.body["others_until"] },
    ]);
    expect((await manage("POST", "/shop:rotate", { secret: "mine", overlap_seconds: 0 })).body).toMatchObject(
      { secret: "mine" },
    );
    expect([await statusOf("c", SECRET), await statusOf("d", secret), await statusOf("e", "mine")]).toEqual([
      401, 401, 202,
    ]);
  });

  it("are changed only as long as they are what the caller knows", async () => {
    const { url, manage } = await openHooks({});
    const put = (headers: Record<string, string>) =>
      fetch(`${url}/v1/hooks/shop`, {
        method: "PUT",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(STRIPE),
      });
    expect((await put({ "if-match": "*" })).status).toBe(412);
    expect((await put({ "if-none-match": "*" })).status).toBe(201);
    expect((await put({ "if-none-match": "*" })).status).toBe(412);
    const etag = String((await manage("GET", "/shop")).headers.get("etag"));
    await manage("PUT", "/shop", { ...STRIPE, description: "other" });
    expect((await put({ "if-match": etag })).status).toBe(412);
  });

  it.each([
    [{ rules: STRIPE.rules }, "/verifier", "invalid-arguments"],
    [{ ...STRIPE, verifier: "md5" }, "/verifier", "invalid-arguments"],
    [{ ...STRIPE, secrets: undefined }, "/secrets", "invalid-arguments"],
    [{ ...STRIPE, secrets: [""] }, "/secrets/0", "invalid-arguments"],
    [
      { ...STRIPE, secrets: [{ secret: "x", valid_until: "soon" }] },
      "/secrets/0/valid_until",
      "invalid-arguments",
    ],
    [{ ...STRIPE, secrets: [{ env: "PATH" }] }, undefined, "invalid-arguments"],
    [{ ...STRIPE, verifier: "standard-webhooks" }, "/secrets", "invalid-arguments"],
    [{ ...STRIPE, verifier: "hmac" }, "/hmac", "invalid-arguments"],
    [{ ...STRIPE, hmac: { header: "x" } }, "/hmac", "invalid-arguments"],
    [{ ...STRIPE, verifier: "none" }, "/secrets", "invalid-arguments"],
    [{ ...STRIPE, delivery_id: { $header: "x-id" } }, "/delivery_id", "invalid-arguments"],
    [{ ...STRIPE, rules: [] }, "/rules", "invalid-arguments"],
    [{ ...STRIPE, rules: [{ task: "celery.map" }] }, "/rules", "reserved-task"],
    [{ ...STRIPE, rules: [{ task: "a b" }] }, "/rules/0/task", "invalid-arguments"],
    [{ ...STRIPE, rules: [{ task: { $ptr: "/type" } }] }, "/rules/0/task", "invalid-arguments"],
    [{ ...STRIPE, rules: [{ task: "t", headers: {} }] }, "/rules/0/headers", "reserved-option"],
    [{ ...STRIPE, rules: [{ task: "t", args: [{ $ptr: "x" }] }] }, "/rules/0/args/0", "invalid-arguments"],
    [
      { ...STRIPE, rules: [{ task: "t", args: [{ __type__: "datetime", __value__: "x" }] }] },
      "/rules/0/args/0",
      "reserved-envelope",
    ],
    [{ ...STRIPE, rules: [{ task: "t", delay: "soon" }] }, "/rules/0/delay", "invalid-arguments"],
    [{ ...STRIPE, tasks: ["other"] }, "/rules/0/task", "invalid-arguments"],
    [{ ...STRIPE, name: "other" }, "/name", "invalid-arguments"],
    [{ ...STRIPE, respond: { status: 500 } }, "/respond/status", "invalid-arguments"],
  ])("are refused where they are wrong: %#", async (body, pointer, type) => {
    const { manage } = await openHooks({});
    const answer = await manage("PUT", "/shop", body);
    expect(answer.body["type"]).toBe(`/problems/${type}`);
    expect(answer.status).toBe(422);
    const errors = answer.body["errors"] as { pointer: string }[];
    if (pointer !== undefined) expect(errors.map((error) => error.pointer)).toContain(pointer);
    expect((await manage("GET", "/shop")).status).toBe(404);
  });

  it("of the options stand beside them, and cannot be changed", async () => {
    const { manage } = await openHooks({ own: STRIPE });
    await manage("PUT", "/put", STRIPE);
    expect((await manage("GET", "")).body["hooks"]).toMatchObject([
      { name: "own", origin: "app" },
      { name: "put", origin: "store" },
    ]);
    const first = await manage("GET", "?limit=1");
    expect(first.body).toMatchObject({ hooks: [{ name: "own" }], next: "/v1/hooks?limit=1&cursor=own" });
    for (const method of ["PUT", "DELETE"] as const)
      expect((await manage(method, "/own", method === "PUT" ? STRIPE : undefined)).body["type"]).toBe(
        "/problems/hook-taken",
      );
  });

  it("of the options are checked when the gateway is made, and take secrets from the environment", async () => {
    vi.stubEnv("HOOK_TEST_SECRET", "from outside");
    try {
      const { deliver } = await openHooks({ own: { ...STRIPE, secrets: [{ env: "HOOK_TEST_SECRET" }] } });
      expect((await deliver("own", '{"id":"1","type":"paid"}', { secret: "from outside" })).status).toBe(202);
      await expect(openHooks({ own: { ...STRIPE, secrets: [{ env: "HOOK_TEST_NONE" }] } })).rejects.toThrow(
        "HOOK_TEST_NONE",
      );
      await expect(openHooks({ own: { ...STRIPE, rules: [] } })).rejects.toThrow(ConfigurationError);
      await expect(openHooks({ "a/b": STRIPE })).rejects.toThrow("The hook a/b is wrong");
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe("the answer", () => {
  it("is what the sender wants, also for a repetition", async () => {
    const respond = { status: 200, body: '{"ok":true}', content_type: "application/json" };
    const { deliver } = await openHooks({ h: { ...STRIPE, respond } });
    for (let times = 0; times < 2; times += 1) {
      const answer = await deliver("h", '{"id":"1","type":"paid"}');
      expect(answer).toMatchObject({ status: 200, body: { ok: true } });
    }
  });

  it("is 204 when no rule fits, or 422 where the hook says so", async () => {
    const { deliver, manage } = await openHooks({ h: STRIPE, strict: { ...STRIPE, unmatched: "refuse" } });
    expect((await deliver("h", '{"id":"1","type":"other"}')).status).toBe(204);
    expect((await deliver("strict", '{"id":"1","type":"other"}')).status).toBe(422);
    expect((await manage("GET", "/h")).body["counts"]).toMatchObject({ ignored: 1, accepted: 0 });
  });
});

it.each([
  "/a%00b",
  "/%2e%2e",
  `/${"x".repeat(600)}`,
  "?cursor=%00",
  "/h/deliveries?cursor=x",
  "/h/deliveries/%00",
])("nothing of the path %s reaches the store", async (path) => {
  const { manage } = await openHooks({ h: STRIPE });
  expect([404, 422]).toContain((await manage("GET", path)).status);
});

describe("deliveries", () => {
  it("are kept without secrets, newest first, in pages", async () => {
    const hmac = { header: "X-Sig", prefix: "v1=" };
    const { deliver, manage } = await openHooks({
      h: { verifier: "hmac", secrets: [SECRET], hmac, ...WHOLE_BODY },
    });
    for (const n of [1, 2, 3])
      await deliver("h", `{"n": ${n}}`, { headers: { cookie: "c=1", "x-other": `${n}` } });
    const first = await manage("GET", "/h/deliveries?limit=2");
    const second = await manage("GET", String(first.body["next"]).slice("/v1/hooks".length));
    const found = [first, second].flatMap(
      ({ body }) => body["deliveries"] as { id: string; headers: object }[],
    );
    expect(found.map(({ headers }) => headers)).toMatchObject(
      ["3", "2", "1"].map((n) => ({ "x-sig": "[removed]", cookie: "[removed]", "x-other": n })),
    );
    expect(second.body).not.toHaveProperty("next");
    const one = await manage("GET", `/h/deliveries/${found[0]?.id}`);
    expect(one.body).toMatchObject({ outcome: "accepted", rule: 0, task: "got", body: '{"n": 3}', size: 8 });
    for (const id of ["0".repeat(28), "x"])
      expect((await manage("GET", `/h/deliveries/${id}`)).status).toBe(404);
  });

  it("keep bytes that are no text", async () => {
    const bytes = Buffer.from([0xff, 0x00, 0x80]);
    const { app, deliver, manage } = await openHooks({
      h: { verifier: "github", secrets: [SECRET], format: "bytes", ...WHOLE_BODY },
    });
    await deliver("h", bytes);
    const [call] = await takeCalls(app, 1);
    expect(call?.args).toEqual([bytes.toString("base64")]);
    const { deliveries } = (await manage("GET", "/h/deliveries")).body as { deliveries: { id: string }[] };
    const one = await manage("GET", `/h/deliveries/${deliveries[0]?.id}`);
    expect(one.body["body_base64"]).toBe(bytes.toString("base64"));
  });

  it("beyond the newest are dropped", async () => {
    const { deliver, manage } = await openHooks({ h: { ...STRIPE, ...WHOLE_BODY, log: { keep: 5 } } });
    for (let n = 0; n < 12; n += 1) await deliver("h", `{"id":"${n}"}`);
    const { deliveries } = (await manage("GET", "/h/deliveries")).body as {
      deliveries: { delivery_id: string }[];
    };
    expect(deliveries.map((one) => one.delivery_id)).toEqual(["11", "10", "9", "8", "7"]);
  });

  it("are replayed as new tasks, by the rules as they are now", async () => {
    const { app, url, manage } = await openHooks({});
    await manage("PUT", "/shop", STRIPE);
    const body = '{"id":"evt_1","type":"other"}';
    expect((await send(`${url}/v1/hooks/shop`, body, signed(body))).status).toBe(204);
    const { deliveries } = (await manage("GET", "/shop/deliveries")).body as { deliveries: { id: string }[] };
    const replay = `/shop/deliveries/${deliveries[0]?.id}:replay`;
    expect((await manage("POST", replay)).status).toBe(422);
    await manage("PUT", "/shop", { ...STRIPE, ...WHOLE_BODY });
    const answers = [await manage("POST", replay), await manage("POST", replay)];
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    const calls = await takeCalls(app, 2);
    expect(calls.map(({ headers }) => headers["id"])).toEqual(answers.map((one) => one.body["id"]));
    expect(new Set(answers.map((one) => one.body["id"])).size).toBe(2);
    const listed = (await manage("GET", "/shop/deliveries")).body["deliveries"];
    expect(listed).toMatchObject([
      { replay_of: deliveries[0]?.id },
      { replay_of: deliveries[0]?.id },
      { replay_of: deliveries[0]?.id, outcome: "ignored" },
      { outcome: "ignored" },
    ]);
  });
});

const STATES = {
  "a database": async () => `sqlite:///${await sqliteFile()}`,
  Redis: async () => redisUrl(),
} as const;

describe.each(Object.keys(STATES) as (keyof typeof STATES)[])(
  "two gateways with one state in %s",
  (where) => {
    it("send the task of a delivery once, however it races", async () => {
      const stateUrl = await STATES[where]();
      const app = testApp();
      const gateways = [await openGateway({ app, stateUrl }), await openGateway({ app, stateUrl })];
      const [one] = gateways;
      const put = await fetch(`${one?.url}/v1/hooks/shop`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(STRIPE),
      });
      expect(put.status).toBe(201);
      const rounds = ["a", "b", "c", "d", "e"];
      for (const id of rounds) {
        const body = `{"id":"${id}","type":"paid"}`;
        const headers = signed(body);
        const urls = gateways.flatMap(({ url }) => [url, url, url]);
        const answers = await Promise.all(urls.map((url) => send(`${url}/v1/hooks/shop`, body, headers)));
        expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 202]);
        expect(new Set(answers.map((answer) => answer.body["id"])).size).toBe(1);
      }
      const calls = await takeCalls(app, rounds.length);
      expect(calls.map(({ args }) => args)).toEqual(rounds.map((id) => [id]));
    });
  },
);

/** A promise, and how to keep it. */
function gate(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe("claims", () => {
  const request = { key: "k", task: "t", rememberMs: 60_000 };
  const open = () => {
    const state = createStateStore({ onWarning: () => undefined });
    return { state, claims: new Claims({ state, kind: randomUUID(), onWarning: () => undefined }) };
  };

  it("pass to the next attempt when the process dies before it has sent", async () => {
    const state = createStateStore({ onWarning: () => undefined });
    const options = { state, kind: "c", onWarning: () => undefined };
    // A claim whose lease is over, as a process that was killed leaves it.
    const left = { taskId: "left-behind", task: "t", open: { by: "gone", untilMs: Date.now() - 1 } };
    await state.records.add("c", "k", JSON.stringify(left), { expiresAtMs: Date.now() + 60_000 });
    const sent: string[] = [];
    const send = async (id: string): Promise<void> => void sent.push(id);
    const [first, second] = await Promise.all([
      new Claims(options).once(request, send),
      new Claims(options).once(request, send),
    ]);
    expect(sent).toEqual(["left-behind"]);
    expect([first, second].map(({ isDuplicate }) => isDuplicate).sort()).toEqual([false, true]);
    expect(second?.taskId).toBe("left-behind");
  });

  it("are waited for while another attempt sends", async () => {
    const { claims } = open();
    const { promise: confirmed, resolve: confirm } = gate();
    const { promise: isSending, resolve: begin } = gate();
    const first = claims.once(request, () => {
      begin();
      return confirmed;
    });
    await isSending;
    const second = claims.once(request, async () => {
      throw new Error("sent twice");
    });
    confirm();
    await expect(first).resolves.toMatchObject({ isDuplicate: false });
    expect(await second).toMatchObject({ isDuplicate: true, taskId: (await first).taskId });
  });

  it("do not fail a delivery that was sent when they cannot be written any more", async () => {
    const { state, claims } = open();
    vi.spyOn(state.records, "put").mockRejectedValue(new Error("the store is gone"));
    await expect(claims.once(request, async () => undefined)).resolves.toMatchObject({ isDuplicate: false });
  });
});
