import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { Ajv, type AnySchema, type ValidateFunction } from "ajv";
import { beforeAll, describe, expect, it } from "vitest";
import { chain, group } from "../../canvas/index.ts";
import { signature } from "../../protocol/index.ts";
import { takeMessages } from "../helpers/worker.ts";
import { openGateway, post, storeState } from "./place.ts";

interface Document {
  readonly asyncapi: string;
  readonly channels: Readonly<Record<string, { readonly address: string | null }>>;
  readonly operations: Readonly<Record<string, object>>;
  readonly components: { readonly schemas: Readonly<Record<string, AnySchema>> };
}

let isAsyncApi: ValidateFunction;
beforeAll(async () => {
  const path = createRequire(import.meta.url).resolve("@asyncapi/specs/schemas/3.0.0.json");
  // It brings the schema of its schemas along.
  const ajv = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false });
  isAsyncApi = ajv.compile(JSON.parse(await readFile(path, "utf8")) as AnySchema);
});

async function documentOf(url: string): Promise<Document> {
  return (await (await fetch(`${url}/v1/asyncapi.json`)).json()) as Document;
}

describe("the AsyncAPI document", () => {
  it("is valid AsyncAPI 3.0, with a channel for each queue", async () => {
    const { url } = await openGateway({
      settings: {
        taskQueues: {
          celery: {},
          "mail.out": { exchange: "mail", exchangeType: "topic", routingKey: "mail.#" },
        },
      },
      queues: ["a-b:c"],
    });
    const document = await documentOf(url);
    expect(isAsyncApi(document), JSON.stringify(isAsyncApi.errors)).toBe(true);
    const addresses = Object.values(document.channels).map(({ address }) => address);
    expect(addresses).toEqual(["a-b:c", "celery", "mail.out", null]);
    expect(Object.keys(document.operations)).toEqual([
      "send_a-b_3ac",
      "receive_a-b_3ac",
      "send_celery",
      "receive_celery",
      "send_mail_2eout",
      "receive_mail_2eout",
    ]);
    // A schema that takes anything would prove nothing.
    expect(isAsyncApi({ ...document, channels: { x: { adress: "celery" } } })).toBe(false);
  });

  it("describes what the gateway really sends, and what results really are", async () => {
    const { app, url } = await openGateway();
    const { components } = await documentOf(url);
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const check = (name: string, value: unknown): void => {
      const validate = ajv.compile({ $ref: `#/components/schemas/${name}`, components });
      expect(validate(value), `${name}: ${JSON.stringify(validate.errors)}`).toBe(true);
    };
    expect(ajv.compile(components.schemas["TaskHeaders"] ?? false)({ id: "x" })).toBe(false);
    await post(`${url}/v1/tasks`, { task: "t", args: [1], eta: "2099-01-01T00:00:00Z", expires: 60 });
    await post(`${url}/v1/workflows`, chain(signature("t"), group([signature("t"), signature("t")])));
    for (const { message } of await takeMessages(app, "celery", 2)) {
      check("TaskHeaders", message?.headers);
      check("TaskPayload", JSON.parse(Buffer.from(message?.body ?? []).toString()));
    }
    await storeState(app, "id-1", "SUCCESS", { any: [1] });
    check("Result", await (await app.backend()).get("id-1"));
  });
});
