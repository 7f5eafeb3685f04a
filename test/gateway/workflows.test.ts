/** Workflows over HTTP with a TypeScript worker on a memory broker. */
import { describe, expect, it } from "vitest";
import type { App } from "../../app/index.ts";
import { chain, chord, group } from "../../canvas/index.ts";
import { signature } from "../../protocol/index.ts";
import { amqpUrl, sqliteFile, startRedis } from "../helpers/services.ts";
import { takeMessages, testApp, testWorker } from "../helpers/worker.ts";
import { type Answer, exception, openGateway, post, read, storeState } from "./place.ts";

const WAIT = { prefer: "wait=20" };
const add = (...args: readonly number[]): object => ({ task: "add", args });

/** An app with a worker. */
async function workingApp(): Promise<App> {
  const app = testApp();
  app.task("add", (x: number, y: number) => x + y);
  app.task("sum", (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0));
  app.task("fail", (message: string) => {
    throw new RangeError(message);
  });
  await testWorker(app);
  return app;
}

/** Sends a canvas to a working gateway and waits for its end. */
async function run(canvas: unknown): Promise<Answer> {
  const { url } = await openGateway({ app: await workingApp() });
  return read(post(`${url}/v1/workflows`, canvas, WAIT));
}

describe("POST /v1/workflows", () => {
  it("answers 202 with the ids of all results, and where to ask", async () => {
    const { url, app } = await openGateway();
    const canvas = { chord: { header: [add(1, 2), { chain: [add(3, 4), add(5)] }], body: { task: "sum" } } };
    const { status, headers, body } = await read(post(`${url}/v1/workflows`, canvas));
    expect(status).toBe(202);
    const results = body["results"] as { id: string; kind: string; task?: string; after?: string }[];
    expect(results.map(({ task, kind }) => task ?? kind)).toEqual(["add", "add", "add", "group", "sum"]);
    const [first, second, third, header, last] = results.map(({ id }) => id);
    expect(results[2]).toEqual({ id: third, kind: "task", task: "add", after: second });
    expect(results[3]).toEqual({ id: header, kind: "group", members: [first, third] });
    expect(results[4]).toEqual({ id: last, kind: "task", task: "sum", after: header });
    expect(body).toMatchObject({ id: last, root_id: header, state: "PENDING" });
    expect(headers.get("location")).toBe(`/v1/workflows/${last}`);
    const messages = await takeMessages(app, "celery", 2);
    expect(messages.map(({ message }) => message?.headers["id"]).sort()).toEqual([first, second].sort());
  });

  it.each([
    ["a task", add(2, 3), 5],
    ["a chain", { chain: [add(2, 3), add(10), add(100)] }, 115],
    ["a group", { group: [add(1, 1), add(2, 2), add(3, 3)] }, [2, 4, 6]],
    ["a chord", { chord: { header: [add(1, 1), add(2, 2)], body: { task: "sum" } } }, 6],
    ["a chain with a group", { chain: [{ group: [add(1, 1), add(2, 2)] }, { task: "sum" }, add(4)] }, 10],
    ["an immutable step", { chain: [add(2, 3), { ...add(1, 1), immutable: true }] }, 2],
    ["keyword arguments", { task: "add", kwargs: { x: 20, y: 3 } }, 23],
    ["Celery's chain", chain(signature("add", [1, 2]), signature("add", [3])), 6],
    ["Celery's group", group([signature("add", [1, 2]), signature("add", [3, 4])]), [3, 7]],
    ["Celery's chord", chord([signature("add", [1, 2])], signature("sum")), 3],
  ])("runs %s", async (_name, canvas, result) => {
    const { status, body } = await run(canvas);
    expect(body).toMatchObject({ state: "SUCCESS", terminal: true, result });
    expect(status).toBe(200);
  });

  it("says which task failed", async () => {
    const { status, body } = await run({
      chain: [add(2, 3), { task: "fail", args: ["x"], immutable: true }, add(1)],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: "FAILURE", terminal: true, error: { type: "RangeError" } });
    expect(body["failed_task"]).toEqual(expect.any(String));
    expect(body["counts"]).toMatchObject({ SUCCESS: 1, FAILURE: expect.any(Number) });
  });

  it("has nothing to say of one that goes on", async () => {
    const { url } = await openGateway();
    const { status, headers } = await read(post(`${url}/v1/workflows`, add(1, 2), { prefer: "wait=0" }));
    expect([status, headers.get("preference-applied")]).toEqual([202, "wait=0"]);
  });

  it.each([
    [
      { chain: [{ task: "a" }, { group: [{ task: "b", args: 5 }] }] },
      "/chain/1/group/0/args",
      "invalid-arguments",
    ],
    [{ chain: [{ task: "a b" }] }, "/chain/0/task", "bad-task-name"],
    [{ group: [{ task: "celery.backend_cleanup" }] }, "/group/0/task", "reserved-task"],
    [{ chord: { header: [{ task: "a" }], body: { task: "celery.x" } } }, "/chord/body/task", "reserved-task"],
    [{ map: { task: "celery.x", it: [1] } }, "/map/task", "reserved-task"],
    [{ chunks: { task: { task: "celery.x" }, it: [[1]], n: 1 } }, "/chunks/task/task", "reserved-task"],
    [{ task: "a", link: { task: "celery.x" } }, "/link/task", "reserved-task"],
    [
      { task: "a", link_error: [{ chain: [{ task: "celery.x" }] }] },
      "/link_error/0/chain/0/task",
      "reserved-task",
    ],
    [{ task: "a", options: { link: [{ task: "celery.x" }] } }, "/options/link/0/task", "reserved-task"],
    [{ task: "a", options: { headers: {} } }, "/options/headers", "reserved-option"],
    [{ task: "a", options: { task_id: "x" } }, "/options/task_id", "reserved-option"],
    [{ task: "a", options: { serializer: "pickle" } }, "/options/serializer", "reserved-option"],
    [{ task: "a", options: { chord: { task: "b" } } }, "/options/chord", "reserved-option"],
    [{ task: "a", options: { queue: "a b" } }, "/options/queue", "invalid-arguments"],
    [{ chain: [{ task: "a", options: { eta: "tomorrow" } }] }, "/chain/0/options/eta", "bad-eta"],
    [{ task: "a", options: { priority: 10 } }, "/options/priority", "invalid-arguments"],
    [{ task: "a", options: { delay: "soon" } }, "/options/delay", "invalid-arguments"],
    [{ task: "a", extra: 1 }, "/extra", "reserved-option"],
    [{ chain: [{ task: "a" }], args: [1] }, "/args", "reserved-option"],
    [{ task: "a", chain: [] }, "", "invalid-arguments"],
    [[], "", "invalid-arguments"],
    [{ chain: [] }, "/chain", "invalid-arguments"],
    [{ group: {} }, "/group", "invalid-arguments"],
    [{ group: [{ task: "a" }], link: { task: "b" } }, "/link", "invalid-arguments"],
    [{ chord: { header: [{ task: "a" }] } }, "/chord", "invalid-arguments"],
    [
      { group: [{ chain: [{ task: "a" }] }], options: { queue: "q x" } },
      "/options/queue",
      "invalid-arguments",
    ],
    [{ chord: { header: { task: "a" }, body: { task: "b" } } }, "/chord/header", "invalid-arguments"],
    [{ starmap: { task: "a", it: [[1], 2] } }, "/starmap/it/1", "invalid-arguments"],
    [{ chunks: { task: "a", it: [[1]], n: 0 } }, "/chunks/n", "invalid-arguments"],
    [{ map: { task: { task: "a", args: [1] }, it: [1] } }, "/map/task", "invalid-arguments"],
    [{ task: "a", args: [{ __type__: "datetime", __value__: "x" }] }, "/args/0", "reserved-envelope"],
    [{ map: { task: "a", it: [{ __type__: "bytes", __value__: "x" }] } }, "/map/it/0", "reserved-envelope"],
    [{ ...signature("celery.chain"), subtask_type: "group" }, "/subtask_type", "invalid-arguments"],
    [{ ...signature("evil"), subtask_type: "chain" }, "/task", "invalid-arguments"],
    [
      { ...signature("celery.group", [], { tasks: [signature("celery.x")] }), subtask_type: "group" },
      "/kwargs/tasks/0/task",
      "reserved-task",
    ],
    [{ ...chord([signature("a")], signature("celery.x")) }, "/kwargs/body/task", "reserved-task"],
    [{ ...signature("celery.chain", [], { tasks: [signature("a")], x: 1 }) }, "/kwargs", "invalid-arguments"],
  ])("is refused where it is wrong: %j", async (canvas, pointer, type) => {
    const { url, app } = await openGateway();
    const { status, body } = await read(post(`${url}/v1/workflows`, canvas));
    expect(body["errors"]).toEqual([{ pointer, detail: expect.any(String) }]);
    expect(body["type"]).toBe(`/problems/${type}`);
    expect(status).toBe(422);
    expect(await (await app.connection()).queueSize("celery")).toBe(0);
  });

  it("reports all that is wrong", async () => {
    const { url } = await openGateway();
    const { body } = await read(
      post(`${url}/v1/workflows`, { chain: [{ task: "a b" }, { task: "c", args: 1, kwargs: 2 }, { x: 1 }] }),
    );
    expect(body["type"]).toBe("/problems/invalid-arguments");
    expect((body["errors"] as { pointer: string }[]).map(({ pointer }) => pointer)).toEqual([
      "/chain/0/task",
      "/chain/1/args",
      "/chain/2",
    ]);
  });

  const tasks = (count: number): object[] => Array.from({ length: count }, () => ({ task: "t" }));
  const nested = (depth: number): object =>
    Array.from({ length: depth }).reduce<object>((inner) => ({ group: [inner] }), { task: "t" });
  it.each([
    ["tasks", { group: tasks(11) }],
    ["links", { task: "t", link: tasks(5), link_error: tasks(6) }],
    ["chunks", { chunks: { task: "t", it: Array.from({ length: 11 }, () => [1]), n: 1 } }],
    ["depth", nested(5)],
    ["chords behind chords", { chain: Array.from({ length: 5 }, () => ({ group: tasks(3) })) }],
  ])("is bounded: %s", async (_name, canvas) => {
    const { url } = await openGateway({ limits: { workflowTasks: 10, workflowDepth: 4 } });
    const { status, body } = await read(post(`${url}/v1/workflows`, canvas));
    expect([status, body["type"]]).toEqual([422, "/problems/too-many-tasks"]);
  });

  it("is bounded: messages that repeat a large body", async () => {
    const { url, app } = await openGateway({ limits: { workflowBytes: 100_000 } });
    const body = { task: "t", args: ["x".repeat(10_000)] };
    const answer = await read(post(`${url}/v1/workflows`, { chord: { header: tasks(20), body } }));
    expect([answer.status, answer.body["limit"]]).toEqual([413, 100_000]);
    expect(await (await app.connection()).queueSize("celery")).toBe(0);
  });

  it("is composed of many groups and steps only as deep as workers read", async () => {
    const { url } = await openGateway();
    const steps = Array.from({ length: 300 }, () => ({ group: tasks(2) }));
    const answer = await read(post(`${url}/v1/workflows`, { chain: steps }));
    expect([answer.status, answer.body["type"]]).toEqual([422, "/problems/too-many-tasks"]);
  });

  it.each([["rpc://"], [null]])("has no chords with the result backend %s", async (resultBackend) => {
    const { url, app } = await openGateway({ settings: { resultBackend } });
    const canvas = { group: [add(1, 1), { chain: [{ group: tasks(2) }, { task: "sum" }] }] };
    const { status, body } = await read(post(`${url}/v1/workflows`, canvas));
    expect([status, body["type"]]).toEqual([501, "/problems/chords-impossible"]);
    expect(await (await app.connection()).queueSize("celery")).toBe(0);
    expect((await post(`${url}/v1/workflows`, { group: tasks(2) })).status).toBe(202);
  });

  it("hands options down to the tasks that they are for, however it is composed", async () => {
    const { url, app } = await openGateway();
    const canvas = {
      chain: [
        {
          group: [{ task: "a" }, { task: "b", options: { queue: "own", delay: 5 } }],
          options: { priority: 3 },
        },
        { task: "c" },
      ],
      options: { queue: "all", delay: 60 },
    };
    const { body } = await read(post(`${url}/v1/workflows`, canvas));
    expect((body["results"] as { task?: string }[]).map(({ task }) => task)).toEqual([
      "a",
      "b",
      undefined,
      "c",
    ]);
    const [a] = await takeMessages(app, "all", 1);
    const [b] = await takeMessages(app, "own", 1);
    const delayMs = (headers: Record<string, unknown> | undefined): number =>
      Date.parse(String(headers?.["eta"])) - Date.now();
    expect(delayMs(a?.message?.headers)).toBeGreaterThan(20_000);
    expect(delayMs(b?.message?.headers)).toBeLessThan(20_000);
    expect([a, b].map((one) => one?.message?.properties.priority)).toEqual([3, 3]);
    const [, , { chord: last }] = JSON.parse(String(a?.message?.body)) as [
      0,
      0,
      { chord: { options: object } },
    ];
    expect(last.options).not.toHaveProperty("queue");
  });

  it("gives every task the options and the trace of the caller", async () => {
    const { url, app } = await openGateway();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const options = { queue: "fast", delay: "PT1M", expires: 3600, priority: 4, ignore_result: true };
    await post(`${url}/v1/workflows`, { chain: [{ task: "a" }, { task: "b", options }] }, { traceparent });
    const [delivery] = await takeMessages(app, "celery", 1);
    expect(delivery?.message?.headers["traceparent"]).toBe(traceparent);
    const [, , { chain: rest }] = JSON.parse(String(delivery?.message?.body)) as [0, 0, { chain: object[] }];
    expect(rest).toMatchObject([
      {
        task: "b",
        options: {
          queue: "fast",
          countdown: 60,
          expires: 3600,
          priority: 4,
          ignore_result: true,
          headers: { traceparent },
        },
      },
    ]);
  });
});

