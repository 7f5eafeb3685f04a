/** Hooks at a gateway that asks its callers for keys: senders have none, operators see their own. */
import { describe, expect, it } from "vitest";
import type { HookOptions } from "../../gateway/hooks/hook-options.ts";
import { signSample } from "../../gateway/hooks/sign-sample.ts";
import { openAccess } from "./access-place.ts";
import { send, takeCalls } from "./hooks-place.ts";
import { read } from "./place.ts";

const HOOK: HookOptions = { verifier: "github", secrets: ["s"], rules: [{ task: "shop.sold" }] };

async function openShop() {
  const { app, url, key, as } = await openAccess();
  const manage = (text: string, method: string, path: string, body?: unknown) =>
    read(
      as(text, `/v1/hooks${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
      }),
    );
  const deliver = (name: string, body: string, headers: Record<string, string> = {}) => {
    const signed = signSample({ options: HOOK, secret: "s", body: Buffer.from(body), now: new Date() });
    return send(`${url}/v1/hooks/${name}`, body, {
      "content-type": "application/json",
      ...signed,
      ...headers,
    });
  };
  return { app, key, manage, deliver, url };
}

describe("hooks at a gateway with keys", () => {
  it("take deliveries without a key, whatever credentials the sender has", async () => {
    const { app, key, manage, deliver } = await openShop();
    const shop = await key({ scopes: ["webhooks"], submit: ["shop.*"] });
    expect((await manage(shop, "PUT", "/h", HOOK)).status).toBe(201);
    expect((await deliver("h", "[1]")).status).toBe(202);
    expect((await deliver("h", "[2]", { authorization: "Basic eDp5" })).status).toBe(202);
    const calls = await takeCalls(app, 2);
    expect(calls.map(({ headers }) => headers["task"])).toEqual(["shop.sold", "shop.sold"]);
    expect((await manage("", "GET", "/h")).status).toBe(401);
    expect((await manage(await key(), "GET", "/h")).status).toBe(403);
  });

  it("send no task that their maker may not send", async () => {
    const { key, manage } = await openShop();
    const shop = await key({
      scopes: ["webhooks"],
      submit: ["shop.*"],
      queues: ["shop"],
      options: ["queue"],
    });
    const put = (rule: object) => manage(shop, "PUT", "/h", { ...HOOK, rules: [rule] });
    expect((await put({ task: "bank.pay" })).body["type"]).toBe("/problems/task-forbidden");
    const mapped = { task: { $ptr: "/t", map: { a: "shop.sold", b: "bank.pay" } } };
    expect((await put(mapped)).body["type"]).toBe("/problems/task-forbidden");
    const other = { task: { $ptr: "/t", map: { a: "shop.sold" }, default: "bank.pay" } };
    expect((await put(other)).body["type"]).toBe("/problems/task-forbidden");
    expect((await put({ task: "shop.sold", queue: "bank" })).body["type"]).toBe("/problems/queue-forbidden");
    const urgent = await put({ task: "shop.sold", priority: 9 });
    expect(urgent.body).toMatchObject({
      type: "/problems/reserved-option",
      errors: [{ pointer: "/rules/0/priority" }],
    });
    expect((await put({ task: "shop.sold", queue: "shop" })).status).toBe(201);
  });

  it("of one tenant are not seen and not taken by another", async () => {
    const { key, manage, deliver } = await openShop();
    const [red, pink, blue, all] = await Promise.all([
      key({ scopes: ["webhooks"], tenant: "red", read: "tenant" }),
      key({ scopes: ["webhooks"], tenant: "red", read: "tenant" }),
      key({ scopes: ["webhooks"], tenant: "blue", read: "tenant" }),
      key({ scopes: ["webhooks"], read: "all" }),
    ]);
    expect((await manage(red, "PUT", "/h", HOOK)).status).toBe(201);
    await deliver("h", "[1]");
    for (const [text, status] of [
      [red, 200],
      [pink, 200],
      [all, 200],
      [blue, 404],
    ] as const) {
      expect((await manage(text, "GET", "/h")).status).toBe(status);
      expect((await manage(text, "GET", "/h/deliveries")).status).toBe(status);
      expect((await manage(text, "GET", "")).body["hooks"]).toHaveLength(status === 200 ? 1 : 0);
    }
    expect((await manage(blue, "PUT", "/h", HOOK)).body["type"]).toBe("/problems/hook-taken");
    expect((await manage(blue, "POST", "/h:rotate")).body["type"]).toBe("/problems/hook-taken");
    expect((await manage(blue, "DELETE", "/h")).body["type"]).toBe("/problems/hook-taken");
    expect((await manage(pink, "DELETE", "/h")).status).toBe(204);
  });
});
