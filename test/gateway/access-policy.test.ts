/** What a credential may do: tasks, queues, options, what it sees, tenants. */
import { describe, expect, it } from "vitest";
import { globList } from "../../gateway/access/globs.ts";
import { FLOWER_ROUTES } from "../../gateway/flower/index.ts";
import type { Policy } from "../../gateway/index.ts";
import { ROUTES } from "../../gateway/routes/index.ts";
import { takeMessages } from "../helpers/worker.ts";
import { type AccessPlace, OPERATOR, openAccess, posted } from "./access-place.ts";
import { exception, read, storeState } from "./place.ts";

describe("patterns", () => {
  it.each([
    [["*"], "anything.at_all", true],
    [["billing.*"], "billing.pay", true],
    [["billing.*"], "billing.", true],
    [["billing.*"], "billing", false],
    [["billing.*"], "xbilling.pay", false],
    [["billing.*", "!billing.admin.*"], "billing.admin.drop", false],
    [["!billing.admin.*", "billing.*"], "billing.admin.drop", false],
    [["a*b*c"], "abc", true],
    [["a*b*c"], "a.b.b.c", true],
    [["a*b*c"], "ac", false],
    [["ab*ba"], "aba", false],
    [["*.x.*"], "a.x.b", true],
    [["*.x.*"], "a.y.b", false],
    [["a", "b"], "b", true],
    [[], "a", false],
    [["a.c"], "abc", false],
  ])("%j and %s: %s", (patterns, name, isAllowed) => {
    expect(globList(patterns)(name)).toBe(isAllowed);
  });

  it("take time in proportion to the name, however many stars there are", () => {
    const isAllowed = globList([`${"a*".repeat(127)}b`]);
    expect(isAllowed(`${"a".repeat(1_000_000)}c`)).toBe(false);
    expect(isAllowed(`${"a".repeat(1_000_000)}b`)).toBe(true);
  });
});

const SHOP: Policy = { submit: ["shop.*", "!shop.admin.*"], queues: ["shop*"], options: ["queue", "delay"] };

