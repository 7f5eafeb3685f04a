import { describe, expect, it } from "vitest";
import { takeMessages, testApp } from "../helpers/worker.ts";
import { openGateway, post, read, storeState } from "./place.ts";

function call(mode: string, more: object = {}): object {
  return { task: "t", dedupe: { key: "k", mode }, ...more };
}

describe("duplicates", () => {
  it("return: the answer is the first task, 200, and nothing is sent", async () => {
    const { app, url } = await openGateway();
    const first = await read(post(`${url}/v1/tasks`, call("return")));
    const again = await read(post(`${url}/v1/tasks`, call("return")));
    expect([first.status, again.status]).toEqual([202, 200]);
    expect(again.body).toEqual({
      deduplicated: true,
      id: first.body["id"],
      task: "t",
      links: first.body["links"],
    });
    expect(again.headers.get("location")).toBe(first.headers.get("location"));
    await post(`${url}/v1/tasks`, { task: "last" });
    expect((await takeMessages(app, "celery", 2)).at(-1)?.message?.headers["task"]).toBe("last");
  });

  it("reject: 409 with the id of the first", async () => {
    const { url } = await openGateway();
    const first = await read(post(`${url}/v1/tasks`, call("reject")));
    const { status, body } = await read(post(`${url}/v1/tasks`, call("reject")));
    expect([status, body["type"], body["id"]]).toEqual([409, "/problems/duplicate-task", first.body["id"]]);
  });

  it("content: the same arguments are the same key, others are not", async () => {
    const { url } = await openGateway();
    const send = (args: unknown): ReturnType<typeof read> =>
      read(post(`${url}/v1/tasks`, { task: "t", args, dedupe: { key: "content" } }));
    const first = await send([1, { a: 2 }]);
    expect((await send([1, { a: 2 }])).body["id"]).toBe(first.body["id"]);
    expect((await send([1, { a: 3 }])).status).toBe(202);
    const other = { task: "u", args: [1, { a: 2 }], dedupe: { key: "content" } };
    expect((await post(`${url}/v1/tasks`, other)).status).toBe(202);
  });

  it("only within the window", async () => {
    const { url } = await openGateway();
    const once = { task: "t", dedupe: { key: "k", window: 1 } };
    expect((await post(`${url}/v1/tasks`, once)).status).toBe(202);
    expect((await post(`${url}/v1/tasks`, once)).status).toBe(200);
    await expect.poll(async () => (await post(`${url}/v1/tasks`, once)).status, { timeout: 5000 }).toBe(202);
  });

  it("replace: the first is revoked, and the new one sent", async () => {
    const told: unknown[] = [];
    const { app, url } = await openGateway({ revoke: async (ids) => void told.push(...ids) });
    const first = await read(post(`${url}/v1/tasks`, call("replace", { args: [1] })));
    const second = await read(post(`${url}/v1/tasks`, call("replace", { args: [2] })));
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body["id"]).not.toBe(first.body["id"]);
    expect(told).toEqual([first.body["id"]]);
    expect(await takeMessages(app, "celery", 2)).toHaveLength(2);
    expect((await read(post(`${url}/v1/tasks`, call("return")))).body["id"]).toBe(second.body["id"]);
  });

  it("replace: one that is held is never sent", async () => {
    const { app, url } = await openGateway({ holdAfterSeconds: 0 });
    await post(`${url}/v1/tasks`, call("replace", { args: [1], delay: 0.5 }));
    await post(`${url}/v1/tasks`, call("replace", { args: [2], delay: 0.5 }));
    await post(`${url}/v1/tasks`, { task: "last", delay: 0.7 });
    const sent = await takeMessages(app, "celery", 2);
    expect(sent.map(({ message }) => JSON.parse(String(message?.body))[0])).toEqual([[2], []]);
  });

  it("requeue-last: the newest runs once more after the first has ended", async () => {
    const app = testApp();
    const { url } = await openGateway({ app });
    const first = await read(post(`${url}/v1/tasks`, call("requeue-last", { args: [1] })));
    const second = await read(post(`${url}/v1/tasks`, call("requeue-last", { args: [2] })));
    const third = await read(post(`${url}/v1/tasks`, call("requeue-last", { args: [3] })));
    expect([first.status, second.status, third.status]).toEqual([202, 202, 200]);
    expect([second.body["state"], third.body["id"]]).toEqual(["SCHEDULED", second.body["id"]]);
    const bodies = async (count: number): Promise<unknown[]> =>
      (await takeMessages(app, "celery", count)).map(({ message }) => JSON.parse(String(message?.body))[0]);
    expect(await bodies(1)).toEqual([[1]]);
    await storeState(app, String(first.body["id"]), "SUCCESS", null);
    expect(await bodies(1)).toEqual([[3]]);
    // The second has been sent and has not ended: a fourth waits for it.
    const fourth = await read(post(`${url}/v1/tasks`, call("requeue-last", { args: [4] })));
    expect(fourth.status).toBe(202);
  });

  it("requeue-last: one that waited and was revoked leaves its place to the next", async () => {
    const app = testApp();
    const { url } = await openGateway({ app });
    const first = await read(post(`${url}/v1/tasks`, call("requeue-last", { args: [1] })));
    const second = await read(post(`${url}/v1/tasks`, call("requeue-last", { args: [2] })));
    // While a gateway looks whether the first has ended, the second is in hand.
    const revoked = async (): Promise<unknown> => {
      await fetch(`${url}/v1/tasks/${second.body["id"]}`, { method: "DELETE" });
      return (await read(fetch(`${url}/v1/tasks/${second.body["id"]}`))).body["state"];
    };
    await expect.poll(revoked, { timeout: 10_000 }).toBe("REVOKED");
    const third = await read(post(`${url}/v1/tasks`, call("requeue-last", { args: [3] })));
    expect([third.status, third.body["state"]]).toEqual([202, "SCHEDULED"]);
    expect(third.body["id"]).not.toBe(second.body["id"]);
    await storeState(app, String(first.body["id"]), "SUCCESS", null);
    const sent = await takeMessages(app, "celery", 2);
    expect(sent.map(({ message }) => JSON.parse(String(message?.body))[0])).toEqual([[1], [3]]);
  });

  it("of fifty at once one is sent", async () => {
    const { app, url } = await openGateway();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => read(post(`${url}/v1/tasks`, call("return")))),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(1);
    expect(new Set(statuses)).toEqual(
      new Set([...new Set(statuses)].filter((s) => [200, 202, 409].includes(s))),
    );
    await post(`${url}/v1/tasks`, { task: "last" });
    expect((await takeMessages(app, "celery", 2)).at(-1)?.message?.headers["task"]).toBe("last");
  });

  it("a task that could not be sent frees its key", async () => {
    const { url } = await openGateway({ settings: { taskCreateMissingQueues: false } });
    const refused = await post(`${url}/v1/tasks`, call("return", { queue: "nowhere" }));
    expect(refused.status).toBe(409);
    expect((await post(`${url}/v1/tasks`, call("return"))).status).toBe(202);
  });

  it.each([
    [{ key: "" }],
    [{}],
    [{ key: "k", mode: "other" }],
    [{ key: "k", window: "soon" }],
    [{ key: "k", window: 0 }],
    [{ key: "k", more: 1 }],
  ])("refuses %j", async (dedupe) => {
    const { url } = await openGateway();
    expect((await post(`${url}/v1/tasks`, { task: "t", dedupe })).status).toBe(422);
  });
});
