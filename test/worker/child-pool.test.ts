import { fileURLToPath } from "node:url";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import type { AsyncResult } from "../../app/index.ts";
import type { Worker } from "../../worker/index.ts";
import type { Lane } from "../../worker/lane.ts";
import { takeMessages, testWorker } from "../helpers/worker.ts";
import { app } from "./child-pool-app.ts";

const appModule = fileURLToPath(new URL("./child-pool-app.ts", import.meta.url));

function call(task: string, ...args: readonly unknown[]): Promise<AsyncResult<unknown>> {
  return app.sendTask(task, { args, queue: "celery" });
}
async function run(task: string, ...args: readonly unknown[]): Promise<unknown> {
  return (await call(task, ...args)).get({ timeoutMs: 20_000 });
}
function laneOf(worker: Worker): Lane {
  const lane = worker.parts?.lanes[0];
  if (lane === undefined) throw new Error("The worker is not running.");
  return lane;
}
function poolOf(worker: Worker): { readonly size: number; readonly pids: readonly number[] } {
  return laneOf(worker).pool;
}

describe.each(["prefork", "threads"])("%s", (pool) => {
  const start = (options: object = {}): Promise<Worker> =>
    testWorker(app, { pool, appModule, concurrency: 2, ...options });

  it("runs tasks elsewhere, and hands back what they return", async () => {
    await start();
    expect(await run("add", 2, 3)).toBe(5);
    const { pid, isMainThread } = (await run("where")) as { pid: number; isMainThread: boolean };
    expect([pid === process.pid, isMainThread]).toEqual(pool === "prefork" ? [false, true] : [true, false]);
    await expect(run("fail")).rejects.toMatchObject({ type: "RangeError", args: ["too far"] });
    expect(await run("exact", Temporal.PlainDate.from("2024-02-29"))).toMatchObject({ kind: "date" });
    expect(await run("exact", 2n ** 70n)).toEqual({ value: 2n ** 70n, kind: "bigint" });
    expect(await run("exact", Uint8Array.of(255, 0))).toMatchObject({ kind: "bytes" });
    await expect(run("unencodable")).rejects.toMatchObject({ type: "EncodeError" });
  });

  it("retries, and stores states in between", async () => {
    await start();
    expect(await run("retry")).toBe(2);
    const states: string[] = [];
    const result = await call("progress");
    await result.get({
      timeoutMs: 20_000,
      onChange: ({ status }: { status: string }) => states.push(status),
    });
    expect(await result.state()).toBe("SUCCESS");
  });

  it("asks a task to stop at the soft limit, and ends it at the hard one", async () => {
    const worker = await start({ concurrency: 1, timeLimit: 1, softTimeLimit: 0.3 });
    await expect(run("patient")).rejects.toMatchObject({
      type: "SoftTimeLimitExceeded",
      module: "billiard.exceptions",
    });
    const [before] = poolOf(worker).pids;
    await expect(run("spin")).rejects.toMatchObject({ type: "TimeLimitExceeded", args: [1] });
    expect(await run("add", 1, 1)).toBe(2);
    if (pool === "prefork") expect(poolOf(worker).pids).not.toContain(before);
  });

  it("lets tasks beside one that is killed run again", async () => {
    await start({ concurrency: 1, childConcurrency: 3 });
    const beside = await call("sleep", 1000);
    const killed = await app.sendTask("patient", { queue: "celery", timeLimit: 0.5 });
    await expect(killed.get({ timeoutMs: 20_000 })).rejects.toMatchObject({ type: "TimeLimitExceeded" });
    expect(await beside.get({ timeoutMs: 20_000 })).toBeTypeOf("number");
  });

  it("replaces a worn-out child", async () => {
    const worker = await start({ concurrency: 1, maxTasksPerChild: 2 });
    const places = [];
    for (let at = 0; at < 5; at += 1) places.push(JSON.stringify(await run("where")));
    expect(new Set(places).size).toBe(3);
    expect(poolOf(worker).size).toBe(1);
  });

  it("grows and shrinks without ending a task", async () => {
    const worker = await start({ concurrency: 1 });
    const long = await call("sleep", 700);
    laneOf(worker).resize(2);
    expect(poolOf(worker).size).toBe(3);
    expect(await run("add", 1, 2)).toBe(3);
    laneOf(worker).resize(-2);
    expect(poolOf(worker).size).toBe(1);
    expect(await long.get({ timeoutMs: 20_000 })).toBeTypeOf("number");
    expect(await run("add", 3, 4)).toBe(7);
  });

  it("starts only when the app can be loaded there", async () => {
    await expect(start({ appModule: "./no-such-module.js" })).rejects.toThrow(/no-such-module/);
  });
});

describe("prefork", () => {
  it("runs a task again whose process died, three times in all, and then keeps it as a dead letter", async () => {
    const worker = await testWorker(app, { pool: "prefork", appModule, concurrency: 2 });
    const poison = await call("die");
    await expect(poison.get({ timeoutMs: 30_000 })).rejects.toMatchObject({ type: "WorkerLostError" });
    const [dead] = await takeMessages(app, "celery.dead", 1);
    expect(dead?.message?.headers).toMatchObject({ id: poison.id, "x-celerity-reason": "worker_lost" });
    expect(await run("add", 1, 1)).toBe(2);
    expect(worker.total.get("die")).toBe(3);
  });

  it("tells a task that it is run again", async () => {
    await testWorker(app, { pool: "prefork", appModule, concurrency: 1 });
    expect(await run("die.once")).toBe("again");
  });

  it("fails a task whose process died when it must not run again", async () => {
    await testWorker(app, { pool: "prefork", appModule, concurrency: 1 });
    await expect(run("die.unkept")).rejects.toMatchObject({
      type: "WorkerLostError",
      module: "billiard.exceptions",
    });
    expect(await run("add", 1, 1)).toBe(2);
  });

  it("serves its own queues beside another pool", async () => {
    const worker = await testWorker(app, {
      queues: ["celery"],
      pool: "async",
      appModule,
      poolFor: [{ queues: ["cpu", "render"], pool: "prefork", concurrency: 1 }],
    });
    const pidOn = async (queue: string): Promise<unknown> => {
      const result = await app.sendTask<{ pid: number }>("where", { queue });
      return (await result.get({ timeoutMs: 20_000 })).pid;
    };
    expect(await pidOn("celery")).toBe(process.pid);
    const children = worker.parts?.lanes[1]?.pool.pids ?? [];
    expect(children).toHaveLength(1);
    expect([await pidOn("cpu"), await pidOn("render")]).toEqual([...children, ...children]);
    expect(worker.queues.map(({ name }) => name)).toEqual(["celery", "cpu", "render"]);
  });

  it("needs the app's module", async () => {
    await expect(testWorker(app, { pool: "prefork" })).rejects.toThrow(/appModule/);
  });
});