describe("tasks and queues", () => {
  it.each([
    ["of another's name", { task: "bank.pay" }, "task-forbidden"],
    ["that is taken away", { task: "shop.admin.drop" }, "task-forbidden"],
    ["that does not exist", { task: "nothing.at_all" }, "task-forbidden"],
    ["on another's queue", { task: "shop.buy", queue: "celery" }, "queue-forbidden"],
    ["on a queue that does not exist", { task: "shop.buy", queue: "nothing" }, "queue-forbidden"],
  ])("%s: 403, the same whether it exists or not", async (_what, body, type) => {
    const { app, as, key } = await openAccess();
    app.task("bank.pay", () => 1);
    const answer = await read(as(await key(SHOP), "/v1/tasks", posted(body)));
    expect(answer.status).toBe(403);
    expect(answer.body).toEqual({
      type: `/problems/${type}`,
      title: expect.any(String),
      status: 403,
      detail: expect.not.stringContaining(body.task),
      errors: [{ pointer: type === "task-forbidden" ? "/task" : "/queue", detail: expect.any(String) }],
    });
  });

  it("pass the same check wherever they stand", async () => {
    const { as, key } = await openAccess();
    const shop = await key({ ...SHOP, scopes: ["admin"] });
    const forbidden = { task: "bank.pay" };
    const places: readonly [string, RequestInit][] = [
      ["/v1/call/bank.pay", posted({})],
      ["/v1/workflows", posted({ chain: [{ task: "shop.buy" }, forbidden] })],
      ["/v1/workflows", posted({ chord: { header: [forbidden], body: { task: "shop.buy" } } })],
      ["/v1/workflows", posted({ task: "shop.buy", link: [forbidden] })],
      ["/v1/workflows", posted({ map: { task: "bank.pay", it: [1] } })],
      ["/v1/workflows", posted({ task: "shop.buy", options: { link_error: [forbidden] } })],
      ["/v1/schedules/s", { ...posted({ ...forbidden, every: 60 }), method: "PUT" }],
      ["/api/task/send-task/bank.pay", posted({ args: [] })],
    ];
    for (const [path, init] of places) {
      const answer = await as(shop, path, init);
      expect([path, answer.status]).toEqual([path, 403]);
    }
    const batch = await read(as(shop, "/v1/tasks:batch", posted([{ task: "shop.buy" }, forbidden])));
    expect(batch.body["items"]).toMatchObject([{ status: 202 }, { status: 403 }]);
  });

  it("are not suggested by what is declared of them", async () => {
    const { as, key } = await openAccess();
    const operator = await key(OPERATOR);
    for (const name of ["shop.buy", "bank.pay"])
      await as(operator, `/v1/task-types/${name}`, { ...posted({ args: [] }), method: "PUT" });
    const shop = await key(SHOP);
    expect(await (await as(shop, "/v1/task-types")).text()).not.toContain("bank");
    const [forbidden, unknown] = [
      await as(shop, "/v1/task-types/bank.pay"),
      await as(shop, "/v1/task-types/shop.x"),
    ];
    expect(await forbidden.text()).toBe(await unknown.text());
    expect(forbidden.status).toBe(404);
  });

  it("of Celery's own are refused for everyone", async () => {
    const { as, key } = await openAccess();
    const answer = await read(as(await key(OPERATOR), "/v1/tasks", posted({ task: "celery.map" })));
    expect(answer.body["type"]).toBe("/problems/reserved-task");
  });

  it("take the options that are allowed", async () => {
    const { as, key } = await openAccess();
    const shop = await key({ ...SHOP, scopes: ["tasks:submit", "workflows"] });
    const right = { task: "shop.buy", args: [1], kwargs: { a: 1 }, queue: "shop", delay: 1 };
    expect((await as(shop, "/v1/tasks", posted(right))).status).toBe(202);
    const wrong = await read(as(shop, "/v1/tasks", posted({ task: "shop.buy", priority: 3 })));
    expect(wrong.status).toBe(422);
    expect(wrong.body).toMatchObject({
      type: "/problems/reserved-option",
      errors: [{ pointer: "/priority" }],
    });
    const canvas = {
      chain: [
        { task: "shop.buy", options: { delay: 1 } },
        { task: "shop.buy", options: { priority: 1 } },
      ],
    };
    const batch = { ...posted([right, { task: "shop.buy", priority: 3 }]) };
    const strict = { ...batch, headers: { ...batch.headers, prefer: "handling=strict" } };
    expect((await as(shop, "/v1/tasks:batch", strict)).status).toBe(422);
    expect((await read(as(shop, "/v1/workflows", posted(canvas)))).body["type"]).toBe(
      "/problems/reserved-option",
    );
  });
});

describe("scopes", () => {
  const envelope = { __type__: "datetime", __value__: "2030-01-02T03:04:05" };

  it("python-types lets typed values through", async () => {
    const { as, key } = await openAccess();
    const [plain, typed] = [
      await key(),
      await key({ scopes: ["tasks:submit", "workflows", "python-types"] }),
    ];
    for (const [path, body] of [
      ["/v1/tasks", { task: "t", args: [envelope] }],
      ["/v1/workflows", { chain: [{ task: "t", args: [envelope] }, { task: "t" }] }],
    ] as const) {
      expect((await as(plain, path, posted(body))).status).toBe(422);
      expect((await as(typed, path, posted(body))).status).toBe(202);
    }
  });

  it("results:traceback shows tracebacks, whatever the gateway shows to callers without keys", async () => {
    const { app, as, key } = await openAccess({ allowTraceback: true });
    const [plain, curious] = [
      await key({ read: "all" }),
      await key({ scopes: ["tasks:read", "results:traceback"], read: "all" }),
    ];
    await storeState(app, "t1", "FAILURE", exception("ValueError", "no"), "Traceback: secret.py");
    expect(await (await as(plain, "/v1/tasks/t1")).text()).not.toContain("secret.py");
    expect(await (await as(curious, "/v1/tasks/t1")).text()).toContain("secret.py");
  });
});

/** Two tenants with a caller each, and one that reads only its own. */
async function openTenants(): Promise<
  AccessPlace & {
    readonly acme: string;
    readonly colleague: string;
    readonly lonely: string;
    readonly other: string;
  }
> {
  const place = await openAccess({
    access: { tenants: { acme: { queuePrefix: "acme." }, other: { queuePrefix: "other." } } },
  });
  const tenant = (name: string, read: "own" | "tenant"): Promise<string> =>
    place.key({ tenant: name, read, scopes: ["admin"] });
  return {
    ...place,
    acme: await tenant("acme", "tenant"),
    colleague: await tenant("acme", "tenant"),
    lonely: await tenant("acme", "own"),
    other: await tenant("other", "tenant"),
  };
}

