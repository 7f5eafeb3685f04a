import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type App, type AsyncResult, isTaskError, TaskError } from "../../../app/index.ts";
import { type ResultDocument, toResultDocument, toResultTuple } from "../../../protocol/index.ts";
import { testApp } from "../../helpers/worker.ts";

const NOW = "2026-11-20T23:59:38.848981+01:00";
const BOOM = { exc_type: "ValueError", exc_message: ["boom", 7], exc_module: "builtins" };

async function store(
  app: App,
  taskId: string,
  state: string,
  result: unknown,
  more: Partial<ResultDocument> = {},
): Promise<void> {
  const document = { ...toResultDocument({ taskId, state, result, now: NOW }), ...more };
  await (await app.backend()).store([{ document }]);
}

/** The last result of a chain of these tasks. */
function chainResult(app: App, ...ids: readonly string[]): AsyncResult {
  const node = ids.reduce<{ id: string } | undefined>(
    (parent, id) => ({ id, ...(parent === undefined ? {} : { parent }) }),
    undefined,
  );
  return app.resultFrom(node ?? { id: "" }) as AsyncResult;
}

describe("what is stored of a task", () => {
  test("is PENDING and nothing else for an id that nobody knows", async () => {
    const result = testApp().result("unknown");
    expect(await result.state()).toBe("PENDING");
    expect([await result.ready(), await result.successful(), await result.failed()]).toEqual([
      false,
      false,
      false,
    ]);
    expect(await result.children()).toEqual([]);
    expect(await result.details()).toEqual({
      id: "unknown",
      state: "PENDING",
      result: null,
      traceback: null,
      dateDone: null,
      groupId: null,
      parentId: null,
      name: null,
      args: null,
      kwargs: null,
      worker: null,
      retries: null,
      queue: null,
    });
  });

  test("is there in full with extended results", async () => {
    const app = testApp();
    const extended = { name: "m.add", args: [1, 2], kwargs: { z: 3 }, worker: "w@h", retries: 2, queue: "q" };
    await store(app, "t", "SUCCESS", 5, { ...extended, group_id: "g", parent_id: "p" });
    const result = app.result("t");
    expect(await result.details()).toEqual({
      ...extended,
      id: "t",
      state: "SUCCESS",
      result: 5,
      traceback: null,
      dateDone: new Date("2026-11-20T22:59:38.848Z"),
      groupId: "g",
      parentId: "p",
    });
    expect([await result.ready(), await result.successful(), await result.failed()]).toEqual([
      true,
      true,
      false,
    ]);
    expect(await result.result()).toBe(5);
    expect(await result.dateDone()).toEqual(new Date("2026-11-20T22:59:38.848Z"));
  });

  test("is the error itself of a failed task, and what the task told in a state of its own", async () => {
    const app = testApp();
    await store(app, "bad", "FAILURE", BOOM, { traceback: "Traceback ..." });
    await store(app, "going", "PROGRESS", { done: 1 });
    const error = await app.result("bad").result();
    expect(error).toBeInstanceOf(TaskError);
    expect(error).toMatchObject({ type: "ValueError", args: ["boom", 7], remoteTraceback: "Traceback ..." });
    expect(await app.result("bad").traceback()).toBe("Traceback ...");
    expect(await app.result("bad").failed()).toBe(true);
    expect(await app.result("going").info()).toEqual({ done: 1 });
    expect(await app.result("going").ready()).toBe(false);
  });

  test.for([
    ["an offset", "2026-11-20T23:59:38+01:00", "2026-11-20T22:59:38.000Z"],
    ["no offset, as Celery up to 5.3 writes", "2026-11-20T23:59:38.5", "2026-11-20T23:59:38.500Z"],
    ["nonsense", "yesterday", undefined],
  ] as const)("has a date with %s", async ([, date_done, expected]) => {
    const app = testApp();
    await store(app, "t", "SUCCESS", 5, { date_done });
    expect((await app.result("t").dateDone())?.toISOString()).toBe(expected);
  });

  test("with fields of the wrong type has none of them", async () => {
    const app = testApp();
    const wrong = { name: 5, args: "(1, 2)", kwargs: [], worker: {}, retries: "2", queue: null, group_id: 7 };
    await store(app, "t", "SUCCESS", 5, wrong as unknown as Partial<ResultDocument>);
    expect(await app.result("t").details()).toMatchObject({
      name: null,
      args: null,
      kwargs: null,
      worker: null,
      retries: null,
      queue: null,
      groupId: null,
    });
  });
});

