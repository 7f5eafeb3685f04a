/** Who may call: API keys, Basic and the rules that hold for every route. */
import { describe, expect, it, vi } from "vitest";
import { FLOWER_ROUTES } from "../../gateway/flower/index.ts";
import { ROUTES } from "../../gateway/routes/index.ts";
import { createMemoryState } from "../../gateway/state/memory-state.ts";
import { StateError } from "../../gateway/state/state-error.ts";
import { OPERATOR, openAccess, openAnother, posted } from "./access-place.ts";
import { openGateway, read, sendRaw } from "./place.ts";

/** A path with something in place of its parameters. */
function pathOf(path: string): string {
  return path.replaceAll(/\{\w+\}/g, "x1");
}

describe("every route", () => {
  const guarded = [...ROUTES, ...FLOWER_ROUTES].filter(({ access }) => access !== "public");

  it("but a few known ones asks for a credential", () => {
    const open = ROUTES.filter(({ access }) => access === "public").map(
      ({ method, path }) => `${method} ${path}`,
    );
    expect(open.sort()).toEqual([
      "GET /.well-known/jwks.json",
      "GET /healthz",
      "GET /problems/{name}",
      "GET /readyz",
      "GET /v1/openapi.json",
      "OPTIONS /v1/events",
      "POST /v1/hooks/{hook}",
      "POST /v1/tasks/{id}/complete/{token}",
    ]);
  });

  it("answers 401 without one, and with a wrong one, in the same words", async () => {
    const { url } = await openAccess({ access: { failuresPerMinute: 0 } });
    const wrong = `cel_${"0".repeat(16)}_${"0".repeat(72)}`;
    const seen = new Set<string>();
    for (const { method, path } of guarded) {
      for (const headers of [{}, { authorization: `Bearer ${wrong}` }]) {
        const answer = await read(fetch(url + pathOf(path), { method, headers }));
        expect([method, path, answer.status]).toEqual([method, path, 401]);
        expect(answer.headers.get("www-authenticate")).toContain("Bearer");
        seen.add(JSON.stringify(answer.body));
      }
    }
    expect([...seen]).toHaveLength(1);
  });

  it("answers 403 with the scope's name to a key that lacks it", async () => {
    const { key, as } = await openAccess();
    const powerless = await key({ scopes: [] });
    // What these show depends on the scopes that the caller has.
    const known = guarded.filter(({ access }) => access === "known").map(({ path }) => path);
    expect(known).toEqual(["/v1/live"]);
    for (const { method, path, access = "admin" } of guarded) {
      if (access === "known") continue;
      const answer = await read(as(powerless, pathOf(path), { method }));
      expect([method, path, answer.status]).toEqual([method, path, 403]);
      expect(answer.body["type"]).toBe("/problems/insufficient-scope");
      expect(answer.headers.get("www-authenticate")).toContain(`scope="${access}"`);
    }
  });

  it("is open without a credential when nobody is asked for one", async () => {
    const { url } = await openGateway();
    expect((await fetch(`${url}/v1/tasks`)).status).toBe(200);
    // Keys would count at gateways that share the state.
    expect((await fetch(`${url}/v1/api-keys`)).status).toBe(403);
  });
});

