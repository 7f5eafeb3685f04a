import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020, type AnySchema } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import { openapiOf } from "../../gateway/openapi.ts";
import { PROBLEMS } from "../../gateway/problems.ts";
import { ROUTES } from "../../gateway/routes/index.ts";
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
