import { describe, expect, it } from "vitest";
import { type Bootstep, orderSteps } from "../../worker/index.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

describe("orderSteps", () => {
  const step = (name: string, ...requires: readonly string[]): Bootstep => ({
    name,
    requires,
    start: () => undefined,
  });
  const names = (steps: readonly Bootstep[]): string[] => steps.map(({ name }) => name);

  it("keeps the order given, but for what is required first", () => {
    expect(names(orderSteps([step("a", "c"), step("b"), step("c")], [step("d", "a")]))).toEqual([
      "c",
      "a",
      "b",
      "d",
    ]);
  });

  it("replaces a step of the same name where it stood", () => {
    const mine = step("b");
    expect(orderSteps([step("a"), step("b"), step("c")], [mine])[1]).toBe(mine);
  });

  it.each([
    [[step("a", "nobody")], /"a" requires "nobody", which is not there; known are a/],
    [[step("a", "b"), step("b", "a")], /require each other: a -> b -> a/],
  ])("refuses %j", (steps, message) => {
    expect(() => orderSteps(steps, [])).toThrow(message);
  });
});

describe("bootsteps of a worker", () => {
  it("start before messages are taken or after, and stop in reverse when no task runs", async () => {
    const seen: string[] = [];
    const watch = (name: string, requires: readonly string[] = []): Bootstep => ({
      name,
      requires,
      start: (worker) =>
        void seen.push(`${name} starts ${worker.parts?.lanes[0]?.prefetch === 0 ? "before" : "after"}`),
      stop: (worker) => void seen.push(`${name} stops with ${worker.jobs.active.length} active`),
    });
    const worker = await testWorker(testApp(), { steps: [watch("late", ["consumer"]), watch("early")] });
    await worker.stop();
    expect(seen).toEqual([
      "early starts before",
      "late starts after",
      "late stops with 0 active",
      "early stops with 0 active",
    ]);
  });

  it("end the start when one fails, and what had started is stopped", async () => {
    const seen: string[] = [];
    const good: Bootstep = { name: "good", start: () => undefined, stop: () => void seen.push("good stops") };
    const bad: Bootstep = {
      name: "bad",
      requires: ["good"],
      start: () => Promise.reject(new Error("no such device")),
    };
    await expect(testWorker(testApp(), { steps: [good, bad] })).rejects.toThrow("no such device");
    expect(seen).toEqual(["good stops"]);
  });
});

describe("signals", () => {
  it("tell what happens to tasks and the worker", async () => {
    const app = testApp();
    const seen: string[] = [];
    app.on("worker_ready", ({ hostname }) => seen.push(`ready ${hostname.split("@")[0]}`));
    app.on("after_task_publish", ({ task, routingKey }) => seen.push(`${task} published to ${routingKey}`));
    app.on("task_received", ({ task }) => seen.push(`${task} received`));
    app.on("task_prerun", ({ task, request }) => seen.push(`${task} begins with ${request.args.join()}`));
    app.on("task_success", ({ task, result }) => seen.push(`${task} returned ${String(result)}`));
    app.on("task_failure", ({ task, exception }) => seen.push(`${task} raised ${exception.exc_type}`));
    app.on("task_postrun", ({ task, state }) => seen.push(`${task} ended ${state}`));
    app.on("task_unknown", ({ task }) => seen.push(`${task} is unknown`));
    app.on("worker_shutdown", () => seen.push("shut down"));
    const add = app.task("add", (x: number, y: number) => x + y);
    const fail = app.task("fail", () => {
      throw new RangeError("no");
    });
    const worker = await testWorker(app);
    await add.call([2, 3], { timeoutMs: 5000 });
    await fail.call([], { timeoutMs: 5000 }).catch(() => undefined);
    await (await app.sendTask("nobody")).get({ timeoutMs: 5000 }).catch(() => undefined);
    await worker.stop();
    expect(seen).toEqual([
      "ready w",
      "add published to celery",
      "add received",
      "add begins with 2,3",
      "add returned 5",
      "add ended SUCCESS",
      "fail published to celery",
      "fail received",
      "fail begins with ",
      "fail raised RangeError",
      "fail ended FAILURE",
      "nobody published to celery",
      "nobody is unknown",
      "shut down",
    ]);
  });

  it("are not harmed by a listener that throws, and can be left", async () => {
    const app = testApp({});
    const heard: string[] = [];
    const leave = app.on("task_prerun", () => heard.push("first"));
    app.on("task_prerun", () => {
      throw new Error("no");
    });
    const add = app.task("add", (x: number, y: number) => x + y);
    await testWorker(app);
    expect(await add.call([1, 1], { timeoutMs: 5000 })).toBe(2);
    leave();
    expect(await add.call([1, 2], { timeoutMs: 5000 })).toBe(3);
    expect(heard).toEqual(["first"]);
  });
});
