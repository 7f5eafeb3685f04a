import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020, type AnySchema } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import { completionTokens } from "../../app/index.ts";
import { chain, group } from "../../canvas/index.ts";
import { WORKER_ORDERS } from "../../gateway/fleet/orders.ts";
import { openapiOf } from "../../gateway/openapi.ts";
import { PROBLEMS } from "../../gateway/problems.ts";
import { ROUTES } from "../../gateway/routes/index.ts";
import { signature } from "../../protocol/index.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { publishRaw, testApp, testWorker } from "../helpers/worker.ts";
import { exception, type GatewayPlace, openGateway, post, storeState } from "./place.ts";

interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { responses: Record<string, object>; operationId: string }>>>
  >;
}

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const document = JSON.parse(JSON.stringify(openapiOf(ROUTES))) as Document;
beforeAll(() => {
  ajv.addSchema(document as unknown as AnySchema, "api");
});

describe("the OpenAPI document", () => {
  it("is valid OpenAPI 3.1, and served", async () => {
    const { url } = await openGateway();
    const served: unknown = await (await fetch(`${url}/v1/openapi.json`)).json();
    expect(served).toEqual(document);
    const validator = new Validator();
    const { valid, errors } = await validator.validate(served as Record<string, unknown>);
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    expect(validator.version).toBe("3.1");
  });

  it("has every route, each with a name of its own", () => {
    const names = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((method) => method.operationId),
    );
    expect(names).toHaveLength(ROUTES.length);
    expect(new Set(names).size).toBe(names.length);
  });
});

/** Checks a live answer against what the document says of that route and status. */
async function expectDocumented(answer: Response, method: string, path: string): Promise<void> {
  const responses = document.paths[path]?.[method]?.responses ?? {};
  expect(Object.keys(responses)).toContain(String(answer.status));
  const [type = ""] = (answer.headers.get("content-type") ?? "").split(";");
  const body = await answer.text();
  if (body === "") return;
  const pointer = ["paths", path, method, "responses", String(answer.status), "content", type, "schema"]
    .map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")))
    .join("/");
  const validate = ajv.getSchema(`api#/${pointer}`);
  expect(validate, `${method} ${path} ${answer.status} ${type}`).toBeDefined();
  expect(validate?.(JSON.parse(body)), JSON.stringify(validate?.errors)).toBe(true);
}