async function sent(place: AccessPlace, key: string, body: object): Promise<string> {
  const answer = await read(place.as(key, "/v1/tasks", posted(body)));
  expect(answer.status).toBe(202);
  return String(answer.body["id"]);
}

describe("tasks of others", () => {
  it("are as unknown as those that never were, on every route", async () => {
    const place = await openTenants();
    const { app, as, acme, colleague, lonely, other } = place;
    const running = await sent(place, acme, { task: "t", queue: "q" });
    const ended = await sent(place, acme, { task: "t", queue: "q" });
    const held = await sent(place, acme, { task: "t", eta: new Date(Date.now() + 86_400_000).toISOString() });
    await storeState(app, ended, "SUCCESS", 1);
    const invented = "00000000-0000-7000-8000-000000000000";
    const routes = [...ROUTES, ...FLOWER_ROUTES].filter(
      ({ path, access }) =>
        /\{(id|task_?id)\}/.test(path) && access !== "public" && /task|workflow/.test(path),
    );
    expect(routes.length).toBeGreaterThan(10);
    for (const { method, path } of routes) {
      const ask = async (key: string, id: string): Promise<[number, string]> => {
        const answer = await as(key, path.replace(/\{(id|task_?id)\}/, id), {
          ...(method === "GET" ? {} : posted({ eta: "2040-01-01T00:00:00Z" })),
          method,
        });
        return [answer.status, (await answer.text()).replaceAll(id, "ID")];
      };
      const unknown = await ask(other, invented);
      for (const id of [running, ended, held]) {
        expect([method, path, ...(await ask(other, id))]).toEqual([method, path, ...unknown]);
        expect([method, path, ...(await ask(lonely, id))]).toEqual([method, path, ...unknown]);
      }
    }
    for (const key of [acme, colleague]) {
      const seen = await read(as(key, `/v1/tasks/${ended}`));
      expect(seen.body).toMatchObject({ state: "SUCCESS", queue: "q" });
      expect((await as(key, `/v1/tasks/${running}`)).status).toBe(200);
    }
  });

  it("are not listed, suggested or told of", async () => {
    const place = await openTenants();
    const { as, acme, lonely, other } = place;
    const stream = await as(other, "/v1/events");
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    const theirs = await sent(place, acme, { task: "acme.secret", queue: "q" });
    const own = await sent(place, other, { task: "other.task" });
    const names = async (key: string): Promise<unknown> =>
      ((await read(as(key, "/v1/tasks"))).body["tasks"] as readonly { readonly id: string }[]).map(
        ({ id }) => id,
      );
    expect(await names(other)).toEqual([own]);
    expect(await names(lonely)).toEqual([]);
    expect(await names(acme)).toEqual([theirs]);
    const catalog = await (await as(other, "/v1/catalog")).text();
    expect(catalog).not.toContain("acme");
    let told = "";
    while (!told.includes(own)) told += (await reader?.read())?.value ?? "";
    expect(told).not.toContain("acme.secret");
    await reader?.cancel();
  });

  it("in workflows are unknown, too", async () => {
    const { as, acme, colleague, lonely, other } = await openTenants();
    const canvas = { chain: [{ task: "t", queue: undefined }, { group: [{ task: "t" }, { task: "t" }] }] };
    const made = await read(as(acme, "/v1/workflows", posted(canvas)));
    expect(made.status).toBe(202);
    const ids = [made.body["id"], made.body["root_id"]].map(String);
    for (const id of ids) {
      for (const path of [`/v1/workflows/${id}`, `/v1/workflows/${id}/graph`, `/v1/workflows/${id}/events`]) {
        expect([path, (await as(other, path)).status]).toEqual([path, 404]);
        expect([path, (await as(lonely, path)).status]).toEqual([path, 404]);
      }
      expect((await as(other, `/v1/workflows/${id}`, { method: "DELETE" })).status).toBe(404);
      expect((await as(colleague, `/v1/workflows/${id}`)).status).toBe(200);
    }
  });

  it("that no gateway accepted are seen by those who read all", async () => {
    const { app, as, key } = await openAccess();
    await storeState(app, "foreign", "SUCCESS", 1);
    expect((await as(await key({ read: "tenant" }), "/v1/tasks/foreign")).status).toBe(404);
    expect((await as(await key({ read: "all" }), "/v1/tasks/foreign")).status).toBe(200);
  });
});

