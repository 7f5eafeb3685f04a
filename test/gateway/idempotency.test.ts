import { describe, expect, it } from "vitest";
import { createMemoryState } from "../../gateway/state/memory-state.ts";
import { startRedis } from "../helpers/services.ts";
import { takeMessages, testApp, testWorker } from "../helpers/worker.ts";
import { openGateway, post, read } from "./place.ts";

const KEY = { "idempotency-key": "k-1" };
const CALL = { task: "examples.add", args: [1, 2] };

describe("Idempotency-Key", () => {
  it("one message for a request that is repeated, and the same answer", async () => {
    const { app, url } = await openGateway();
    const first = await read(post(`${url}/v1/tasks`, CALL, KEY));
    const second = await read(post(`${url}/v1/tasks`, CALL, KEY));
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    expect(first.headers.get("idempotent-replayed")).toBeNull();
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    await post(`${url}/v1/tasks`, { task: "last" });
    const sent = await takeMessages(app, "celery", 2);
    expect(sent.map(({ message }) => message?.headers["task"])).toEqual(["examples.add", "last"]);
  });

  it("another gateway gives the same answer, which takes little room in the store", async () => {
    const state = createMemoryState();
    const [one, other] = [await openGateway({ stateStore: state }), await openGateway({ stateStore: state })];
    const first = await read(post(`${one.url}/v1/tasks`, CALL, KEY));
    const record = async (): Promise<string> =>
      (await state.records.list("idempotency", { limit: 1 }))[0]?.value ?? "";
    await expect.poll(record).toContain('"accepted"');
    expect((await record()).length).toBeLessThan(180);
    const again = await read(post(`${other.url}/v1/tasks`, CALL, KEY));
    expect([again.status, again.body]).toEqual([202, first.body]);
    expect(again.headers.get("location")).toBe(first.headers.get("location"));
    expect(again.headers.get("content-type")).toBe("application/json");
    expect(again.headers.get("idempotent-replayed")).toBe("true");
  });

  it.each([
    ["quoted, as the draft has it", '"k-1"'],
    ["bare", "k-1"],
  ])("the key %s is the same key", async (_name, key) => {
    const { url } = await openGateway();
    const first = await read(post(`${url}/v1/tasks`, CALL, KEY));
    const again = await read(post(`${url}/v1/tasks`, CALL, { "idempotency-key": key }));
    expect(again.body["id"]).toBe(first.body["id"]);
  });

  it.each(["", '""', "a b", "a\u00e9", "x".repeat(256), 'a"b'])("refuses the key %j", async (key) => {
    const { url } = await openGateway();
    const { status, body } = await read(post(`${url}/v1/tasks`, CALL, { "idempotency-key": key }));
    expect(status).toBe(422);
    expect(body["detail"]).toContain("Idempotency-Key must be");
  });

  it("the same key with another body is 422, and sends nothing", async () => {
    const { app, url } = await openGateway();
    await post(`${url}/v1/tasks`, CALL, KEY);
    const { status, body } = await read(post(`${url}/v1/tasks`, { ...CALL, args: [1, 3] }, KEY));
    expect(status).toBe(422);
    expect(body["type"]).toBe("/problems/idempotency-key-reused");
    await post(`${url}/v1/tasks`, { task: "last" });
    expect((await takeMessages(app, "celery", 2)).at(-1)?.message?.headers["task"]).toBe("last");
  });

  it("the same key at another path is another key", async () => {
    const { url } = await openGateway();
    const first = await read(post(`${url}/v1/tasks`, CALL, KEY));
    const call = await read(post(`${url}/v1/call/examples.add`, { x: 1 }, KEY));
    expect(call.status).toBe(202);
    expect(call.body["id"]).not.toBe(first.body["id"]);
  });

  it("a refusal of the request is kept, too", async () => {
    const { url } = await openGateway();
    const bad = { task: "examples.add", eta: "next tuesday" };
    const first = await read(post(`${url}/v1/tasks`, bad, KEY));
    const again = await read(post(`${url}/v1/tasks`, bad, KEY));
    expect([first.status, again.status]).toEqual([422, 422]);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("content-type")).toBe("application/problem+json");
    expect(again.headers.get("idempotent-replayed")).toBe("true");
  });

  it("503 is not kept: the next try is a first one", async () => {
    const redis = await startRedis();
    const { url } = await openGateway({ settings: { brokerUrl: `${redis.url}/0` } });
    expect((await post(`${url}/v1/tasks`, CALL)).status).toBe(202);
    await redis.kill();
    expect((await post(`${url}/v1/tasks`, CALL, KEY)).status).toBe(503);
    await redis.restart();
    await expect
      .poll(async () => (await post(`${url}/v1/tasks`, CALL, KEY)).status, { timeout: 20_000, interval: 200 })
      .toBe(202);
  });

  it("of fifty at once one sends, and the others get its answer or 409", async () => {
    const { app, url } = await openGateway();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => read(post(`${url}/v1/tasks`, CALL, KEY))),
    );
    const taken = answers.filter(({ status }) => status === 202);
    const refused = answers.filter(({ status }) => status === 409);
    expect(taken.length + refused.length).toBe(50);
    expect(new Set(taken.map(({ body }) => body["id"])).size).toBe(1);
    for (const { body, headers } of refused) {
      expect(body["type"]).toBe("/problems/idempotency-in-progress");
      expect(headers.get("retry-after")).toBe("1");
    }
    await post(`${url}/v1/tasks`, { task: "last" });
    expect((await takeMessages(app, "celery", 2)).at(-1)?.message?.headers["task"]).toBe("last");
  });

  it("the id comes from the key, so that even a lost store yields the same one", async () => {
    const { url } = await openGateway();
    const other = await openGateway();
    const [one, two] = [
      await read(post(`${url}/v1/tasks`, CALL, KEY)),
      await read(post(`${other.url}/v1/tasks`, CALL, KEY)),
    ];
    expect(one.body["id"]).toBe(two.body["id"]);
    expect(one.body["id"]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("with a wait, the repetition gets the result that was waited for", async () => {
    const app = testApp();
    app.task("examples.add", (x: number, y: number) => x + y);
    await testWorker(app, { pool: "solo" });
    const { url } = await openGateway({ app });
    const headers = { ...KEY, prefer: "wait=10" };
    const first = await read(post(`${url}/v1/tasks`, CALL, headers));
    const again = await read(post(`${url}/v1/tasks`, CALL, headers));
    expect([first.status, first.body["result"]]).toEqual([200, 3]);
    expect([again.status, again.body]).toEqual([200, first.body]);
  });

  it("whoever finds an unfinished key after its time takes over, and does not send what was sent", async () => {
    const state = createMemoryState();
    const { app, url, gateway } = await openGateway({ stateStore: state });
    const first = await read(post(`${url}/v1/tasks`, CALL, KEY));
    // As a gateway leaves it that is killed before it could write down its answer.
    const [record] = await state.records.list("idempotency", { limit: 10 });
    const { fingerprint } = JSON.parse(record?.value ?? "{}") as { fingerprint: string };
    await state.records.put("idempotency", record?.key ?? "", JSON.stringify({ fingerprint, untilMs: 1 }));
    const again = await read(post(`${url}/v1/tasks`, CALL, KEY));
    expect([again.status, again.body["id"]]).toEqual([202, first.body["id"]]);
    await post(`${url}/v1/tasks`, { task: "last" });
    expect((await takeMessages(app, "celery", 2)).at(-1)?.message?.headers["task"]).toBe("last");
    expect(gateway).toBeDefined();
  });

  it("counts for workflows as well", async () => {
    const { url } = await openGateway();
    const canvas = {
      chain: [
        { task: "examples.add", args: [1, 2] },
        { task: "examples.add", args: [3] },
      ],
    };
    const first = await read(post(`${url}/v1/workflows`, canvas, KEY));
    const again = await read(post(`${url}/v1/workflows`, canvas, KEY));
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.body).toEqual(first.body);
  });

  it("a workflow whose gateway was killed is not sent again, or with the same ids", async () => {
    const state = createMemoryState();
    const { app, url } = await openGateway({ stateStore: state });
    const canvas = { group: [CALL, CALL] };
    const first = await read(post(`${url}/v1/workflows`, canvas, KEY));
    const leave = async (): Promise<void> => {
      const records = (): ReturnType<typeof state.records.list> =>
        state.records.list("idempotency", { limit: 10 });
      await expect.poll(async () => (await records())[0]?.value).toContain('"answer"');
      const [record] = await records();
      const { fingerprint } = JSON.parse(record?.value ?? "{}") as { fingerprint: string };
      await state.records.put("idempotency", record?.key ?? "", JSON.stringify({ fingerprint, untilMs: 1 }));
    };
    await leave();
    const known = await read(post(`${url}/v1/workflows`, canvas, KEY));
    expect([known.status, known.body]).toEqual([202, first.body]);
    const sent = await takeMessages(app, "celery", 2);
    await leave();
    for (const kind of ["workflow", "workflow-root"])
      for (const { key } of await state.records.list(kind, { limit: 10 }))
        await state.records.delete(kind, key);
    const again = await read(post(`${url}/v1/workflows`, canvas, KEY));
    expect([again.status, again.body]).toEqual([202, first.body]);
    const ids = (messages: typeof sent): unknown[] =>
      messages.map(({ message }) => message?.headers["id"]).sort();
    expect(ids(await takeMessages(app, "celery", 2))).toEqual(ids(sent));
  });
});