describe("live answers are as documented", () => {
  const get = async (
    { url }: GatewayPlace,
    path: string,
    headers: Record<string, string> = {},
  ): Promise<Response> => fetch(url + path, { headers });

  it("when histories and statistics are read", async () => {
    const place = await openGateway({ history: {} });
    const { id } = (await (await post(`${place.url}/v1/tasks`, { task: "t" })).json()) as { id: string };
    const [history, stats] = ["/v1/tasks/{id}/history", "/v1/stats"] as const;
    for (const path of [
      `/v1/tasks/${id}/history`,
      `/v1/tasks/${id}/history?arguments=true`,
      "/v1/tasks/x/history",
    ])
      await expectDocumented(await get(place, path), "get", history);
    for (const path of [stats, `${stats}?window=P1D&step=PT1H`, `${stats}?step=x`])
      await expectDocumented(await get(place, path), "get", stats);
    await expectDocumented(await get(await openGateway(), stats), "get", stats);
  });

  it("when tasks are sent", async () => {
    const { url } = await openGateway();
    for (const body of [{ task: "t" }, { task: "a b" }, { task: "t", x: 1 }, "{", { task: "t", eta: "x" }]) {
      await expectDocumented(await post(`${url}/v1/tasks`, body), "post", "/v1/tasks");
    }
    await expectDocumented(
      await post(`${url}/v1/tasks`, "x", { "content-type": "text/plain" }),
      "post",
      "/v1/tasks",
    );
    await expectDocumented(await post(`${url}/v1/call/t`, {}), "post", "/v1/call/{task}");
    await expectDocumented(await post(`${url}/v1/call/t`, []), "post", "/v1/call/{task}");
  });

  const CANVASES: readonly object[] = [
    {
      task: "t",
      args: [1],
      kwargs: { x: 2 },
      immutable: true,
      link: { task: "u" },
      link_error: [{ task: "v" }],
    },
    {
      chain: [
        { task: "t" },
        { group: [{ task: "t" }, { task: "t", options: { queue: "q", delay: "PT1S" } }] },
      ],
    },
    {
      chord: { header: { group: [{ task: "t" }] }, body: { task: "t" } },
      options: { expires: 60, priority: 3 },
    },
    { map: { task: "t", it: [1] } },
    { starmap: { task: { task: "t" }, it: [[1]] }, link: { task: "t" } },
    { chunks: { task: "t", it: [[1], [2]], n: 1 }, options: { eta: "2099-01-01T00:00:00Z", queue: null } },
    chain(signature("t"), group([signature("t"), signature("t")]), signature("t")),
  ];

  it("when workflows are sent, and each canvas is as the schema says", async () => {
    const { url } = await openGateway();
    const validate = ajv.getSchema("api#/components/schemas/Canvas");
    for (const canvas of CANVASES) {
      expect(validate?.(JSON.parse(JSON.stringify(canvas))), JSON.stringify(canvas)).toBe(true);
      const answer = await post(`${url}/v1/workflows`, canvas);
      expect(answer.status, JSON.stringify(canvas)).toBe(202);
      await expectDocumented(answer, "post", "/v1/workflows");
    }
    for (const canvas of [
      {},
      { task: "celery.x" },
      { chain: [{ task: "t", x: 1 }] },
      { map: { task: "t" } },
    ]) {
      await expectDocumented(await post(`${url}/v1/workflows`, canvas), "post", "/v1/workflows");
    }
    for (const canvas of [{}, { chain: [{ task: "t", x: 1 }] }, { map: { task: "t" } }, { group: [] }]) {
      expect(validate?.(canvas), JSON.stringify(canvas)).toBe(false);
    }
  });

  it("when workflows are read", async () => {
    const place = await openGateway();
    const { app, url } = place;
    const sent = await post(`${url}/v1/workflows`, { chain: [{ task: "t" }, { task: "t" }] });
    const { id, root_id: rootId } = (await sent.json()) as { id: string; root_id: string };
    const path = "/v1/workflows/{id}";
    for (const state of ["PENDING", "FAILURE"]) {
      if (state === "FAILURE") await storeState(app, rootId, state, exception("KeyError", "x"));
      for (const one of [id, "unknown", "a%20b"]) {
        await expectDocumented(await get(place, `/v1/workflows/${one}`), "get", path);
        await expectDocumented(await get(place, `/v1/workflows/${one}/graph`), "get", `${path}/graph`);
      }
    }
    await expectDocumented(await get(place, `/v1/workflows/${id}/graph?format=x`), "get", `${path}/graph`);
    for (const one of [id, "unknown"]) {
      const answer = await fetch(`${url}/v1/workflows/${one}`, { method: "DELETE" });
      await expectDocumented(answer, "delete", path);
    }
  });

  it("when a task gets its late answer", async () => {
    const secret = "0123456789abcdef0123456789abcdef";
    const { url } = await openGateway({ settings: { httpTasksCompletionSecret: secret } });
    const path = "/v1/tasks/{id}/complete/{token}";
    const right = `${url}/v1/tasks/t/complete/${completionTokens(secret).of("t")}`;
    for (const [target, body, status] of [
      [`${url}/v1/tasks/t/complete/x`, {}, 404],
      [right, {}, 422],
      [right, { error: { type: "E" } }, 422],
      [right, { result: 1 }, 204],
      [right, { result: 2 }, 409],
    ] as const) {
      const answer = await post(target, body);
      expect(answer.status).toBe(status);
      await expectDocumented(answer, "post", path);
    }
  });

  it("when workers are asked and told", async () => {
    const place = await openGateway();
    const { url, app } = place;
    await testWorker(testApp({ brokerUrl: app.settings.brokerUrl }), { pool: "async", hostname: "w@shop" });
    const path = "/v1/workers/{name}";
    for (const query of ["", "?limit=1", "?status=x"])
      await expectDocumented(await get(place, `/v1/workers${query}`), "get", "/v1/workers");
    for (const name of ["w@shop", "w@nowhere"]) {
      await expectDocumented(await get(place, `/v1/workers/${name}`), "get", path);
      for (const { action } of WORKER_ORDERS)
        for (const body of [{}, { queue: "q" }, { task: "t", rate: null }, { min: 1, max: 2 }, "{"])
          await expectDocumented(
            await post(`${url}/v1/workers/${name}:${action}`, body),
            "post",
            `${path}:${action}`,
          );
    }
  });

  it("when queues and dead letters are looked at and dealt with", async () => {
    const place = await openGateway();
    const { app, url } = place;
    await publishRaw(app, "celery.dead", { headers: { task: "t", id: "id-1" } });
    const etag = (await get(place, "/v1/queues/celery")).headers.get("etag") ?? "";
    for (const [path, template] of [
      ["/v1/queues", "/v1/queues"],
      ["/v1/queues/celery", "/v1/queues/{name}"],
      ["/v1/queues/none", "/v1/queues/{name}"],
      ["/v1/dead-letters?limit=1", "/v1/dead-letters"],
      ["/v1/dead-letters?cursor=x", "/v1/dead-letters"],
      ["/v1/dead-letters/celery/none", "/v1/dead-letters/{queue}/{id}"],
      ["/v1/replays/none", "/v1/replays/{id}"],
      ["/v1/asyncapi.json", "/v1/asyncapi.json"],
    ] as const) {
      await expectDocumented(await get(place, path), "get", template);
    }
    for (const verb of ["pause", "resume"]) {
      const answer = await post(`${url}/v1/queues/celery:${verb}`, { workers: ["nobody@here"] });
      await expectDocumented(answer, "post", `/v1/queues/{name}:${verb}`);
    }
    for (const headers of [{}, { "if-match": '"x"' }, { "if-match": etag }]) {
      const answer = await post(`${url}/v1/queues/celery:purge`, "", headers);
      await expectDocumented(answer, "post", "/v1/queues/{name}:purge");
    }
    const listed = (await (await get(place, "/v1/dead-letters")).json()) as {
      dead_letters: { links: { self: string } }[];
    };
    const self = listed.dead_letters[0]?.links.self ?? "";
    await expectDocumented(await get(place, self), "get", "/v1/dead-letters/{queue}/{id}");
    for (let times = 0; times < 2; times += 1) {
      await expectDocumented(
        await post(`${url}${self}:replay`, ""),
        "post",
        "/v1/dead-letters/{queue}/{id}:replay",
      );
      await expectDocumented(
        await fetch(url + self, { method: "DELETE" }),
        "delete",
        "/v1/dead-letters/{queue}/{id}",
      );
      await publishRaw(app, "celery.dead", { headers: { task: "t", id: "id-1" } });
    }
    for (const body of [
      { queue: "celery", rate_per_s: 0.1 },
      { queue: "celery" },
      { queue: "none" },
      {},
      "{",
    ]) {
      const answer = await post(`${url}/v1/replays`, body);
      const at = answer.headers.get("location");
      await expectDocumented(answer, "post", "/v1/replays");
      if (at !== null) await expectDocumented(await get(place, at), "get", "/v1/replays/{id}");
    }
  });

  it("when schedules are changed", async () => {
    const { url } = await openGateway({ schedules: join(await temporaryFolder(), "schedule") });
    const path = "/v1/schedules/{name}";
    const send = (method: string, at: string, body?: object, headers: Record<string, string> = {}) =>
      fetch(`${url}/v1/schedules${at}`, {
        method,
        headers: { "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const bodies = [
      { task: "t", every: 60 },
      { task: "t", cron: "0 4 * * *", timezone: "Europe/Berlin", start_at: "2030-01-01T00:00:00Z" },
      { task: "t", at: "2030-01-01T00:00:00Z" },
      { task: "t" },
      { x: 1 },
    ];
    for (const body of bodies) {
      await expectDocumented(await send("PUT", "/s", body), "put", path);
      await expectDocumented(await send("GET", "/s"), "get", path);
    }
    await expectDocumented(await send("PUT", "/s", bodies[0], { "if-none-match": "*" }), "put", path);
    await expectDocumented(await send("GET", "/none"), "get", path);
    await expectDocumented(await send("GET", ""), "get", "/v1/schedules");
    await expectDocumented(await send("GET", "?limit=0"), "get", "/v1/schedules");
    for (const verb of ["pause", "resume", "trigger"]) {
      await expectDocumented(await send("POST", `/s:${verb}`), "post", `${path}:${verb}`);
      await expectDocumented(await send("POST", `/none:${verb}`), "post", `${path}:${verb}`);
    }
    for (let times = 0; times < 2; times += 1)
      await expectDocumented(await send("DELETE", "/s"), "delete", path);
  });

  it("when callbacks are kept and sent", async () => {
    const place = await openGateway();
    const endpoints = "/v1/webhook-endpoints";
    const deliveries = "/v1/webhook-deliveries";
    const send = (method: string, path: string, body?: object) =>
      fetch(place.url + path, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      });
    const put = [
      { url: "https://192.0.2.1/" },
      { url: "https://e.invalid/", subscribe: {} },
      {},
      { url: "x", y: 1 },
    ];
    for (const body of [...put, { url: "https://e.invalid/", disabled: true, mode: "thin" }]) {
      await expectDocumented(await send("PUT", `${endpoints}/e`, body), "put", `${endpoints}/{name}`);
    }
    for (const name of ["e", "none"]) {
      await expectDocumented(await send("GET", `${endpoints}/${name}`), "get", `${endpoints}/{name}`);
      for (const verb of [":enable", ":disable", ":rotate-secret", ":test"]) {
        await expectDocumented(
          await send("POST", `${endpoints}/${name}${verb}`),
          "post",
          `${endpoints}/{name}${verb}`,
        );
      }
    }
    await expectDocumented(await send("GET", endpoints), "get", endpoints);
    const listed = await send("GET", `${deliveries}?endpoint=e`);
    const { deliveries: found } = (await listed.clone().json()) as { deliveries: readonly { id: string }[] };
    await expectDocumented(listed, "get", deliveries);
    await expectDocumented(await send("GET", `${deliveries}?status=x`), "get", deliveries);
    for (const id of [found[0]?.id, "none"]) {
      await expectDocumented(await send("GET", `${deliveries}/${id}`), "get", `${deliveries}/{id}`);
      await expectDocumented(
        await send("POST", `${deliveries}/${id}:redeliver`),
        "post",
        `${deliveries}/{id}:redeliver`,
      );
    }
    for (const name of ["e", "none"]) {
      await expectDocumented(await send("DELETE", `${endpoints}/${name}`), "delete", `${endpoints}/{name}`);
    }
    const callback = { url: "https://192.0.2.1/" };
    await expectDocumented(await post(`${place.url}/v1/tasks`, { task: "t", callback }), "post", "/v1/tasks");
    await expectDocumented(await send("GET", "/.well-known/jwks.json"), "get", "/.well-known/jwks.json");
  });

  it("when webhooks and events come in", async () => {
    const rules = [{ when: { pointer: "/a", exists: true }, task: "t" }];
    const { url } = await openGateway({ cloudEvents: { rules, unmatched: "refuse" } });
    const path = "/v1/hooks/{hook}";
    const ask = (method: string, at: string, body?: unknown, headers: Record<string, string> = {}) =>
      fetch(`${url}/v1/${at}`, {
        method,
        headers: { "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
    const key = { "x-api-key": "s" };
    const hook = {
      verifier: "api-key",
      secrets: ["s"],
      delivery_id: { $ptr: "/id", required: false },
      rules,
    };
    for (const body of [hook, hook, {}, { ...hook, verifier: "x" }])
      await expectDocumented(await ask("PUT", "hooks/h", body), "put", path);
    for (const body of ['{"a":1,"id":"1"}', '{"a":1,"id":"1"}', "{}", "{"])
      await expectDocumented(await ask("POST", "hooks/h", body, key), "post", path);
    await expectDocumented(await ask("POST", "hooks/h", "{}"), "post", path);
    await expectDocumented(await ask("POST", "hooks/none", "{}"), "post", path);
    await expectDocumented(await ask("POST", "hooks/h:rotate"), "post", `${path}:rotate`);
    for (const name of ["h", "none"]) {
      await expectDocumented(await ask("GET", `hooks/${name}`), "get", path);
      await expectDocumented(await ask("GET", `hooks/${name}/deliveries`), "get", `${path}/deliveries`);
    }
    await expectDocumented(await ask("GET", "hooks"), "get", "/v1/hooks");
    const listed = (await (await ask("GET", "hooks/h/deliveries")).json()) as {
      deliveries: { id: string }[];
    };
    expect(listed.deliveries).toHaveLength(3);
    for (const id of [...listed.deliveries.map((delivery) => delivery.id), "none"]) {
      const one = `hooks/h/deliveries/${id}`;
      await expectDocumented(await ask("GET", one), "get", `${path}/deliveries/{id}`);
      await expectDocumented(await ask("POST", `${one}:replay`), "post", `${path}/deliveries/{id}:replay`);
    }
    for (let times = 0; times < 2; times += 1)
      await expectDocumented(await ask("DELETE", "hooks/h"), "delete", path);

    const event = { specversion: "1.0", id: "1", source: "s", type: "t", a: "x" };
    const [one, many] = ["", "-batch"].map((kind) => ({
      "content-type": `application/cloudevents${kind}+json`,
    }));
    for (const body of [event, event, { ...event, a: null }, {}])
      await expectDocumented(await ask("POST", "events", body, one), "post", "/v1/events");
    for (const body of [[event, { ...event, id: "2" }], [event], [{}]])
      await expectDocumented(await ask("POST", "events", body, many), "post", "/v1/events");
    await expectDocumented(await ask("POST", "events", "{}"), "post", "/v1/events");
    await expectDocumented(await ask("OPTIONS", "events"), "options", "/v1/events");
  });

  it("when tasks are read", async () => {
    const place = await openGateway();
    const { app, url } = place;
    const { id: pending } = (await (await post(`${url}/v1/tasks`, { task: "t", delay: 60 })).json()) as {
      id: string;
    };
    await storeState(app, "ok", "SUCCESS", { any: ["thing", 2] });
    await storeState(app, "failed", "FAILURE", exception("KeyError", "x"));
    await storeState(app, "revoked", "REVOKED", exception("TaskRevokedError", "expired"));
    await storeState(app, "busy", "PROGRESS", 5);
    await storeState(app, "nan", "SUCCESS", Number.NaN);
    for (const id of [pending, "ok", "failed", "revoked", "busy", "nan", "unknown", "a%20b"]) {
      await expectDocumented(await get(place, `/v1/tasks/${id}`), "get", "/v1/tasks/{id}");
      await expectDocumented(await get(place, `/v1/tasks/${id}/result`), "get", "/v1/tasks/{id}/result");
    }
    const known = { "if-none-match": String((await get(place, "/v1/tasks/ok")).headers.get("etag")) };
    await expectDocumented(await get(place, "/v1/tasks/ok", known), "get", "/v1/tasks/{id}");
    await expectDocumented(await get(place, "/v1/tasks?limit=1"), "get", "/v1/tasks");
    await expectDocumented(await get(place, "/v1/tasks?limit=0"), "get", "/v1/tasks");
    for (const path of ["/v1/catalog", "/healthz", "/readyz", "/v1/openapi.json"]) {
      await expectDocumented(await get(place, path), "get", path);
    }
  });
});

describe("problem types", () => {
  it.each(Object.keys(PROBLEMS))("%s has a page", async (name) => {
    const { url } = await openGateway();
    const page = await fetch(`${url}/problems/${name}`);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await page.text()).toContain(PROBLEMS[name as keyof typeof PROBLEMS].title);
  });
});