describe("a broker that fails", () => {
  it("in the middle of a workflow leaves the caller with the ids of what was sent", async () => {
    const app = testApp({ brokerUrl: await amqpUrl() });
    const { url } = await openGateway({ app });
    // The gateway declares it otherwise, which RabbitMQ refuses.
    await (await app.openConnection()).declareQueue({ name: "odd", maxPriority: 5 });
    const canvas = { group: [add(1, 2), { ...add(3, 4), options: { queue: "odd" } }] };
    const { status, headers, body } = await read(post(`${url}/v1/workflows`, canvas));
    expect([status, body["type"]]).toEqual([503, "/problems/broker-refused"]);
    expect(headers.get("location")).toBe(`/v1/workflows/${body["id"]}`);
    const sent = await read(fetch(url + headers.get("location")));
    expect(sent.body).toMatchObject({ id: body["id"], total: 2, state: "PENDING" });
  });

  it("from the start is 503, never 202", async () => {
    const server = await startRedis();
    const app = testApp({ brokerUrl: `${server.url}/0`, taskPublishDeadline: 1 });
    const { url } = await openGateway({ app });
    expect((await post(`${url}/v1/workflows`, { chain: [add(1, 2), add(3)] })).status).toBe(202);
    await server.stop();
    const { status, body, headers } = await read(post(`${url}/v1/workflows`, { chain: [add(1, 2), add(3)] }));
    expect([status, body["type"]]).toEqual([503, "/problems/broker-unavailable"]);
    expect(headers.get("retry-after")).toBe("5");
  });
});

