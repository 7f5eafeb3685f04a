import { afterAll, describe, expect, expectTypeOf, it } from "vitest";
import {
  autoretryCountdown,
  bindArguments,
  createApp,
  planRetry,
  type Task,
  type TaskRequestInfo,
} from "../../app/index.ts";

const app = createApp({
  env: {},
  brokerUrl: "memory://task-test",
  resultBackend: "cache+memory://task-test",
});
afterAll(() => app.close());

describe("app.task", () => {
  it("infers argument and result types", () => {
    const add = app.task("types.add", (x: number, y: number) => x + y);
    const later = app.task(
      "types.later",
      { bind: true },
      async (self, name: string) => `${name} ${self.request.retries}`,
    );
    expectTypeOf(add.delay).parameters.toEqualTypeOf<[number, number]>();
    expectTypeOf(add.call).returns.toEqualTypeOf<Promise<number>>();
    expectTypeOf(later.delay).parameters.toEqualTypeOf<[string]>();
    expectTypeOf(later.call).returns.toEqualTypeOf<Promise<string>>();
  });

  it("refuses a second task of the same name", () => {
    app.task("twice", () => 1);
    expect(() => app.task("twice", () => 2)).toThrow(/"twice" is registered already/);
  });

  it("makes signatures", () => {
    const task = app.task("sig", (x: number) => x);
    expect(task.s(1)).toEqual({
      task: "sig",
      args: [1],
      kwargs: {},
      options: {},
      subtask_type: null,
      immutable: false,
    });
  });
});

describe("bindArguments", () => {
  const plain = app.task("bind.plain", (x: number, y: number, z = 3) => [x, y, z]) as unknown as Task;
  const bound = app.task("bind.bound", { bind: true }, async (_self, url: string) => url) as unknown as Task;
  const shaped = app.task("bind.shaped", ({ x }: { x: number }) => x) as unknown as Task;
  const any = app.task("bind.any", { anyKeywords: true }, (x = 1) => x) as unknown as Task;
  const named = app.task("bind.named", { params: ["x"] }, ({ x }: { x: number }) => x) as unknown as Task;

  it.each<[Task, unknown[], Record<string, unknown>, unknown[]]>([
    [plain, [1, 2], {}, [1, 2]],
    [plain, [1], { y: 2 }, [1, 2]],
    [plain, [], { y: 2, x: 1 }, [1, 2]],
    [plain, [], { y: 2, x: 1, z: 9 }, [1, 2, 9]],
    [bound, [], { url: "u" }, ["u"]],
    [named, [], { x: { x: 1 } }, [{ x: 1 }]],
    [any, [2], { q: 1 }, [2]],
  ])("%# puts keyword arguments in their places", (task, args, kwargs, expected) => {
    expect(bindArguments(task, args, kwargs)).toEqual(expected);
  });

  it.each<[Task, unknown[], Record<string, unknown>, RegExp]>([
    [plain, [1], {}, /bind.plain\(\) missing 1 required argument/],
    [plain, [], { y: 1 }, /missing 1 required argument: 'x'/],
    [plain, [1, 2], { q: 1 }, /unexpected keyword argument 'q'/],
    [plain, [1, 2], { x: 1 }, /multiple values for argument 'x'/],
    [plain, [1, 2], { __proto__: null, toString: 1 }, /unexpected keyword argument 'toString'/],
    [shaped, [], { x: 1 }, /name its parameters in the option "params"/],
  ])("%# refuses what does not fit, in Python's words", (task, args, kwargs, message) => {
    expect(() => bindArguments(task, args, kwargs)).toThrow(message);
  });
});

describe("planRetry", () => {
  const request = { id: "i", task: "t", retries: 2 } as TaskRequestInfo;

  it("waits 180 s three times by default, as Celery", () => {
    const retry = planRetry(request, {}, {}, 1_000_000);
    expect(retry).toMatchObject({ etaMs: 1_180_000, retries: 3 });
    expect(() => planRetry({ ...request, retries: 3 }, {}, {}, 0)).toThrow(/all 3 retries are used up/);
  });

  it("throws the reason itself when no retry is left", () => {
    const reason = new RangeError("why");
    expect(() => planRetry(request, { maxRetries: 2 }, { error: reason }, 0)).toThrow(reason);
  });

  it("never stops with maxRetries null", () => {
    expect(planRetry({ ...request, retries: 1e6 }, { maxRetries: null }, { countdown: 1 }, 0).etaMs).toBe(
      1000,
    );
  });
});

describe("autoretryCountdown", () => {
  const half = (): number => 0.5;
  it.each([
    [0, { retryBackoff: true, retryJitter: false }, 1],
    [3, { retryBackoff: true, retryJitter: false }, 8],
    [3, { retryBackoff: 5, retryJitter: false }, 40],
    [20, { retryBackoff: true, retryJitter: false }, 600],
    [20, { retryBackoff: true, retryBackoffMax: 30, retryJitter: false }, 30],
    [3, { retryBackoff: true }, 4],
    [3, { defaultRetryDelay: 7 }, 7],
  ])("after %i retries with %j waits %i s", (retries, options, seconds) => {
    expect(autoretryCountdown(retries, options, half)).toBe(seconds);
  });
});