describe("tenants", () => {
  it("have queues of their own, under names without the prefix", async () => {
    const place = await openTenants();
    const { app, as, acme, key } = place;
    const named = await sent(place, acme, { task: "t", queue: "fast" });
    await sent(place, acme, { task: "t" });
    const chain = posted({ chain: [{ task: "a" }, { task: "b", options: { queue: "slow" } }] });
    expect((await as(acme, "/v1/workflows", chain)).status).toBe(202);
    await takeMessages(app, "acme.fast", 1);
    const [alone, first] = await takeMessages(app, "acme.celery", 2);
    expect([alone?.message?.headers["task"], first?.message?.headers["task"]].sort()).toEqual(["a", "t"]);
    const bodies = [alone, first].map((delivery) =>
      Buffer.from(delivery?.message?.body ?? "").toString("utf8"),
    );
    expect(bodies.join()).toContain('"queue":"acme.slow"');
    expect((await read(as(acme, `/v1/tasks/${named}`))).body["queue"]).toBe("fast");
    const listed = await read(as(acme, "/v1/tasks?queue=fast"));
    expect(listed.body["tasks"]).toMatchObject([{ id: named, queue: "fast" }]);
    const operator = await key(OPERATOR);
    expect((await read(as(operator, `/v1/tasks/${named}`))).body["queue"]).toBe("acme.fast");
  });

  it("have schedules of their own", async () => {
    const { as, acme, other, key } = await openTenants();
    const put = (caller: string, every: number): Promise<Response> =>
      as(caller, "/v1/schedules/nightly", { ...posted({ task: "t", every, queue: "q" }), method: "PUT" });
    expect((await put(acme, 60)).status).toBe(201);
    expect((await as(other, "/v1/schedules/nightly")).status).toBe(404);
    expect((await as(other, "/v1/schedules/nightly:trigger", { method: "POST" })).status).toBe(404);
    expect((await as(other, "/v1/schedules/nightly", { method: "DELETE" })).status).toBe(404);
    expect((await put(other, 90)).status).toBe(201);
    const shown = await read(as(acme, "/v1/schedules/nightly"));
    expect(shown.body).toMatchObject({ name: "nightly", every: 60, queue: "q" });
    expect((await read(as(acme, "/v1/schedules"))).body["schedules"]).toMatchObject([{ name: "nightly" }]);
    expect((await put(acme, 70)).status).toBe(200);
    const triggered = await read(as(acme, "/v1/schedules/nightly:trigger", { method: "POST" }));
    expect(triggered.status).toBe(202);
    const task = await read(as(acme, `/v1/tasks/${String(triggered.body["id"])}`));
    expect(task.body).toMatchObject({ task: "t", queue: "q" });
    const all = await read(as(await key(OPERATOR), "/v1/schedules"));
    expect((all.body["schedules"] as readonly { readonly name: string }[]).map(({ name }) => name)).toEqual([
      "acme/nightly",
      "other/nightly",
    ]);
    expect((await as(acme, "/v1/schedules/nightly", { method: "DELETE" })).status).toBe(204);
    expect((await as(other, "/v1/schedules/nightly")).status).toBe(200);
  });

  it("make keys for themselves only", async () => {
    const { as, acme, other } = await openTenants();
    const made = await read(as(acme, "/v1/api-keys", posted({ name: "mine", policy: {} })));
    expect(made.body["policy"]).toEqual({ tenant: "acme" });
    for (const policy of [{ tenant: "other" }, { read: "all" }])
      expect((await as(acme, "/v1/api-keys", posted({ name: "x", policy }))).status).toBe(403);
    const path = `/v1/api-keys/${String(made.body["id"])}`;
    expect((await as(other, path)).status).toBe(404);
    expect((await as(other, path, { method: "DELETE" })).status).toBe(404);
    expect(await (await as(other, "/v1/api-keys")).text()).not.toContain("acme");
    expect((await as(acme, path)).status).toBe(200);
  });

  it("whose prefixes overlap are refused", async () => {
    const tenants = { a: { queuePrefix: "x." }, b: { queuePrefix: "x.y." } };
    await expect(openAccess({ access: { tenants } })).rejects.toThrow("share queues");
  });
});