describe("reading a workflow", () => {
  it("counts its tasks by state, by the id of its last and of its first result", async () => {
    const { url, app } = await openGateway();
    const canvas = { chain: [add(1, 2), { group: [add(3), add(4)] }] };
    const { body: sent } = await read(post(`${url}/v1/workflows`, canvas));
    const at = `${url}/v1/workflows/${sent["id"]}`;
    const pending = await read(fetch(at));
    expect(pending.headers.get("retry-after")).toBe("1");
    expect(pending.body).toMatchObject({
      state: "PENDING",
      terminal: false,
      total: 3,
      ended: 0,
      counts: { PENDING: 3 },
    });
    await storeState(app, String(sent["root_id"]), "SUCCESS", 3);
    const started = (await read(fetch(`${url}/v1/workflows/${sent["root_id"]}`))).body;
    expect(started).toMatchObject({
      id: sent["id"],
      state: "STARTED",
      ended: 1,
      counts: { PENDING: 2, SUCCESS: 1 },
    });
    const [first = "", second = ""] = (sent["results"] as { members?: string[] }[]).at(-1)?.members ?? [];
    await storeState(app, second, "SUCCESS", 7);
    await storeState(app, first, "SUCCESS", 6);
    const done = (await read(fetch(at))).body;
    expect(done).toMatchObject({ state: "SUCCESS", terminal: true, ended: 3, result: [6, 7] });
    expect(done["done_at"]).toEqual(expect.any(String));
  });

  it("sees the end of one whose first step was revoked: nothing is stored for what is behind", async () => {
    const { url, app } = await openGateway();
    const { body: sent } = await read(post(`${url}/v1/workflows`, { chain: [add(1, 2), add(3), add(4)] }));
    await storeState(app, String(sent["root_id"]), "REVOKED", exception("TaskRevokedError", "revoked"));
    const { body } = await read(
      fetch(`${url}/v1/workflows/${sent["id"]}`, { headers: { prefer: "wait=20" } }),
    );
    expect(body).toMatchObject({ state: "REVOKED", terminal: true, failed_task: sent["root_id"] });
    expect(body).toMatchObject({ error: { type: "TaskRevokedError" }, counts: { REVOKED: 1, PENDING: 2 } });
  });

  it("waits when the caller prefers to", async () => {
    const { url, app } = await openGateway();
    const { body: sent } = await read(post(`${url}/v1/workflows`, { group: [add(1, 2), add(3, 4)] }));
    const [one = "", two = ""] = (sent["results"] as { id: string }[]).map(({ id }) => id);
    const waiting = read(fetch(`${url}/v1/workflows/${sent["id"]}`, { headers: { prefer: "wait=30" } }));
    await storeState(app, one, "SUCCESS", 3);
    await storeState(app, two, "FAILURE", exception("KeyError", "x"));
    const { body, headers } = await waiting;
    expect(headers.get("preference-applied")).toBe("wait=30");
    expect(body).toMatchObject({ state: "FAILURE", failed_task: two, error: { message: "KeyError: x" } });
  });

  it("outlives the gateway with an index in a database", async () => {
    const stateUrl = `sqlite:///${await sqliteFile()}`;
    const app = testApp();
    const first = await openGateway({ app, stateUrl });
    const { body: sent } = await read(post(`${first.url}/v1/workflows`, { chain: [add(1, 2), add(3)] }));
    await first.gateway.close();
    const { url } = await openGateway({ app, stateUrl });
    for (const id of [sent["id"], sent["root_id"]]) {
      const { status, body } = await read(fetch(`${url}/v1/workflows/${id}`));
      expect([status, body["total"], body["root_id"]]).toEqual([200, 2, sent["root_id"]]);
    }
  });

  it("is 404 for ids that nobody knows, and 501 where no results are kept", async () => {
    const { url } = await openGateway();
    expect((await read(fetch(`${url}/v1/workflows/none`))).body["type"]).toBe("/problems/unknown-task");
    expect((await read(fetch(`${url}/v1/workflows/a%20b`))).body["type"]).toBe("/problems/bad-id");
    const without = await openGateway({ settings: { resultBackend: null } });
    expect((await read(fetch(`${without.url}/v1/workflows/none`))).status).toBe(501);
  });

  it("draws it as JSON, Mermaid and DOT", async () => {
    const { url, app } = await openGateway();
    const canvas = { chord: { header: [add(1, 2), add(3, 4)], body: { task: "sum" } } };
    const { body: sent } = await read(post(`${url}/v1/workflows`, canvas));
    await storeState(app, String((sent["results"] as { id: string }[])[0]?.id), "SUCCESS", 3);
    const at = `${url}/v1/workflows/${sent["id"]}/graph`;
    const { nodes, edges } = (await read(fetch(at))).body as Record<string, Record<string, string>[]>;
    expect(nodes?.map(({ task, kind, state }) => [task ?? kind, state]).sort()).toEqual([
      ["add", "PENDING"],
      ["add", "SUCCESS"],
      ["group", undefined],
      ["sum", "PENDING"],
    ]);
    expect(nodes?.find(({ state }) => state === "SUCCESS")).toHaveProperty("done_at");
    expect(edges?.map(({ kind }) => kind).sort()).toEqual(["body", "member", "member"]);
    const mermaid = await fetch(`${at}?format=mermaid`);
    expect(mermaid.headers.get("content-type")).toBe("text/vnd.mermaid; charset=utf-8");
    expect(await mermaid.text()).toMatch(/^flowchart TD\n[\s\S]*sum/);
    expect(await (await fetch(`${at}?format=dot`)).text()).toMatch(/^digraph/);
    expect((await fetch(`${at}?format=png`)).status).toBe(422);
  });

  it("streams what happens", async () => {
    const { url, app } = await openGateway();
    const { body: sent } = await read(post(`${url}/v1/workflows`, { chain: [add(1, 2), add(3)] }));
    const streaming = fetch(`${url}/v1/workflows/${sent["id"]}/events`).then((answer) => answer.text());
    await storeState(app, String(sent["root_id"]), "SUCCESS", 3);
    await storeState(app, String(sent["id"]), "SUCCESS", 6);
    const text = await streaming;
    const events = [...text.matchAll(/event: (\w+)\ndata: (.*)/g)].map(
      ([, name, data = ""]) => [name, JSON.parse(data) as Record<string, unknown>] as const,
    );
    expect(events.filter(([name]) => name === "state").map(([, { task }]) => task)).toContain("add");
    expect(events.filter(([name]) => name === "progress").at(-1)?.[1]).toMatchObject({ ended: 2, total: 2 });
    expect(events.at(-2)).toMatchObject(["result", { state: "SUCCESS", result: 6 }]);
    expect(events.at(-1)?.[0]).toBe("end");
    const lastId = [...text.matchAll(/^id: (\d+)$/gm)].at(-1)?.[1] ?? "";
    const again = await fetch(`${url}/v1/workflows/${sent["id"]}/events`, {
      headers: { "last-event-id": lastId },
    });
    expect(again.status).toBe(204);
  });
});

