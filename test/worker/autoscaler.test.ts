import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Lane } from "../../worker/lane.ts";
import { Autoscaler } from "../../worker/steps/autoscaler.ts";
import { testApp, testWorker } from "../helpers/worker.ts";
import { app } from "./child-pool-app.ts";

/** A lane that only counts. */
class CountedLane {
  readonly pool: { size: number } = { size: 2 };
  readonly queues: readonly { readonly name: string }[] = [{ name: "celery" }];
  active = 0;
  waiting = 0;

  get scheduler(): object {
    return { active: { size: this.active }, besideCount: 0, waiting: { length: this.waiting } };
  }

  resize(by: number): void {
    this.pool.size += by;
  }
}

describe("Autoscaler", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const create = (): { lane: CountedLane; autoscaler: Autoscaler; queued: { size: number } } => {
    const lane = new CountedLane();
    const queued = { size: 0 };
    const autoscaler = new Autoscaler({
      lane: lane as unknown as Lane,
      max: 8,
      min: 2,
      queueSize: async () => queued.size,
      onWarning: () => undefined,
    });
    autoscaler.start();
    return { lane, autoscaler, queued };
  };
  const pass = (seconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(seconds * 1000);

  it("grows with what the worker holds and what waits in its queues, up to the most", async () => {
    const { lane, queued } = create();
    lane.active = 2;
    lane.waiting = 1;
    await pass(1);
    expect(lane.pool.size).toBe(3);
    queued.size = 2;
    await pass(1);
    expect(lane.pool.size).toBe(5);
    queued.size = 1000;
    await pass(1);
    expect(lane.pool.size).toBe(8);
  });

  it("shrinks when the last growth is long ago, down to the least", async () => {
    const { lane } = create();
    lane.active = 6;
    await pass(1);
    expect(lane.pool.size).toBe(6);
    lane.active = 3;
    await pass(25);
    expect(lane.pool.size).toBe(6);
    await pass(10);
    expect(lane.pool.size).toBe(3);
    lane.active = 0;
    await pass(60);
    expect(lane.pool.size).toBe(2);
  });

  it("changes its range at once, and tells it", async () => {
    const { lane, autoscaler } = create();
    expect(autoscaler.update(20, 4)).toEqual({ max: 20, min: 4 });
    expect(lane.pool.size).toBe(4);
    expect(autoscaler.update(3, 1)).toEqual({ max: 3, min: 1 });
    expect(lane.pool.size).toBe(3);
    expect(autoscaler.info()).toEqual({ max: 3, min: 1, current: 3, qty: 0 });
    autoscaler.stop();
    lane.active = 100;
    await pass(10);
    expect(lane.pool.size).toBe(3);
  });
});

describe("a worker that scales", () => {
  it("starts with the least, and grows under load", async () => {
    const appModule = fileURLToPath(new URL("./child-pool-app.ts", import.meta.url));
    const worker = await testWorker(app, { pool: "prefork", appModule, autoscale: { max: 3, min: 1 } });
    expect(worker.parts?.lanes[0]?.pool.size).toBe(1);
    const results = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(() => app.sendTask("sleep", { args: [1500], queue: "celery" })),
    );
    await expect.poll(() => worker.parts?.lanes[0]?.pool.size, { timeout: 10_000 }).toBe(3);
    const pids = await Promise.all(results.map((result) => result.get({ timeoutMs: 40_000 })));
    expect(new Set(pids).size).toBe(3);
  });

  it("needs a pool that can grow", async () => {
    await expect(testWorker(testApp(), { pool: "async", autoscale: { max: 3, min: 1 } })).rejects.toThrow(
      /fixed size/,
    );
  });
});