describe("an API key", () => {
  it("is told once, and kept as a digest only", async () => {
    const { as, key, state } = await openAccess();
    const operator = await key(OPERATOR);
    const made = await read(
      as(operator, "/v1/api-keys", posted({ name: "shop", policy: { submit: ["a.*"] } })),
    );
    expect(made.status).toBe(201);
    const { id, key: text } = made.body as { readonly id: string; readonly key: string };
    expect(text).toMatch(/^cel_[0-9a-f]{16}_[0-9a-f]{72}$/);
    const shown = await read(as(operator, `/v1/api-keys/${id}`));
    expect(shown.body).toMatchObject({ id, name: "shop", proof: "key", policy: { submit: ["a.*"] } });
    const listed = await read(as(operator, "/v1/api-keys"));
    const secret = text.split("_")[2] ?? "";
    const stored = await state.records.list("api-key", { limit: 10 });
    for (const place of [shown.body, listed.body, stored])
      expect(JSON.stringify(place)).not.toContain(secret);
    expect((await as(text, "/v1/tasks", posted({ task: "a.b" }))).status).toBe(202);
  });

  it.each([
    ["a digit of its secret", (text: string) => flip(text, 40)],
    ["a digit of its checksum", (text: string) => flip(text, text.length - 1)],
    ["its id", (text: string) => flip(text, 5)],
    ["a character less", (text: string) => text.slice(0, -1)],
    ["a character more", (text: string) => `${text}0`],
    ["capitals", (text: string) => text.toUpperCase()],
    ["nothing but its prefix", () => "cel_"],
    ["nothing", () => ""],
    ["very many characters", (text: string) => text + "0".repeat(8000)],
  ])("with %s wrong is 401", async (_what, change) => {
    const { as, key } = await openAccess();
    const right = await key();
    expect((await as(right, "/v1/tasks")).status).toBe(200);
    const answer = await as(change(right), "/v1/tasks");
    expect(answer.status).toBe(401);
  });

  it.each(["Basic", "Digest", "bearer x", "Bearer\t"])(
    "counts only as a bearer's: %s is 401",
    async (scheme) => {
      const { url, key } = await openAccess();
      const text = await key();
      const answer = await fetch(`${url}/v1/tasks`, { headers: { authorization: `${scheme} ${text}` } });
      expect(answer.status).toBe(401);
    },
  );

  it("expires", async () => {
    const { as, gateway } = await openAccess();
    const made = await gateway.apiKeys?.create({ name: "short", expiresAtMs: Date.now() + 500 });
    expect((await as(made?.key ?? "", "/v1/tasks")).status).toBe(200);
    await expect
      .poll(async () => (await as(made?.key ?? "", "/v1/tasks")).status, { timeout: 10_000 })
      .toBe(401);
  });

  it("that is revoked ends at once here, and soon at another gateway of the state", async () => {
    const here = await openAccess();
    const there = await openAnother(here);
    const [text, operator] = [await here.key(), await here.key(OPERATOR)];
    expect((await here.as(text, "/v1/tasks")).status).toBe(200);
    expect((await there.as(text, "/v1/tasks")).status).toBe(200);
    const id = text.split("_")[1] ?? "";
    expect((await here.as(operator, `/v1/api-keys/${id}`, { method: "DELETE" })).status).toBe(204);
    expect((await here.as(text, "/v1/tasks")).status).toBe(401);
    await expect
      .poll(async () => (await there.as(text, "/v1/tasks")).status, { timeout: 5000, interval: 100 })
      .toBe(401);
    const again = await read(here.as(operator, `/v1/api-keys/${id}`));
    expect(again.body).toMatchObject({ id, revoked_at: expect.any(String) });
    expect((await here.as(operator, `/v1/api-keys/${id}`, { method: "DELETE" })).status).toBe(204);
  });

  it("that is revoked or expires ends its open streams, too", async () => {
    const here = await openAccess();
    const there = await openAnother(here);
    const made = await here.gateway.apiKeys?.create({ name: "short", expiresAtMs: Date.now() + 3000 });
    const [text, lasting] = [await here.key(), await here.key()];
    const streams = await Promise.all(
      [text, made?.key ?? "", lasting].map((key) => there.as(key, "/v1/events")),
    );
    const [revoked, expiring, staying] = streams;
    await here.gateway.apiKeys?.revoke(text.split("_")[1] ?? "");
    await Promise.all([revoked?.text(), expiring?.text()]);
    const sent = await read(there.as(lasting, "/v1/tasks", posted({ task: "t" })));
    const reader = staying?.body?.pipeThrough(new TextDecoderStream()).getReader();
    let told = "";
    while (!told.includes(String(sent.body["id"]))) {
      const { value, done } = (await reader?.read()) ?? { value: "", done: true };
      expect(done).toBe(false);
      told += value;
    }
    await reader?.cancel();
  });

  it("is refused with 503 while the state is away, and nobody gets in", async () => {
    const state = createMemoryState();
    const { as, key } = await openAccess({ state });
    const text = await key();
    vi.spyOn(state.records, "get").mockRejectedValue(new StateError("It is away."));
    const answer = await read(as(text, "/v1/tasks"));
    expect(answer.status).toBe(503);
    expect(answer.body["type"]).toBe("/problems/state-unavailable");
  });

  it.each([
    [{}, "/name"],
    [{ name: "x", policy: { submit: ["!a"] } }, "/submit"],
    [{ name: "x", policy: { scopes: ["everything"] } }, "/policy/scopes/0"],
    [{ name: "x", policy: { submit: ["a b"] } }, "/policy/submit/0"],
    [{ name: "x", policy: { tenant: "a:b" } }, "/policy/tenant"],
    [{ name: "x", policy: { quotas: { submit: { quota: 0, window: 1 } } } }, "/policy/quotas/submit/quota"],
  ])("%j is refused", async (body, pointer) => {
    const { as, key } = await openAccess();
    const answer = await read(as(await key(OPERATOR), "/v1/api-keys", posted(body)));
    expect(answer.status).toBe(422);
    expect(answer.body["errors"]).toMatchObject([{ pointer }]);
  });

  it.each([{ proof: "certificate" }, { proof: "ed25519" }, { public_key: `whpk_${"A".repeat(43)}=` }])(
    "with %j alone makes no sense",
    async (extra) => {
      const { as, key } = await openAccess();
      const answer = await as(await key(OPERATOR), "/v1/api-keys", posted({ name: "x", ...extra }));
      expect(answer.status).toBe(422);
    },
  );
});

function flip(text: string, at: number): string {
  const digit = text[at] === "0" ? "1" : "0";
  return text.slice(0, at) + digit + text.slice(at + 1);
}

