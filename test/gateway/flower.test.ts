/** Flower's API without servers: what is refused, what the gateway knows without workers, and searching. */
import { randomUUID } from "node:crypto";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ClusterState } from "../../app/index.ts";
import { parseQuery, QuerySyntaxError } from "../../gateway/flower/search-query.ts";
import { searchTasks, type TaskSearch } from "../../gateway/flower/task-search.ts";
import { createWorker } from "../../worker/index.ts";
import { sqliteFile } from "../helpers/services.ts";
import { takeMessages, testApp, testWorker } from "../helpers/worker.ts";
import { openGateway, post, read, storeState } from "./place.ts";

const ADD = "/api/task/async-apply/shop.add";

describe("starting tasks", () => {
  it("publishes what was asked for, whatever the type of the body is called", async () => {
    const { app, url } = await openGateway();
    const types = [undefined, "text/plain", "application/x-www-form-urlencoded", "application/json"];
    for (const type of types) {
      const answer = await fetch(url + ADD, {
        method: "POST",
        body: Buffer.from('{"args": [1180591620717411303424], "kwargs": {"y": 3}, "priority": 3}'),
        headers: type === undefined ? {} : { "content-type": type },
      });
      const { status, body } = await read(answer);
      expect({ status, body }).toEqual({
        status: 200,
        body: { "task-id": expect.any(String), state: "PENDING" },
      });
      expect((await fetch(`${url}/v1/tasks/${String(body["task-id"])}`)).status).toBe(200);
    }
    const messages = await takeMessages(app, "celery", types.length);
    for (const { message } of messages) {
      expect(Buffer.from(message?.body ?? "").toString()).toMatch(/^\[\[1180591620717411303424\],\{"y":3\}/);
      expect(message?.headers).toMatchObject({ task: "shop.add" });
      expect(message?.properties.priority).toBe(3);
    }
  });

  it.each([
    ["headers", { task: "shop.drop" }],
    ["serializer", "pickle"],
    ["task_id", "mine"],
    ["link", []],
    ["routing_key", "x"],
    ["timeout", 1],
  ])("refuses the option %s by name", async (name, value) => {
    const { url } = await openGateway();
    const { status, body } = await read(post(url + ADD, { args: [], [name]: value }));
    expect(status).toBe(422);
    expect(body).toMatchObject({ type: "/problems/reserved-option", errors: [{ pointer: `/${name}` }] });
  });

  it.each([
    { countdown: -1 },
    { countdown: true },
    { eta: "2030-01-01T00:00:00" },
    { eta: "2030-02-31 00:00:00.0" },
    { expires: {} },
    { priority: 10 },
    { queue: "a*" },
    { ignore_result: "yes" },
    { kwargs: [] },
  ])("refuses %j as Flower does", async (options) => {
    const { url } = await openGateway();
    const answer = await post(url + ADD, options);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toContain("text/plain");
  });

  it("reads times without an offset in the app's time zone", async () => {
    const { app, url } = await openGateway({ settings: { timezone: "Europe/Berlin" } });
    await post(url + ADD, { eta: "2020-07-01 12:00:00.5", expires: "2099-01-01 00:00:00.000001" });
    const [taken] = await takeMessages(app, "celery", 1);
    const { eta, expires } = taken?.message?.headers ?? {};
    expect([eta, expires].map((time) => new Date(String(time)).toISOString())).toEqual([
      "2020-07-01T10:00:00.500Z",
      "2098-12-31T23:00:00.000Z",
    ]);
  });

  it("gives no state when no results are kept, and cannot wait then", async () => {
    const { url } = await openGateway({ settings: { resultBackend: null } });
    expect((await read(post(url + ADD, {}))).body).toEqual({ "task-id": expect.any(String) });
    for (const asked of [
      post(`${url}/api/task/apply/shop.add`, {}),
      fetch(`${url}/api/task/result/some`),
      post(`${url}/api/task/abort/some`, {}),
    ])
      expect((await asked).status).toBe(503);
  });

  it("knows the tasks of workers, and takes any name while there are none", async () => {
    const broker = `memory://${randomUUID()}`;
    const { url } = await openGateway({ settings: { brokerUrl: broker } });
    expect((await post(url + ADD, {})).status).toBe(200);
    const app = testApp({ brokerUrl: broker });
    app.task("shop.other", () => null);
    await testWorker(app, { pool: "async" });
    await vi.waitFor(async () => {
      const unknown = await post(url + ADD, {});
      expect([unknown.status, await unknown.text()]).toEqual([404, "Unknown task 'shop.add'"]);
    }, 20_000);
    expect((await post(`${url}/api/task/async-apply/shop.other`, {})).status).toBe(200);
    expect((await post(`${url}/api/task/send-task/shop.add`, {})).status).toBe(200);
  });

  it("refuses what a page of another site makes a browser send", async () => {
    const { url } = await openGateway();
    const from = (headers: Record<string, string>): Promise<Response> =>
      fetch(url + ADD, { method: "POST", body: "{}", headers });
    expect((await from({ "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await from({ origin: "http://shop.example" })).status).toBe(403);
    expect((await from({ origin: url })).status).toBe(200);
  });
});

describe("results", () => {
  it("waits for one, and says how it ended", async () => {
    const { app, url } = await openGateway();
    const waiting = read(fetch(`${url}/api/task/result/some?timeout=30`));
    await storeState(app, "some", "SUCCESS", [1, Number.NaN]);
    expect((await waiting).body).toEqual({ "task-id": "some", state: "SUCCESS", result: [1, "NaN"] });
  });

  it("shows tracebacks to those only who may see them", async () => {
    const { app, url } = await openGateway();
    const exception = { exc_type: "KeyError", exc_message: ["a", 1], exc_module: "builtins" };
    await storeState(app, "bad", "FAILURE", exception, "File shop.py");
    const { body } = await read(fetch(`${url}/api/task/result/bad`));
    expect(body).toEqual({ "task-id": "bad", state: "FAILURE", result: "KeyError('a', 1)", traceback: null });
  });

  it("aborts what has not ended", async () => {
    const { app, url } = await openGateway();
    await storeState(app, "good", "SUCCESS", 5);
    for (const id of ["good", "other"]) await post(`${url}/api/task/abort/${id}`, {});
    const state = async (id: string): Promise<unknown> =>
      (await read(fetch(`${url}/api/task/result/${id}`))).body["state"];
    expect([await state("good"), await state("other")]).toEqual(["SUCCESS", "ABORTED"]);
  });
});

it("is not there when it is switched off", async () => {
  const { url } = await openGateway({ flowerApi: false });
  expect((await post(url + ADD, {})).status).toBe(404);
  expect((await fetch(`${url}/api/workers`)).status).toBe(404);
});

it("tells of brokers without remote control, and still counts their queues", async () => {
  const { url } = await openGateway({ settings: { brokerUrl: `sqla+sqlite:///${await sqliteFile()}` } });
  expect((await post(url + ADD, {})).status).toBe(200);
  expect((await read(fetch(`${url}/api/queues/length`))).body).toEqual({
    active_queues: [{ name: "celery", messages: 1 }],
  });
  for (const path of ["/api/workers", "/api/tasks", "/api/task/types"])
    expect((await fetch(url + path)).status).toBe(501);
  expect((await post(`${url}/api/task/revoke/some`, {})).status).toBe(501);
});

it("revokes in the workers", async () => {
  const broker = `memory://${randomUUID()}`;
  const app = testApp({ brokerUrl: broker });
  const worker = createWorker({ app, pool: "async", hostname: "w@shop" });
  onTestFinished(() => worker.stop());
  await worker.start();
  const { url } = await openGateway({ settings: { brokerUrl: broker } });
  const { body } = await read(post(`${url}/api/task/revoke/some?terminate=yes&signal=kill`, {}));
  expect(body).toEqual({ message: "Revoked 'some'" });
  await vi.waitFor(() => expect(worker.revoked.ids()).toEqual(["some"]), 20_000);
});

describe("searching", () => {
  it.each([
    ["ab", "Substring search terms must contain at least 3 characters at position 0."],
    ["abc OR", "OR must be followed by a search term at position 4."],
    ["(abc", "Missing closing parenthesis at position 0."],
    ["abc )", "Unexpected ')' at position 4."],
    ['"abc', "Unterminated quoted phrase at position 0."],
    ["NOT abc", "NOT is not supported at position 0."],
    ["-abc", "Negation with '-' is not supported at position 0."],
    ["state:", "Search qualifier requires a value at position 0."],
    ["()", "Empty group at position 0."],
    ["((((((abc))))))", "Query nesting exceeds 5 levels at position 5."],
  ])("refuses %s", (query, message) => {
    const parse = (): unknown => parseQuery(query);
    expect(parse).toThrow(QuerySyntaxError);
    expect(parse).toThrow(message);
  });

  it("refuses what is too long", () => {
    expect(() => parseQuery("abc ".repeat(200))).toThrow("Query exceeds 128 tokens.");
    expect(() => parseQuery("a".repeat(3000))).toThrow("Query exceeds 2048 characters.");
  });

  const state = new ClusterState();
  const facts = { hostname: "w@shop", clock: 1, local_received: 1 };
  const tell = (uuid: string, type: string, timestamp: number, more: object = {}): void =>
    state.event({ ...facts, uuid, type, timestamp, ...more });
  tell("a", "task-received", 10, { name: "shop.Add", args: "(1,)", kwargs: "{'size': 'big', 'n': 3}" });
  tell("b", "task-received", 20, { name: "shop.drop", args: "(2,)", kwargs: "{}" });
  tell("b", "task-failed", 25, { exception: "ValueError('no')" });
  tell("c", "task-started", 15);
  const ALL: TaskSearch = {
    type: undefined,
    worker: undefined,
    state: undefined,
    receivedStart: undefined,
    receivedEnd: undefined,
    query: { kind: "all" },
    sort: undefined,
    offset: 0,
    limit: undefined,
  };
  const found = (search: Partial<TaskSearch>): readonly string[] =>
    searchTasks(state.tasks.values(), { ...ALL, ...search }).map(({ uuid }) => uuid);

  it.each([
    ["shop.", ["b", "a"]],
    ["name:add", ["a"]],
    ["SHOP state:failure", ["b"]],
    ["name:add OR state:STARTED", ["c", "a"]],
    ["kwargs:size=big", ["a"]],
    ["kwargs:n=3 (name:drop OR name:add)", ["a"]],
    ["kwargs:n=30", []],
    ['"w@shop"', ["b", "c", "a"]],
  ])("finds %s", (query, ids) => {
    expect(found({ query: parseQuery(query) })).toEqual(ids);
  });

  it("sorts, filters and pages", () => {
    expect(found({ sort: { key: "name", descending: false } })).toEqual(["c", "a", "b"]);
    expect(found({ sort: { key: "received", descending: true } })).toEqual(["b", "a", "c"]);
    expect(found({ receivedStart: 15 })).toEqual(["b", "c"]);
    expect(found({ receivedEnd: 15 })).toEqual(["c", "a"]);
    expect(found({ type: "SHOP.ADD", worker: "w@shop", state: "received" })).toEqual(["a"]);
    expect(found({ offset: 1, limit: 1 })).toEqual(["c"]);
    expect(found({ limit: -1 })).toEqual([]);
  });
});
