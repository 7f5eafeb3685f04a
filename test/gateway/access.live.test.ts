/** Two gateways that share nothing but their state: credentials, limits and used signatures count at both. */
import { describe, expect, it, onTestFinished } from "vitest";
import { createGateway, type Gateway, type Policy } from "../../gateway/index.ts";
import { parseWebhookSecret, signHttp } from "../../signing/index.ts";
import { postgresUrl, redisUrl, sqliteFile } from "../helpers/services.ts";
import { testApp } from "../helpers/worker.ts";
import { posted } from "./access-place.ts";

const STATES = {
  SQLite: async () => `sqlite:///${await sqliteFile()}`,
  PostgreSQL: postgresUrl,
  Redis: redisUrl,
} as const;

interface Side {
  readonly gateway: Gateway;
  readonly url: string;
  readonly as: (key: string, init?: RequestInit) => Promise<Response>;
}

async function openTwo(place: keyof typeof STATES): Promise<readonly [Side, Side]> {
  const stateUrl = await STATES[place]();
  const open = async (): Promise<Side> => {
    const access = { publicUrl: "https://tasks.example" };
    const gateway = createGateway({ app: testApp(), stateUrl, access });
    onTestFinished(() => gateway.close());
    const { url } = await gateway.listen({ port: 0 });
    const as = (key: string, init: RequestInit = {}): Promise<Response> =>
      fetch(`${url}/v1/tasks`, { ...init, headers: { ...init.headers, authorization: `Bearer ${key}` } });
    return { gateway, url, as };
  };
  return [await open(), await open()];
}

async function makeKey({ gateway }: Side, policy: Policy = {}): Promise<string> {
  return (await gateway.apiKeys?.create({ name: "live", policy }))?.key ?? "";
}

describe.each(Object.keys(STATES) as (keyof typeof STATES)[])("with the state in %s", (place) => {
  it("a key counts at both, and ends at both within seconds of its end at one", async () => {
    const [here, there] = await openTwo(place);
    const key = await makeKey(here);
    expect((await there.as(key)).status).toBe(200);
    expect((await here.as(key)).status).toBe(200);
    await here.gateway.apiKeys?.revoke(key.split("_")[1] ?? "");
    expect((await here.as(key)).status).toBe(401);
    await expect.poll(async () => (await there.as(key)).status, { timeout: 5000, interval: 100 }).toBe(401);
  });

  it("a quota is one for both", async () => {
    const [here, there] = await openTwo(place);
    const key = await makeKey(here, { quotas: { submit: { quota: 12, window: 600 } } });
    const init = posted({ task: "t" });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? here : there).as(key, init)),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(12);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(8);
  });

  it("a signed request counts once for both", async () => {
    const [here, there] = await openTwo(place);
    const made = await here.gateway.apiKeys?.create({ name: "signer", proof: "hmac" });
    const key = { keyid: made?.record.id ?? "", key: parseWebhookSecret(made?.secret ?? "") };
    const body = '{"task":"t"}';
    const headers = { "content-type": "application/json", "webhook-id": "1", "webhook-timestamp": "1" };
    const url = "https://tasks.example/v1/tasks";
    const added = signHttp({ method: "POST", url, headers, body: Buffer.from(body) }, { key });
    const init = { method: "POST", headers: { ...headers, ...added }, body };
    const answers = await Promise.all([here, there].map((side) => fetch(`${side.url}/v1/tasks`, init)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 401]);
  });
});
