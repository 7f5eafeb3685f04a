import { describe, expect, it } from "vitest";
import { holdAfterSeconds } from "../../gateway/held/hold-policy.ts";
import { createMemoryTaskIndex } from "../../gateway/index.ts";
import { createMemoryState } from "../../gateway/state/memory-state.ts";
import { takeMessages, testApp } from "../helpers/worker.ts";
import { openGateway, post, read } from "./place.ts";

const HOLD_ALL = { holdAfterSeconds: 0 };

function patch(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function queued(app: Parameters<typeof takeMessages>[0]): Promise<number> {
  return ((await (await app.connection()).queueSize?.("celery")) ?? 0) as number;
}

describe("held tasks", () => {
  it("stay here until they are due, then go out without a time to wait for", async () => {
    const { app, url } = await openGateway(HOLD_ALL);
    const big = 2n ** 70n;
    const { status, body } = await read(
      post(`${url}/v1/tasks`, `{"task":"t","args":[${big}],"delay":0.5,"expires":3600,"tags":["x"]}`),
    );
    expect([status, body["state"]]).toEqual([202, "SCHEDULED"]);
    const at = `${url}/v1/tasks/${String(body["id"])}`;
    expect((await read(fetch(at))).body).toMatchObject({ state: "SCHEDULED", terminal: false });
    const [delivery] = await takeMessages(app, "celery", 1);
    expect(delivery?.message?.headers).toMatchObject({ id: body["id"], task: "t", eta: null });
    expect(Date.parse(String(delivery?.message?.headers["expires"]))).toBeGreaterThan(Date.now() + 3_500_000);
    expect(String(delivery?.message?.body)).toContain(String(big));
    await expect.poll(async () => (await read(fetch(at))).body["state"]).toBe("PENDING");
  });

  it("get another time, sooner or later", async () => {
    const { app, url } = await openGateway(HOLD_ALL);
    const { body } = await read(post(`${url}/v1/tasks`, { task: "t", delay: "PT1H" }));
    const at = `${url}/v1/tasks/${String(body["id"])}`;
    const later = await read(patch(at, { eta: "2099-01-02T03:04:05Z" }));
    expect([later.status, later.body["eta"]]).toEqual([200, "2099-01-02T03:04:05+00:00"]);
    expect((await read(fetch(at))).body["eta"]).toBe("2099-01-02T03:04:05+00:00");
    expect((await patch(at, { delay: 0 })).status).toBe(200);
    expect(await takeMessages(app, "celery", 1)).toHaveLength(1);
    await expect
      .poll(async () => (await read(patch(at, { delay: 9 }))).body["type"])
      .toBe("/problems/task-not-held");
  });

  it.each([
    [{}, "/problems/invalid-arguments"],
    [{ eta: "2099-01-02T03:04:05Z", delay: 1 }, "/problems/invalid-arguments"],
    [{ eta: "2099-01-02T03:04:05" }, "/problems/bad-eta"],
    [{ delay: "soon" }, "/problems/invalid-arguments"],
    [{ args: [] }, "/problems/reserved-option"],
  ])("the change %j is 422", async (change, type) => {
    const { url } = await openGateway(HOLD_ALL);
    const { body } = await read(post(`${url}/v1/tasks`, { task: "t", delay: 3600 }));
    const answer = await read(patch(`${url}/v1/tasks/${String(body["id"])}`, change));
    expect([answer.status, answer.body["type"]]).toEqual([422, type]);
  });

  it("are known, changed and sent though the index has forgotten them", async () => {
    const { app, url } = await openGateway({
      ...HOLD_ALL,
      taskIndex: createMemoryTaskIndex({ maxEntries: 2 }),
    });
    const request = { task: "t", delay: "PT1H", tags: ["x"] };
    const { body } = await read(post(`${url}/v1/tasks`, request));
    const at = `${url}/v1/tasks/${String(body["id"])}`;
    for (let other = 0; other < 3; other += 1) await post(`${url}/v1/tasks`, request);
    const { body: listed } = await read(fetch(`${url}/v1/tasks`));
    expect(JSON.stringify(listed)).not.toContain(String(body["id"]));
    expect((await read(fetch(at))).body).toMatchObject({ state: "SCHEDULED", task: "t", tags: ["x"] });
    expect((await read(patch(at, { eta: "2099-01-02T03:04:05Z" }))).status).toBe(200);
    expect((await read(fetch(at))).body["eta"]).toBe("2099-01-02T03:04:05+00:00");
    expect((await patch(at, { delay: 0 })).status).toBe(200);
    const [sent] = await takeMessages(app, "celery", 1);
    expect(sent?.message?.headers["id"]).toBe(body["id"]);
    await expect.poll(async () => (await read(fetch(at))).body["state"]).toBe("PENDING");
    const gone = await read(post(`${url}/v1/tasks`, request));
    for (let other = 0; other < 3; other += 1) await post(`${url}/v1/tasks`, request);
    const revoked = await fetch(url + gone.headers.get("location"), { method: "DELETE" });
    expect(revoked.status).toBe(202);
  });

  it("are dropped when they are revoked, and end as REVOKED", async () => {
    const { app, url } = await openGateway(HOLD_ALL);
    const { body } = await read(post(`${url}/v1/tasks`, { task: "t", delay: 1 }));
    const at = `${url}/v1/tasks/${String(body["id"])}`;
    expect((await fetch(at, { method: "DELETE" })).status).toBe(202);
    expect((await read(fetch(at))).body).toMatchObject({ state: "REVOKED", terminal: true });
    expect((await fetch(at, { method: "DELETE" })).status).toBe(202);
    expect((await read(fetch(`${at}/result`))).body["type"]).toBe("/problems/task-revoked");
    await post(`${url}/v1/tasks`, { task: "last", delay: 1.2 });
    expect((await takeMessages(app, "celery", 1))[0]?.message?.headers["task"]).toBe("last");
  });

  it("another gateway of the same store sends them, each once", async () => {
    const state = createMemoryState();
    const app = testApp();
    const open = () => openGateway({ app, stateStore: state, ...HOLD_ALL });
    const [first] = [await open(), await open(), await open()];
    const tasks = Array.from({ length: 50 }, (_, at) => ({ task: "t", args: [at], delay: 0.3 }));
    expect((await post(`${first.url}/v1/tasks:batch`, tasks)).status).toBe(200);
    const sent = await takeMessages(app, "celery", 50);
    expect(new Set(sent.map(({ message }) => message?.headers["id"])).size).toBe(50);
    expect(await queued(app)).toBe(0);
  });

  it("that can never be sent end in FAILURE, for their caller to see", async () => {
    const state = createMemoryState();
    const app = testApp();
    const { url } = await openGateway({ app, stateStore: state, ...HOLD_ALL });
    const { body } = await read(post(`${url}/v1/tasks`, { task: "t", delay: 3600 }));
    const id = String(body["id"]);
    // As when the setting of a queue was changed meanwhile.
    const value = JSON.stringify({ task: "t", options: { taskId: id, serializer: "no-such" } });
    await state.agenda.put("held", { id, dueAtMs: Date.now(), value });
    await expect
      .poll(async () => (await read(fetch(`${url}/v1/tasks/${id}`))).body)
      .toMatchObject({ state: "FAILURE", error: { type: "ConfigurationError" } });
    expect(await state.agenda.get("held", id)).toBeUndefined();
  });

  it.each([
    ["redis://h/0", {}, 1800],
    ["rediss://h/0", { visibility_timeout: 600 }, 300],
    ["sentinel://h/0", { visibilityTimeout: 60 }, 30],
    ["amqp://h//", {}, 900],
    ["sqs://", {}, 900],
    ["sqla+sqlite:///x.db", {}, Number.POSITIVE_INFINITY],
    ["memory://", {}, Number.POSITIVE_INFINITY],
  ])("on %s %j a task is held beyond %d s", (brokerUrl, brokerTransportOptions, seconds) => {
    const { settings } = testApp();
    expect(holdAfterSeconds({ ...settings, brokerUrl, brokerTransportOptions })).toBe(seconds);
  });
});

describe("revoking", () => {
  it.each(["DELETE", "POST"])("%s tells the workers, twice is fine", async (method) => {
    const told: unknown[] = [];
    const { url } = await openGateway({ revoke: async (ids, how) => void told.push([ids, how]) });
    const { body } = await read(post(`${url}/v1/tasks`, { task: "t" }));
    const id = String(body["id"]);
    const at = `${url}/v1/tasks/${id}${method === "POST" ? ":revoke" : ""}`;
    for (let times = 0; times < 2; times += 1) {
      const answer = await read(fetch(at, { method }));
      expect(answer.status).toBe(202);
      expect(answer.body).toMatchObject({ id, state: "PENDING" });
    }
    expect(told).toEqual([
      [[id], {}],
      [[id], {}],
    ]);
  });

  it("takes terminate and a signal, and no other words", async () => {
    const told: unknown[] = [];
    const { url } = await openGateway({ revoke: async (ids, how) => void told.push([ids, how]) });
    const { body } = await read(post(`${url}/v1/tasks`, { task: "t" }));
    const at = `${url}/v1/tasks/${String(body["id"])}:revoke`;
    expect((await post(at, { terminate: true, signal: "SIGKILL" })).status).toBe(202);
    expect(told).toEqual([[[body["id"]], { terminate: true, signal: "SIGKILL" }]]);
    expect((await post(at, { signal: "SIGSTOP" })).status).toBe(422);
    expect((await post(at, { all: true })).status).toBe(422);
  });

  it("is 404 for an id that is not known, and 409 for a task that has ended", async () => {
    const { app, url } = await openGateway({ revoke: async () => undefined });
    expect((await fetch(`${url}/v1/tasks/none`, { method: "DELETE" })).status).toBe(404);
    const { storeState } = await import("./place.ts");
    await storeState(app, "done", "SUCCESS", 1);
    const { status, body } = await read(fetch(`${url}/v1/tasks/done`, { method: "DELETE" }));
    expect([status, body["type"]]).toEqual([409, "/problems/task-terminal"]);
  });
});