function basic(name: string, password: string): RequestInit {
  return { headers: { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` } };
}

describe("HTTP Basic", () => {
  const access = { users: [{ name: "flower", password: "grün:s3cret", policy: OPERATOR }] };

  it("is taken by Flower's API only", async () => {
    const { url, key } = await openAccess({ access });
    const text = await key(OPERATOR);
    const [, id = ""] = text.split("_");
    for (const login of [basic("flower", "grün:s3cret"), basic(id, text)]) {
      expect((await fetch(`${url}/api/tasks`, login)).status).toBe(200);
      expect((await fetch(`${url}/v1/tasks`, login)).status).toBe(401);
    }
    const refused = await fetch(`${url}/api/tasks`, basic("flower", "s3cret"));
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toMatch(/^Basic .*Bearer/);
    expect((await fetch(`${url}/v1/tasks`)).headers.get("www-authenticate")).toBe('Bearer realm="celerity"');
  });

  it.each([
    ["flower", "grün:s3cre"],
    ["flower", ""],
    ["nobody", "grün:s3cret"],
    ["", "grün:s3cret"],
    ["__proto__", "x"],
    ["flower", "x".repeat(5000)],
  ])("with %j and %j is 401", async (name, password) => {
    const { url } = await openAccess({ access });
    expect((await fetch(`${url}/api/tasks`, basic(name, password))).status).toBe(401);
  });

  it("takes a key under its own id alone", async () => {
    const { url, key } = await openAccess();
    const [one, other] = [await key(OPERATOR), await key(OPERATOR)];
    const [, id = ""] = one.split("_");
    expect((await fetch(`${url}/api/tasks`, basic(id, other))).status).toBe(401);
  });

  it.each(["%%%", "bm9jb2xvbg==", ""])("that is no name and password (%j) is 401", async (text) => {
    const { url } = await openAccess({ access });
    const answer = await fetch(`${url}/api/tasks`, { headers: { authorization: `Basic ${text}` } });
    expect(answer.status).toBe(401);
  });
});

describe("wrong credentials", () => {
  it("from one address are tried so often in a minute; keys that were right still count", async () => {
    const { as, key, url } = await openAccess({
      access: { failuresPerMinute: 3, users: [{ name: "u", password: "p", policy: OPERATOR }] },
    });
    const [known, fresh] = [await key(), await key()];
    expect((await as(known, "/v1/tasks")).status).toBe(200);
    const wrong = flip(known, 40);
    for (let at = 0; at < 3; at += 1) expect((await as(wrong, "/v1/tasks")).status).toBe(401);
    const blocked = await read(as(wrong, "/v1/tasks"));
    expect(blocked.status).toBe(429);
    expect(blocked.body["type"]).toBe(
      "https://iana.org/assignments/http-problem-types#abnormal-usage-detected",
    );
    expect(Number(blocked.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await as(fresh, "/v1/tasks")).status).toBe(429);
    expect((await fetch(`${url}/api/tasks`, basic("u", "p"))).status).toBe(429);
    expect((await as(known, "/v1/tasks")).status).toBe(200);
  });

  it("are not counted when there are none", async () => {
    const { url } = await openAccess({ access: { failuresPerMinute: 1 } });
    for (let at = 0; at < 5; at += 1) expect((await fetch(`${url}/v1/tasks`)).status).toBe(401);
  });
});

describe("browsers", () => {
  it("may not be used by other sites, whatever they hold", async () => {
    const { url, port, key } = await openAccess({ access: { publicUrl: "https://tasks.example" } });
    const text = await key(OPERATOR);
    const from = (origin: string): Promise<Response> =>
      fetch(`${url}/v1/tasks`, {
        ...posted({ task: "t" }),
        headers: { "content-type": "application/json", origin, authorization: `Bearer ${text}` },
      });
    expect((await read(from("https://evil.example"))).status).toBe(403);
    expect((await from("null")).status).toBe(403);
    expect((await from(url)).status).toBe(202);
    const answer = await fetch(`${url}/v1/tasks`, { method: "OPTIONS" });
    expect(answer.status).toBe(405);
    expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
    const rebound = await sendRaw(
      port,
      "GET /v1/tasks HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    );
    expect(rebound).toMatch(/^HTTP\/1\.1 421 /);
  });
});

describe("listening beyond this machine", () => {
  it("needs access control, or the word that the network is safe", async () => {
    const { gateway } = await openAccess();
    await gateway.close();
    const guarded = await openAccess();
    const open = await openGateway();
    expect(open.url).toContain("127.0.0.1");
    const { createGateway } = await import("../../gateway/index.ts");
    const closed = createGateway({ app: open.app });
    await expect(closed.listen({ host: "0.0.0.0", port: 0 })).rejects.toThrow("access, --require-keys");
    await closed.close();
    const reachable = createGateway({ app: guarded.app, access: {} });
    const { port } = await reachable.listen({ host: "0.0.0.0", port: 0 });
    expect((await fetch(`http://127.0.0.1:${port}/v1/tasks`)).status).toBe(401);
    await reachable.close();
  });
});
