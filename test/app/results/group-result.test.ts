import { describe, expect, test } from "vitest";
import { type App, type CompletedMember, type GroupResult, TaskError } from "../../../app/index.ts";
import { toResultDocument } from "../../../protocol/index.ts";
import { testApp } from "../../helpers/worker.ts";

const BOOM = { exc_type: "ValueError", exc_message: ["boom"], exc_module: "builtins" };

async function store(app: App, taskId: string, state: string, result: unknown): Promise<void> {
  const document = toResultDocument({ taskId, state, result, now: "2026-11-20T23:59:38+00:00" });
  await (await app.backend()).store([{ document }]);
}

function group(app: App, ...ids: readonly string[]): GroupResult {
  return app.groupResult({ id: "g", children: ids.map((id) => ({ id })) });
}

const nested = { id: "g", children: [{ id: "a" }, { id: "h", children: [{ id: "b" }, { id: "c" }] }] };

describe("the values of a group", () => {
  test("come in the members' order", async () => {
    const app = testApp();
    const joined = group(app, "a", "b", "c").join({ timeoutMs: 5000 });
    for (const id of ["c", "a", "b"]) await store(app, id, "SUCCESS", `of ${id}`);
    expect(await joined).toEqual(["of a", "of b", "of c"]);
    expect(await group(app, "a", "a").get({ timeoutMs: 5000 })).toEqual(["of a", "of a"]);
    expect(await group(app).join()).toEqual([]);
  });

  test("are lists for groups within", async () => {
    const app = testApp();
    for (const id of ["a", "b", "c"]) await store(app, id, "SUCCESS", id);
    expect(await app.groupResult(nested).join({ timeoutMs: 5000 })).toEqual(["a", ["b", "c"]]);
  });

  test("end with the first failure, though others have not ended", async () => {
    const app = testApp();
    await store(app, "b", "FAILURE", BOOM);
    await expect(group(app, "a", "b", "c").join()).rejects.toMatchObject({ taskId: "b", type: "ValueError" });
  });

  test("have errors among them without propagate", async () => {
    const app = testApp();
    await store(app, "a", "SUCCESS", 1);
    await store(app, "b", "FAILURE", BOOM);
    const values = await group(app, "a", "b").join({ propagate: false, timeoutMs: 5000 });
    expect(values).toEqual([1, expect.any(TaskError)]);
  });

  test("say by time how many are missing", async () => {
    const app = testApp();
    await store(app, "a", "SUCCESS", 1);
    const late = group(app, "a", "b", "c").join({ timeoutMs: 30 });
    await expect(late).rejects.toThrow("2 of 3 results of group g did not come within 30 ms");
    await expect(late).rejects.toMatchObject({ code: "timeout" });
  });

  test("are not waited for after a signal", async () => {
    const abort = new AbortController();
    const joined = group(testApp(), "a").join({ signal: abort.signal });
    abort.abort(new Error("no longer interested"));
    await expect(joined).rejects.toThrow("no longer interested");
    await expect(group(testApp(), "a").join({ signal: abort.signal })).rejects.toThrow(
      "no longer interested",
    );
  });
});

describe("members in the order in which they end", () => {
  test("come one by one, failed ones with their error", async () => {
    const app = testApp();
    const order = ["c", "h", "a"];
    const seen: CompletedMember[] = [];
    const members = { id: "g", children: [{ id: "a" }, { id: "h", children: [{ id: "b" }] }, { id: "c" }] };
    await store(app, "c", "SUCCESS", 3);
    for await (const member of app.groupResult(members).completed({ timeoutMs: 5000 })) {
      seen.push(member);
      if (member.id === "c") await store(app, "b", "SUCCESS", 2);
      if (member.id === "h") await store(app, "a", "FAILURE", BOOM);
    }
    expect(seen.map(({ id }) => id)).toEqual(order);
    expect(seen).toMatchObject([
      { index: 2, value: 3 },
      { index: 1, value: [2] },
      { index: 0, error: { type: "ValueError", taskId: "a" } },
    ]);
  });

  test("are left early without anybody waiting on", async () => {
    const app = testApp();
    await store(app, "a", "SUCCESS", 1);
    for await (const { id } of group(app, "a", "never").completed()) {
      expect(id).toBe("a");
      break;
    }
  });
});

describe("the state of a group", () => {
  test("follows its members", async () => {
    const app = testApp();
    const result = app.groupResult(nested);
    const look = async (): Promise<unknown> => ({
      ready: await result.ready(),
      waiting: await result.waiting(),
      successful: await result.successful(),
      failed: await result.failed(),
      completed: await result.completedCount(),
    });
    const waiting = { ready: false, waiting: true, successful: false, failed: false, completed: 0 };
    expect(await look()).toEqual(waiting);
    await store(app, "b", "SUCCESS", 1);
    expect(await look()).toEqual(waiting);
    await store(app, "c", "SUCCESS", 1);
    expect(await look()).toEqual({ ...waiting, completed: 1 });
    await store(app, "a", "FAILURE", BOOM);
    expect(await look()).toEqual({
      ready: true,
      waiting: false,
      successful: false,
      failed: true,
      completed: 1,
    });
    await store(app, "a", "SUCCESS", 1);
    expect(await look()).toEqual({
      ready: true,
      waiting: false,
      successful: true,
      failed: false,
      completed: 2,
    });
    await result.forget();
    expect(await look()).toEqual(waiting);
  });
});

describe("a saved group", () => {
  test("is restored with its members and parents, until it is deleted", async () => {
    const app = testApp();
    const node = { ...nested, parent: { id: "first" } };
    expect(await app.restoreGroup("g")).toBeUndefined();
    await app.groupResult(node).save();
    const restored = await app.restoreGroup("g");
    expect(restored?.toNode()).toEqual(node);
    expect(restored?.taskIds).toEqual(["a", "b", "c"]);
    expect(restored?.parent?.id).toBe("first");
    await restored?.delete();
    expect(await app.restoreGroup("g")).toBeUndefined();
  });

  test("that is no tuple of results is an error", async () => {
    const app = testApp();
    const backend = await app.backend();
    await backend.saveGroup("bad", [
      ["bad", null],
      ["members", 5],
    ]);
    await expect(app.restoreGroup("bad")).rejects.toMatchObject({ code: "bad_result" });
    await backend.saveGroup("task", [["task", null], null]);
    await expect(app.restoreGroup("task")).rejects.toMatchObject({ code: "bad_config" });
  });

  test("expires with its results", async () => {
    const app = testApp({ resultExpires: 0.02 });
    await store(app, "a", "SUCCESS", 1);
    await group(app, "a").save();
    await expect.poll(() => app.cleanupResults()).toBe(2);
    expect(await app.restoreGroup("g")).toBeUndefined();
    expect(await app.result("a").state()).toBe("PENDING");
  });
});
