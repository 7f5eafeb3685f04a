import { describe, expect, onTestFinished, test } from "vitest";
import { type ClusterEvent, type ClusterSnapshot, ClusterState, takeSnapshots } from "../../../app/index.ts";

function event(type: string, more: Readonly<Record<string, unknown>> = {}): ClusterEvent {
  return { type, hostname: "w1", timestamp: 1000, local_received: 1000, clock: 1, uuid: "a", ...more };
}

describe("what strangers send", () => {
  test("is cut to size, and becomes text or nothing where its type is wrong", () => {
    const state = new ClusterState();
    state.event(
      event("task-received", {
        name: "n".repeat(20_000),
        args: [1, { two: true }],
        retries: "many",
        eta: 5,
        note: { deep: [1] },
        __proto__: null,
      }),
    );
    const task = state.tasks.get("a");
    expect(task?.name).toHaveLength(8195);
    expect(task).toMatchObject({ args: "[1, {'two': True}]", retries: null, eta: "5" });
    expect(task?.extra.get("note")).toBe("{'deep': [1]}");
    expect(state.taskTypes).toEqual([]);
    state.event(event("worker-heartbeat", { freq: -1, pid: "7", loadavg: ["x"], active: 1.5, sw_ver: 4 }));
    expect(state.workers.get("w1")).toMatchObject({ freq: 60, pid: null, loadavg: null, active: null });
    expect(state.workers.get("w1")?.softwareVersion).toBe("4");
  });

  test("fills no more than so many fields, tasks and workers", () => {
    const state = new ClusterState({ maxTasks: 10, maxWorkers: 5 });
    const fields = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`field${at}`, at]));
    for (let at = 0; at < 1000; at += 1) {
      state.event(event("task-progress", { uuid: `t${at}`, hostname: `w${at}`, clock: at + 1, ...fields }));
    }
    expect(state.tasks.size).toBe(10);
    expect(state.workers.size).toBe(5);
    expect(state.tasks.get("t999")?.extra.size).toBe(32);
    expect([...state.tasksByTime()].map(({ uuid }) => uuid)).toEqual(
      Array.from({ length: 10 }, (_, at) => `t${999 - at}`),
    );
    expect([...state.tasksByTime({ limit: 2, earliestFirst: true })].map(({ uuid }) => uuid)).toEqual([
      "t990",
      "t991",
    ]);
  });

  test("cannot name what every object has", () => {
    const state = new ClusterState();
    state.event(
      event("task-constructor", { uuid: "__proto__", toString: 1, constructor: 2, hasOwnProperty: 3 }),
    );
    expect(state.tasks.get("__proto__")?.state).toBe("CONSTRUCTOR");
    expect(state.tasks.get("__proto__")?.extra.get("toString")).toBe(1);
    expect({}).not.toHaveProperty("toString", 1);
  });
});

test("a clock that is wrong is told once for each host", () => {
  const warnings: string[] = [];
  const state = new ClusterState({ onWarning: (message) => warnings.push(message) });
  for (const hostname of ["w1", "w1", "w2"])
    state.event(event("worker-heartbeat", { hostname, timestamp: 900 }));
  state.event(event("worker-heartbeat", { hostname: "w3", timestamp: 990 }));
  expect(warnings).toEqual([
    "The clock of w1 and that of this host differ by 100 s, or its events were held up",
    "The clock of w2 and that of this host differ by 100 s, or its events were held up",
  ]);
});

test("clear() forgets what has ended, and keeps what runs in order", () => {
  const state = new ClusterState();
  state.event(event("task-started", { uuid: "a", clock: 2 }));
  state.event(event("task-started", { uuid: "b", clock: 1 }));
  state.event(event("task-succeeded", { uuid: "c", clock: 3 }));
  state.clear();
  expect([...state.tasksByTime()].map(({ uuid }) => uuid)).toEqual(["a", "b"]);
  expect([state.workers.size, state.eventCount, state.taskCount]).toEqual([0, 0, 0]);
  state.clear({ all: true });
  expect(state.tasks.size).toBe(0);
});

describe("takeSnapshots()", () => {
  test("hands out plain data until it is stopped, the last time then", async () => {
    const state = new ClusterState();
    const taken: ClusterSnapshot[] = [];
    const stop = takeSnapshots({
      state,
      everySeconds: 0.01,
      onSnapshot: (snapshot) => void taken.push(snapshot),
      clearAfter: true,
      onError: () => undefined,
    });
    onTestFinished(stop);
    state.event(event("task-received", { name: "add" }));
    state.event(event("worker-heartbeat", { pid: 7 }));
    await expect.poll(() => taken.some(({ tasks }) => tasks.length > 0)).toBe(true);
    const full = taken.find(({ workers }) => workers.length > 0);
    expect(JSON.parse(JSON.stringify(full))).toMatchObject({
      eventCount: 2,
      taskCount: 1,
      workers: [{ hostname: "w1", pid: 7, heartbeats: [1000, 1000] }],
      tasks: [{ uuid: "a", name: "add", state: "RECEIVED", worker: "w1", times: { received: 1000 } }],
    });
    state.event(event("task-succeeded", { uuid: "a", result: "5" }));
    await stop();
    expect(taken.at(-1)?.tasks).toMatchObject([{ uuid: "a", state: "SUCCESS", result: "5" }]);
    const count = taken.length;
    await stop();
    expect(taken).toHaveLength(count);
  });

  test("waits for one before the next, and tells what is thrown", async () => {
    const errors: unknown[] = [];
    let running = 0;
    let calls = 0;
    const stop = takeSnapshots({
      state: new ClusterState(),
      everySeconds: 0.001,
      onSnapshot: async () => {
        running += 1;
        calls += 1;
        expect(running).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
        throw new Error("disk full");
      },
      onError: (error) => errors.push(error),
    });
    await expect.poll(() => calls).toBeGreaterThan(2);
    await stop();
    expect(errors).toHaveLength(calls);
    expect(errors.every((error) => error instanceof Error && error.message === "disk full")).toBe(true);
  });

  test.each([0, -1, Number.NaN, 1e12])("refuses an interval of %s s", (everySeconds) => {
    const options = { state: new ClusterState(), onSnapshot: () => undefined, onError: () => undefined };
    expect(() => takeSnapshots({ ...options, everySeconds })).toThrow(/everySeconds must be/);
  });
});
