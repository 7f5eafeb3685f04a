import { describe, expect, it } from "vitest";
import { BrokerError } from "../../protocol/index.ts";
import { takeMessages } from "../helpers/worker.ts";
import { openGateway, post, read } from "./place.ts";

const NDJSON = { "content-type": "application/x-ndjson" };

interface Item {
  readonly status: number;
  readonly id?: string;
  readonly replayed?: boolean;
  readonly problem?: { readonly type: string; readonly detail: string };
}

function itemsOf(body: Record<string, unknown>): readonly Item[] {
  return body["items"] as readonly Item[];
}

describe("POST /v1/tasks:batch", () => {
  it("sends each task, in the order of the request", async () => {
    const { app, url } = await openGateway();
    const tasks = Array.from({ length: 250 }, (_, at) => ({ task: "t", args: [at] }));
    const { status, body } = await read(post(`${url}/v1/tasks:batch`, tasks));
    expect(status).toBe(200);
    const items = itemsOf(body);
    expect(items.map((item) => item.status)).toEqual(tasks.map(() => 202));
    const sent = await takeMessages(app, "celery", 250);
    const byId = new Map(sent.map(({ message }) => [message?.headers["id"], String(message?.body)]));
    expect(items.map(({ id }) => (JSON.parse(byId.get(id) ?? "null") as unknown[])[0])).toEqual(
      tasks.map(({ args }) => args),
    );
  });

  it("reads one task to a line", async () => {
    const { app, url } = await openGateway();
    const text = '{"task":"a"}\n\n{"task":"b","args":[18446744073709551616]}\r\n{"task":\n{"task":"c"}';
    const { body } = await read(post(`${url}/v1/tasks:batch`, text, NDJSON));
    expect(itemsOf(body).map(({ status, problem }) => [status, problem?.type])).toEqual([
      [202, undefined],
      [202, undefined],
      [400, "/problems/bad-json"],
      [202, undefined],
    ]);
    const sent = await takeMessages(app, "celery", 3);
    expect(sent.map(({ message }) => message?.headers["task"])).toEqual(["a", "b", "c"]);
    expect(String(sent[1]?.message?.body)).toContain("18446744073709551616");
  });

  it("tells of each task by itself what is wrong with it", async () => {
    const { app, url } = await openGateway();
    const { status, body } = await read(
      post(`${url}/v1/tasks:batch`, [
        { task: "good" },
        { task: "no good" },
        { task: "t", serializer: "pickle" },
        { task: "t", args: [{ __type__: "bytes", __value__: "YQ==" }] },
        7,
        { task: "celery.map" },
      ]),
    );
    expect(status).toBe(200);
    expect(itemsOf(body).map((item) => [item.status, item.problem?.type])).toEqual([
      [202, undefined],
      [422, "/problems/bad-task-name"],
      [422, "/problems/reserved-option"],
      [422, "/problems/reserved-envelope"],
      [422, "/problems/invalid-arguments"],
      [422, "/problems/reserved-task"],
    ]);
    expect(await takeMessages(app, "celery", 1)).toHaveLength(1);
  });

  it("with handling=strict: all or none", async () => {
    const { app, url } = await openGateway();
    const strict = { prefer: "handling=strict" };
    const refused = await read(post(`${url}/v1/tasks:batch`, [{ task: "a" }, { task: "b c" }], strict));
    expect(refused.status).toBe(422);
    expect(refused.body["type"]).toBe("/problems/batch-refused");
    expect(itemsOf(refused.body).map(({ status }) => status)).toEqual([202, 422]);
    const taken = await read(post(`${url}/v1/tasks:batch`, [{ task: "x" }, { task: "y" }], strict));
    expect(taken.status).toBe(200);
    expect(taken.headers.get("preference-applied")).toBe("handling=strict");
    const sent = await takeMessages(app, "celery", 2);
    expect(sent.map(({ message }) => message?.headers["task"]).sort()).toEqual(["x", "y"]);
  });

  it.each([
    ["a time without an offset", { eta: "2030-01-01T00:00:00" }, "bad-eta"],
    ["two times", { eta: "2030-01-01T00:00:00Z", delay: 5 }, "invalid-arguments"],
    ["a typed value", { args: [{ __type__: "bytes", __value__: "YQ==" }] }, "reserved-envelope"],
    ["a queue that may not be", { queue: "nowhere" }, "unroutable-queue"],
    ["a callback to this machine", { callback: { url: "http://127.0.0.1/" } }, "blocked-address"],
    ["arguments of another type", { task: "typed", kwargs: { n: "x" } }, "invalid-arguments"],
    ["a broken key", { idempotency_key: "a b" }, "invalid-arguments"],
  ])("with handling=strict sends nothing because of %s", async (_name, bad, type) => {
    const { app, url } = await openGateway({ settings: { taskCreateMissingQueues: false } });
    await fetch(`${url}/v1/task-types/typed`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ kwargs: { properties: { n: { type: "integer" } } } }),
    });
    const tasks = [{ task: "good" }, { task: "t", ...bad }];
    const { status, body } = await read(post(`${url}/v1/tasks:batch`, tasks, { prefer: "handling=strict" }));
    expect(status).toBe(422);
    expect(itemsOf(body).map(({ problem }) => problem?.type)).toEqual([undefined, `/problems/${type}`]);
    await post(`${url}/v1/tasks`, { task: "last" });
    const sent = await takeMessages(app, "celery", 1);
    expect(sent.map(({ message }) => message?.headers["task"])).toEqual(["last"]);
  });

  it("a key for the batch, and keys for its tasks", async () => {
    const { app, url } = await openGateway();
    const tasks = [{ task: "a", idempotency_key: "1" }, { task: "b" }];
    const headers = { "idempotency-key": "batch-1" };
    const first = await read(post(`${url}/v1/tasks:batch`, tasks, headers));
    const again = await read(post(`${url}/v1/tasks:batch`, tasks, headers));
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    const other = await read(
      post(`${url}/v1/tasks:batch`, [{ task: "a", idempotency_key: "1" }, { task: "c" }]),
    );
    expect(itemsOf(other.body)[0]).toMatchObject({
      status: 202,
      id: itemsOf(first.body)[0]?.id,
      replayed: true,
    });
    const reused = await read(post(`${url}/v1/tasks:batch`, [{ task: "z", idempotency_key: "1" }]));
    expect(itemsOf(reused.body)[0]?.problem?.type).toBe("/problems/idempotency-key-reused");
    const sent = await takeMessages(app, "celery", 3);
    expect(sent.map(({ message }) => message?.headers["task"]).sort()).toEqual(["a", "b", "c"]);
  });

  it("whose tasks could not all be sent sends the rest when it is repeated with its key", async () => {
    const { app, url } = await openGateway();
    const publish = app.publish.bind(app);
    app.publish = async (prepared, own) => {
      if (prepared.call.task === "b") throw new BrokerError("broker_unavailable", "away");
      return publish(prepared, own);
    };
    const tasks = [{ task: "a" }, { task: "b" }, { task: "no good" }];
    const headers = { "idempotency-key": "k" };
    const first = itemsOf((await read(post(`${url}/v1/tasks:batch`, tasks, headers))).body);
    expect(first.map(({ status }) => status)).toEqual([202, 503, 422]);
    app.publish = publish;
    const again = itemsOf((await read(post(`${url}/v1/tasks:batch`, tasks, headers))).body);
    expect(again.map(({ status }) => status)).toEqual([202, 202, 422]);
    expect(again[0]?.id).toBe(first[0]?.id);
    const last = await read(post(`${url}/v1/tasks:batch`, tasks, headers));
    expect(last.headers.get("idempotent-replayed")).toBe("true");
    const sent = await takeMessages(app, "celery", 2);
    expect(sent.map(({ message }) => message?.headers["task"])).toEqual(["a", "b"]);
  });

  it.each([
    ["an object", "{}", "must be an array"],
    ["no tasks", "[]", "has no tasks"],
    ["too many", JSON.stringify(Array.from({ length: 1001 }, () => ({ task: "t" }))), "more than 1000"],
  ])("refuses %s", async (_name, text, words) => {
    const { url } = await openGateway();
    const { status, body } = await read(post(`${url}/v1/tasks:batch`, text));
    expect(status).toBe(422);
    expect(body["detail"]).toContain(words);
  });

  it("refuses more bytes than the limit, and other media types", async () => {
    const { url } = await openGateway({ limits: { batchBytes: 100 } });
    const large = await read(post(`${url}/v1/tasks:batch`, [{ task: "t", args: ["x".repeat(200)] }]));
    expect([large.status, large.body["limit"]]).toEqual([413, 100]);
    const text = await read(post(`${url}/v1/tasks:batch`, "[]", { "content-type": "text/plain" }));
    expect(text.status).toBe(415);
    expect(text.headers.get("accept-post")).toBe("application/json, application/x-ndjson");
  });
});
