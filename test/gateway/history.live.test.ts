/** Histories of what a Python worker does, told by two gateways on one Redis, and by one that is started anew. */
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type App, createApp } from "../../app/index.ts";
import { createGateway, type Gateway, type GatewayOptions } from "../../gateway/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { type PythonWorker, pythonVersions, startPythonWorker } from "../helpers/python.ts";
import { redisUrl, serviceMissing, sqliteFile } from "../helpers/services.ts";
import { post, read } from "./place.ts";

const PATIENCE = { timeout: 40_000, interval: 100 };
const isMissing = !process.env["CI"] && (!pythonVersions().includes("latest") || serviceMissing("redis"));

interface Line {
  readonly type: string;
  readonly [name: string]: unknown;
}

describe.skipIf(isMissing)("the history of a Python worker's tasks", () => {
  let python: PythonWorker;
  let urls: readonly string[];
  let app: App;
  let openApp: () => App;

  async function open(options: Partial<GatewayOptions>): Promise<{ gateway: Gateway; url: string }> {
    const gateway = createGateway({ app: openApp(), history: {}, ...options });
    cleanUp(() => gateway.close());
    return { gateway, url: (await gateway.listen({ port: 0 })).url };
  }

  beforeAll(async () => {
    const [broker, backend, stateUrl] = await Promise.all([redisUrl(), redisUrl(), redisUrl()]);
    openApp = () => {
      const own = createApp({
        env: {},
        brokerUrl: broker,
        resultBackend: backend,
        onWarning: () => undefined,
      });
      cleanUp(() => own.close());
      return own;
    };
    app = openApp();
    urls = [(await open({ stateUrl })).url, (await open({ stateUrl })).url];
    // It sends no events of tasks until the gateways ask it to.
    python = await startPythonWorker({ version: "latest", broker, backend });
    await untilHeard(urls[1]);
  });

  /** Until the worker's events come, which nothing waits for: resolves with a task whose end was told. */
  async function untilHeard(url: string | undefined): Promise<string> {
    return vi.waitFor(async () => {
      const { body } = await read(post(`${url}/v1/tasks`, { task: "py.echo" }));
      const id = String(body["id"]);
      await vi.waitFor(async () => expect(await typesOf(id, url)).toContain("succeeded"), { timeout: 4000 });
      return id;
    }, PATIENCE);
  }

  async function submit(task: object, at = 0): Promise<string> {
    const answer = await read(post(`${urls[at]}/v1/tasks`, task, { prefer: "wait=5" }));
    return String(answer.body["id"]);
  }

  async function linesOf(id: string, url = urls[1]): Promise<readonly Line[]> {
    const { body } = await read(fetch(`${url}/v1/tasks/${id}/history`));
    return (body["events"] ?? []) as readonly Line[];
  }

  const typesOf = async (id: string, url?: string): Promise<readonly string[]> =>
    (await linesOf(id, url)).map(({ type }) => type);

  test("has its retries", async () => {
    const id = await submit({ task: "py.retry", args: [2] });
    const run = ["received", "started"];
    const types = ["accepted", "published", ...run, ...run, ...run, "retried", "retried", "succeeded"];
    await expect.poll(async () => [...(await typesOf(id))].sort(), PATIENCE).toEqual(types.sort());
    const retried = (await linesOf(id)).find(({ type }) => type === "retried");
    expect(retried).toMatchObject({ worker: python.name, state: "RETRY" });
    const received = (await linesOf(id)).filter(({ type }) => type === "received");
    expect(received.map(({ retries }) => retries)).toEqual([0, 1, 2]);
  });

  test("has its failures", async () => {
    const id = await submit({ task: "examples.fail", args: ["no such customer"] });
    await expect
      .poll(async () => (await linesOf(id)).at(-1), PATIENCE)
      .toMatchObject({ type: "failed", state: "FAILURE", exception: "ValueError('no such customer')" });
  });

  test("has what was revoked, and who did it", async () => {
    const { body } = await read(post(`${urls[0]}/v1/tasks`, { task: "py.sleep", args: [60] }));
    const id = String(body["id"]);
    await expect.poll(() => typesOf(id), PATIENCE).toContain("started");
    await read(post(`${urls[0]}/v1/tasks/${id}:revoke`, { terminate: true }));
    const ends = async (): Promise<readonly unknown[]> =>
      (await linesOf(id)).filter(({ type }) => type === "revoked").map(({ worker }) => worker);
    await expect.poll(ends, PATIENCE).toEqual(expect.arrayContaining([undefined, python.name]));
    const { body: task } = await read(fetch(`${urls[1]}/v1/tasks?state=REVOKED`));
    expect(task["tasks"]).toMatchObject([{ id, terminal: true }]);
  });

  test("is counted and listed once, however many gateways hear it", async () => {
    const count = 40;
    const sent: string[] = [];
    for (let at = 0; at < count / 2; at += 1) {
      sent.push((await app.send("examples.add", { args: [at, 1] })).id);
      const { body } = await read(post(`${urls[at % 2]}/v1/tasks`, { task: "examples.add", args: [at, 1] }));
      sent.push(String(body["id"]));
    }
    for (const url of urls) {
      await expect
        .poll(async () => {
          const { body } = await read(fetch(`${url}/v1/stats`));
          const tasks = body["tasks"] as Record<string, unknown>[];
          return tasks.find(({ task }) => task === "examples.add");
        }, PATIENCE)
        .toMatchObject({ succeeded: count, failed: 0, p95: expect.any(Number) });
      const { body } = await read(fetch(`${url}/v1/tasks?q=examples.ADD&limit=500`));
      const tasks = body["tasks"] as { id: string; origin: string; state: string }[];
      expect(tasks.map(({ id }) => id).sort()).toEqual([...sent].sort());
      expect(tasks.filter(({ origin }) => origin === "observed")).toHaveLength(count / 2);
      expect(new Set(tasks.map(({ state }) => state))).toEqual(new Set(["SUCCESS"]));
      for (const id of sent.slice(0, 6)) {
        const types = await typesOf(id, url);
        expect(types.slice(-3)).toEqual(["received", "started", "succeeded"]);
        expect(new Set(types).size).toBe(types.length);
      }
    }
  });

  test("is told by a gateway on SQLite that was started anew", async () => {
    const stateUrl = `sqlite:///${await sqliteFile()}`;
    const first = await open({ stateUrl });
    const id = await untilHeard(first.url);
    const told = await linesOf(id, first.url);
    await first.gateway.close();
    const second = await open({ stateUrl });
    expect(await linesOf(id, second.url)).toEqual(told);
  });
});
