import { describe, expect, it } from "vitest";
import { createMemoryState } from "../../gateway/state/memory-state.ts";
import { takeMessages, testApp } from "../helpers/worker.ts";
import { openGateway, post, read } from "./place.ts";

const ADD = {
  args: { type: "array", maxItems: 0 },
  kwargs: {
    type: "object",
    required: ["x", "y"],
    additionalProperties: false,
    properties: { x: { type: "integer", maximum: 10 }, y: { type: "integer" } },
  },
};

function put(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

describe("task types", () => {
  it("refuse calls that do not fit, and name what is wrong", async () => {
    const { app, url } = await openGateway();
    expect((await put(`${url}/v1/task-types/math.add`, ADD)).status).toBe(201);
    expect((await put(`${url}/v1/task-types/math.add`, ADD)).status).toBe(200);
    const good = { task: "math.add", kwargs: { x: 1, y: 2 ** 53 } };
    expect((await post(`${url}/v1/tasks`, good)).status).toBe(202);
    const bad = await read(post(`${url}/v1/tasks`, { task: "math.add", args: [1], kwargs: { x: 11, z: 1 } }));
    expect(bad.status).toBe(422);
    expect(bad.body["type"]).toBe("/problems/invalid-arguments");
    expect(bad.body["task_type"]).toBe("math.add");
    const pointers = (bad.body["errors"] as { pointer: string }[]).map(({ pointer }) => pointer);
    expect(pointers.sort()).toEqual(["/args", "/kwargs/x", "/kwargs/y", "/kwargs/z"]);
    expect((await post(`${url}/v1/call/math.add`, { x: 1 })).status).toBe(422);
    expect((await post(`${url}/v1/call/math.other`, { x: "any" })).status).toBe(202);
    expect(await takeMessages(app, "celery", 2)).toHaveLength(2);
  });

  it("big integers are integers", async () => {
    const { url } = await openGateway();
    await put(`${url}/v1/task-types/t`, { args: { items: { type: "integer", minimum: 10 } } });
    expect((await post(`${url}/v1/tasks`, `{"task":"t","args":[${2n ** 80n}]}`)).status).toBe(202);
    expect((await post(`${url}/v1/tasks`, `{"task":"t","args":[-${2n ** 80n}]}`)).status).toBe(422);
  });

  it("warn sends and logs, off does not look", async () => {
    const logged: string[] = [];
    const silent = (): void => undefined;
    const warn = (_facts: object, message: string): void => void logged.push(message);
    const { url } = await openGateway({ logger: { debug: silent, info: silent, warn, error: silent } });
    await put(`${url}/v1/task-types/t`, { ...ADD, mode: "warn" });
    expect((await post(`${url}/v1/tasks`, { task: "t" })).status).toBe(202);
    expect(logged).toEqual(["A call does not fit what is declared of its task"]);
    await put(`${url}/v1/task-types/t`, { ...ADD, mode: "off" });
    expect((await post(`${url}/v1/tasks`, { task: "t" })).status).toBe(202);
    expect(logged).toHaveLength(1);
  });

  it("fill in defaults, ask for keys, and tell of deprecation", async () => {
    const { app, url } = await openGateway();
    const declared = { defaults: { y: 5 }, idempotency: "required", deprecated: "Use math.sum." };
    await put(`${url}/v1/task-types/t`, { ...ADD, ...declared });
    const missing = await read(post(`${url}/v1/call/t`, { x: 1 }));
    expect([missing.status, missing.body["type"]]).toEqual([400, "/problems/idempotency-key-missing"]);
    const { status, headers } = await read(post(`${url}/v1/call/t`, { x: 1 }, { "idempotency-key": "1" }));
    expect(status).toBe(202);
    expect(headers.get("link")).toBe('</v1/task-types/t>; rel="deprecation"');
    const [delivery] = await takeMessages(app, "celery", 1);
    expect(JSON.parse(String(delivery?.message?.body))[1]).toEqual({ x: 1, y: 5 });
  });

  it("come from the schemas of the app's own tasks", async () => {
    const app = testApp();
    app.task("math.add", { schema: ADD }, (x: number, y: number) => x + y);
    const { url } = await openGateway({ app });
    expect((await post(`${url}/v1/call/math.add`, { x: 1 })).status).toBe(422);
    const { body } = await read(fetch(`${url}/v1/task-types/math.add`));
    expect(body).toEqual({ task: "math.add", mode: "enforce", origin: "app", ...ADD });
    await put(`${url}/v1/task-types/math.add`, { mode: "off" });
    expect((await post(`${url}/v1/call/math.add`, { x: 1 })).status).toBe(202);
    expect((await fetch(`${url}/v1/task-types/math.add`, { method: "DELETE" })).status).toBe(204);
    expect((await post(`${url}/v1/call/math.add`, { x: 1 })).status).toBe(422);
  });

  it("are listed, read and removed", async () => {
    const { url } = await openGateway();
    await put(`${url}/v1/task-types/b`, { description: "Second" });
    await put(`${url}/v1/task-types/a`, {});
    const { body } = await read(fetch(`${url}/v1/task-types`));
    expect(body).toEqual({
      task_types: [
        { task: "a", mode: "enforce", origin: "gateway" },
        { task: "b", mode: "enforce", origin: "gateway", description: "Second" },
      ],
    });
    expect((await fetch(`${url}/v1/task-types/a`, { method: "DELETE" })).status).toBe(204);
    for (const method of ["GET", "DELETE"]) {
      const { status, body: gone } = await read(fetch(`${url}/v1/task-types/a`, { method }));
      expect([status, gone["type"]]).toEqual([404, "/problems/unknown-task-type"]);
    }
  });

  it("another gateway of the same store learns of them", async () => {
    const state = createMemoryState();
    const [one, two] = [await openGateway({ stateStore: state }), await openGateway({ stateStore: state })];
    await put(`${one.url}/v1/task-types/t`, ADD);
    await expect
      .poll(async () => (await post(`${two.url}/v1/call/t`, {})).status, { timeout: 10_000, interval: 100 })
      .toBe(422);
  });

  it.each([
    [{ args: { type: "nonsense" } }, "/args: is not a JSON Schema"],
    [{ kwargs: { $ref: "https://example.org/x.json" } }, "/kwargs: is not a JSON Schema"],
    [{ kwargs: 7 }, "must be of type"],
    [{ mode: "loud" }, "must be equal"],
    [{ surprise: 1 }, "is not an option"],
    [{ description: "x".repeat(2001) }, "must NOT have more than 2000"],
    [{ kwargs: { description: "x".repeat(70_000) } }, "may have 65536 characters"],
  ])("refuse %j", async (body, words) => {
    const { url } = await openGateway();
    const answer = await read(put(`${url}/v1/task-types/t`, body));
    expect(answer.status).toBe(422);
    expect(answer.body["detail"]).toContain(words);
  });
});