describe("DELETE /v1/workflows/{id}", () => {
  it("revokes what has not ended", async () => {
    const app = testApp();
    app.task("add", (x: number, y: number) => x + y);
    const { url } = await openGateway({ app });
    const canvas = { chain: [{ ...add(1, 2), options: { delay: 2 } }, add(3)] };
    const { body: sent } = await read(post(`${url}/v1/workflows`, canvas));
    await testWorker(app);
    const at = `${url}/v1/workflows/${sent["id"]}`;
    const { status, body } = await read(fetch(at, { method: "DELETE" }));
    expect(status).toBe(202);
    expect(body).toEqual({ id: sent["id"], revoked: expect.any(Array), ended: 0, terminate: false });
    expect(new Set(body["revoked"] as string[])).toEqual(new Set([sent["id"], sent["root_id"]]));
    const { body: ended } = await read(fetch(at, { headers: { prefer: "wait=20" } }));
    expect(ended).toMatchObject({ state: "REVOKED", terminal: true, failed_task: sent["root_id"] });
  });

  it("is 409 when there is nothing left", async () => {
    const { url, app } = await openGateway();
    const { body: sent } = await read(post(`${url}/v1/workflows`, add(1, 2)));
    await storeState(app, String(sent["id"]), "SUCCESS", 3);
    const { status, body } = await read(fetch(`${url}/v1/workflows/${sent["id"]}`, { method: "DELETE" }));
    expect([status, body["type"]]).toEqual([409, "/problems/task-terminal"]);
    const wrong = await fetch(`${url}/v1/workflows/${sent["id"]}?terminate=maybe`, { method: "DELETE" });
    expect(wrong.status).toBe(422);
  });
});