describe("the end of a chain", () => {
  test("has the steps before it as parents", () => {
    const result = chainResult(testApp(), "a", "b", "c");
    expect([result.id, result.parent?.id, result.parent?.parent?.id]).toEqual(["c", "b", "a"]);
    expect(toResultTuple(result.toNode())).toEqual([["c", [["b", [["a", null], null]], null]], null]);
  });

  test("gives its value, whatever is known of its parents", async () => {
    const app = testApp();
    await store(app, "c", "SUCCESS", "end");
    expect(await chainResult(app, "a", "b", "c").get({ timeoutMs: 5000 })).toBe("end");
  });

  test("throws the failure of the first step that failed", async () => {
    const app = testApp();
    await store(app, "a", "SUCCESS", 1);
    // As Celery: the steps that are left out have the same failure.
    for (const id of ["d", "c", "b"]) await store(app, id, "FAILURE", BOOM);
    const failure = chainResult(app, "a", "b", "c", "d").get({ timeoutMs: 5000 });
    await expect(failure).rejects.toMatchObject({ code: "task_failed", taskId: "b", type: "ValueError" });
  });

  test("throws though nothing will ever be stored for it, because a step was revoked", async () => {
    const app = testApp();
    const waiting = chainResult(app, "a", "b", "c").get();
    const revoked = {
      exc_type: "TaskRevokedError",
      exc_message: ["revoked"],
      exc_module: "celery.exceptions",
    };
    await store(app, "b", "REVOKED", revoked);
    await expect(waiting).rejects.toMatchObject({ code: "task_revoked", taskId: "b" });
  });

  test("looks at itself alone on demand", async () => {
    const app = testApp();
    await store(app, "a", "FAILURE", BOOM);
    const result = chainResult(app, "a", "b");
    const waiting = [
      result.get({ followParents: false, timeoutMs: 5000 }),
      result.get({ propagate: false, timeoutMs: 5000 }),
    ];
    await store(app, "b", "SUCCESS", 2);
    expect(await Promise.all(waiting)).toEqual([2, 2]);
  });

  test("waits for all members of a group before it", async () => {
    const app = testApp();
    const header = { id: "g", children: [{ id: "x" }, { id: "h", children: [{ id: "y" }] }] };
    const body = app.resultFrom({ id: "body", parent: header });
    const waiting = body.get();
    await store(app, "y", "FAILURE", BOOM);
    await expect(waiting).rejects.toMatchObject({ taskId: "y" });
  });

  test("ends a wait by time and by signal, parents or not", async () => {
    const result = chainResult(testApp(), "a", "b");
    await expect(result.get({ timeoutMs: 20 })).rejects.toMatchObject({ code: "timeout" });
    const abort = new AbortController();
    const waiting = result.get({ signal: abort.signal });
    abort.abort(new Error("no longer interested"));
    await expect(waiting).rejects.toThrow("no longer interested");
  });

  test("is forgotten with its parents", async () => {
    const app = testApp();
    for (const id of ["a", "b", "other"]) await store(app, id, "SUCCESS", id);
    await chainResult(app, "a", "b").forget();
    expect(await Promise.all(["a", "b", "other"].map((id) => app.result(id).state()))).toEqual([
      "PENDING",
      "PENDING",
      "SUCCESS",
    ]);
  });
});

describe("a failed task", () => {
  test("is a value without propagate", async () => {
    const app = testApp();
    await store(app, "bad", "FAILURE", BOOM);
    const error = await app.result("bad").get({ propagate: false, timeoutMs: 5000 });
    expect(isTaskError(error)).toBe(true);
    expect(isTaskError(error, "ValueError")).toBe(true);
    expect(isTaskError(error, "KeyError")).toBe(false);
    expect(isTaskError(new Error("ValueError"))).toBe(false);
    expect(isTaskError(undefined)).toBe(false);
  });
});

/** Stores a tree: root -> (a, group of b and c), b -> d; every value is its id. */
async function storeTree(app: App): Promise<void> {
  const tuples = [
    toResultTuple({ id: "a" }),
    toResultTuple({ id: "g", children: [{ id: "b" }, { id: "c" }] }),
  ];
  await store(app, "root", "SUCCESS", "root", { children: tuples });
  await store(app, "a", "SUCCESS", "a", { children: [toResultTuple({ id: "a" })] });
  await store(app, "b", "SUCCESS", "b", { children: [toResultTuple({ id: "d" })] });
  await store(app, "c", "SUCCESS", "c");
  await store(app, "d", "SUCCESS", "d");
}

describe("what a task led to", () => {
  test("is collected breadth first, each once", async () => {
    const app = testApp();
    await storeTree(app);
    const collected: unknown[] = [];
    for await (const { result, value } of app.result("root").collect({ timeoutMs: 5000 })) {
      collected.push([result.id, value]);
    }
    expect(collected).toEqual([
      ["root", "root"],
      ["a", "a"],
      ["g", ["b", "c"]],
      ["b", "b"],
      ["c", "c"],
      ["d", "d"],
    ]);
    const edges: unknown[] = [];
    for await (const { parent, result } of app.result("root").iterdeps()) edges.push([parent?.id, result.id]);
    expect(edges).toEqual([
      [undefined, "root"],
      ["root", "a"],
      ["root", "g"],
      ["g", "b"],
      ["g", "c"],
      ["b", "d"],
    ]);
  });

  test("is not known before it has ended", async () => {
    const app = testApp();
    await store(app, "root", "SUCCESS", 1, { children: [toResultTuple({ id: "later" })] });
    const walk = async (intermediate: boolean): Promise<string[]> => {
      const ids: string[] = [];
      for await (const { result } of app.result("root").iterdeps({ intermediate })) ids.push(result.id);
      return ids;
    };
    await expect(walk(false)).rejects.toMatchObject({ code: "timeout" });
    expect(await walk(true)).toEqual(["root", "later"]);
  });

  test("is an error when it cannot be read", async () => {
    const app = testApp();
    const id = randomUUID();
    await store(app, id, "SUCCESS", 1, { children: [[5]] });
    await expect(app.result(id).children()).rejects.toMatchObject({ code: "bad_result" });
  });
});
