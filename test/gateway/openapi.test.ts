import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020, type AnySchema } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import { chain, group } from "../../canvas/index.ts";
import { openapiOf } from "../../gateway/openapi.ts";
import { PROBLEMS } from "../../gateway/problems.ts";
import { ROUTES } from "../../gateway/routes/index.ts";
import { signature } from "../../protocol/index.ts";
import { temporaryFolder } from "../helpers/services.ts";
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
