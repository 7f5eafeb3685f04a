/** The parts of histories by themselves: what is kept of an event, what waits, what is counted. */
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { ClusterEvent } from "../../app/index.ts";
import { toHistoryEvent } from "../../gateway/history/celery-event.ts";
import { HISTORY_TYPES } from "../../gateway/history/event.ts";
import { HistoryQueue } from "../../gateway/history/history-queue.ts";
import { Listening } from "../../gateway/history/listening.ts";
import { historySettings } from "../../gateway/history/options.ts";
import { type Bucket, emptyBucket, readBuckets, writeBuckets } from "../../gateway/history/stats/bucket.ts";
import { addDuration, addHistogram, percentilesOf } from "../../gateway/history/stats/histogram.ts";
import { readStats } from "../../gateway/history/stats/read-stats.ts";
import { Tally } from "../../gateway/history/stats/tally.ts";
import { Problem } from "../../gateway/problems.ts";
import { createMemoryState } from "../../gateway/state/memory-state.ts";

function celeryEvent(type: string, more: Partial<ClusterEvent> = {}): ClusterEvent {
  const at = 1_700_000_000.1234;
  return { type, hostname: "w@host", timestamp: at, clock: 1, local_received: at, uuid: "id-1", ...more };
}

describe("an event of Celery", () => {
  it("is kept with what it says of the task", () => {
    const event = celeryEvent("task-failed", { exception: "ValueError('no')", traceback: "secret", pid: 7 });
    expect(toHistoryEvent(event)).toEqual({
      taskId: "id-1",
      type: "failed",
      atMs: 1_700_000_000_123,
      source: "w@host",
      facts: { worker: "w@host", state: "FAILURE", exception: "ValueError('no')" },
    });
    expect(toHistoryEvent(celeryEvent("task-succeeded", { runtime: 0.5, result: "3" }))?.facts).toEqual({
      worker: "w@host",
      state: "SUCCESS",
      runtime: 0.5,
    });
  });

  it("tells of progress in a few plain values", () => {
    const facts = (more: Partial<ClusterEvent>): unknown =>
      toHistoryEvent(celeryEvent("task-progress", more))?.facts.progress;
    expect(facts({ progress: 0.5 })).toBe(0.5);
    expect(facts({ done: 3, of: 10n, what: { a: 1 }, pid: 1 })).toEqual({
      done: 3,
      of: "?",
      what: '{"a":1}',
    });
  });

  it("is left out when it is none of a task's life, or of a task that cannot be asked for", () => {
    for (const event of [
      celeryEvent("task-custom"),
      celeryEvent("__proto__"),
      celeryEvent("worker-heartbeat"),
      celeryEvent("task-started", { uuid: "a b" }),
      celeryEvent("task-started", { uuid: 7 }),
      celeryEvent("task-started", { timestamp: Number.NaN }),
      celeryEvent("task-started", { timestamp: -1 }),
      celeryEvent("task-started", { timestamp: 1e300 }),
    ])
      expect(toHistoryEvent(event)).toBeUndefined();
  });

  it("is small, whatever it says", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.anything()),
        fc.string({ maxLength: 20_000 }),
        (more, text) => {
          const hostile = { ...more, args: text, kwargs: text, exception: text, eta: text };
          const event = toHistoryEvent(celeryEvent("task-progress", hostile));
          expect(HISTORY_TYPES).toContain(event?.type ?? "progress");
          expect(JSON.stringify(event ?? {}).length).toBeLessThan(1_000_000);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("what waits to be written", () => {
  it("goes out together, and a batch that fails is counted and told of once", async () => {
    const batches: number[][] = [];
    const warnings: string[] = [];
    let isBroken = false;
    const queue = new HistoryQueue<number>({
      onWarning: (message) => void warnings.push(message),
      write: async (items) => {
        if (isBroken) throw new Error("away");
        batches.push([...items]);
      },
    });
    for (const item of [1, 2, 3]) queue.push(item);
    await vi.waitFor(() => expect(batches).toEqual([[1, 2, 3]]), { timeout: 10_000 });
    isBroken = true;
    queue.push(4);
    await queue.flush();
    queue.push(5);
    await queue.flush();
    expect(queue.dropped).toBe(2);
    expect(warnings).toHaveLength(1);
    isBroken = false;
    queue.push(6);
    await queue.flush();
    await queue.flush();
    expect(batches).toEqual([[1, 2, 3], [6]]);
  });

  it("loses the oldest when a store is slow, never the newest", async () => {
    const batches: number[][] = [];
    const warnings: string[] = [];
    let release = (): void => undefined;
    const queue = new HistoryQueue<number>({
      limit: 100,
      onWarning: (message) => void warnings.push(message),
      write: async (items) => {
        batches.push([...items]);
        if (batches.length === 1) await new Promise<void>((resolve) => (release = resolve));
      },
    });
    queue.push(-1);
    const flushed = queue.flush();
    await vi.waitFor(() => expect(batches).toHaveLength(1));
    for (let item = 0; item < 500; item += 1) queue.push(item);
    release();
    await flushed;
    const rest = batches.slice(1).flat();
    expect(rest.at(-1)).toBe(499);
    expect(rest.length).toBeLessThanOrEqual(100);
    expect(queue.dropped + rest.length).toBe(500);
    expect(rest).toEqual([...rest].sort((one, other) => one - other));
    expect(warnings).toEqual([expect.stringContaining("are missing from the history")]);
  });
});

describe("listening", () => {
  const NO_EVENTS = new Problem("control-impossible");

  it("goes on trying while the broker is away, with one warning", async () => {
    vi.useFakeTimers();
    try {
      const warn = vi.fn();
      let tries = 0;
      const listening = new Listening({
        listen: async () => {
          tries += 1;
          if (tries < 4) throw new Error("away");
        },
        logger: { info: () => undefined, warn },
      });
      listening.start();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(tries).toBe(4);
      expect(warn).toHaveBeenCalledTimes(1);
      listening.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it("gives up where there are no events", async () => {
    const info = vi.fn();
    const listening = new Listening({
      listen: () => Promise.reject(NO_EVENTS),
      logger: { info, warn: () => expect.unreachable() },
    });
    listening.start();
    await vi.waitFor(() => expect(info).toHaveBeenCalledTimes(1));
    listening.close();
  });
});

describe("percentiles", () => {
  it("are right to within 20 %, also of histograms that were added", () => {
    const exact = Array.from({ length: 2000 }, (_, at) => 0.002 * 1.004 ** at);
    const halves = [[], []] as [number[], number[]];
    for (const [at, seconds] of exact.entries()) addDuration(at % 3 === 0 ? halves[0] : halves[1], seconds);
    const sum: number[] = [];
    for (const half of halves) addHistogram(sum, half);
    const found = percentilesOf(sum);
    for (const [name, share] of [
      ["p50", 0.5],
      ["p95", 0.95],
      ["p99", 0.99],
    ] as const) {
      const truth = exact[Math.floor(share * exact.length)] ?? 0;
      expect(Math.abs((found[name] ?? 0) / truth - 1), name).toBeLessThan(0.2);
    }
  });

  it("are null without durations, and bounded for absurd ones", () => {
    expect(percentilesOf([])).toEqual({ p50: null, p95: null, p99: null });
    const histogram: number[] = [];
    for (const seconds of [0, -1, 1e12, Number.MIN_VALUE]) addDuration(histogram, seconds);
    expect(histogram.length).toBeLessThan(120);
    expect(percentilesOf(histogram).p50).toBeLessThan(0.01);
  });
});

describe("what is counted", () => {
  it("is the same after it was kept", () => {
    const counts = fc.record({
      accepted: fc.nat(),
      started: fc.nat(),
      succeeded: fc.nat(),
      failed: fc.nat(),
      retried: fc.nat(),
      revoked: fc.nat(),
    });
    const seconds = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 30 });
    const bucket = fc.tuple(counts, seconds, seconds).map(([known, waits, runtimes]): Bucket => {
      const made = { ...emptyBucket(), ...known };
      for (const wait of waits) addDuration(made.wait, wait);
      for (const runtime of runtimes) addDuration(made.runtime, runtime);
      return made;
    });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), bucket), (given) => {
        const buckets = new Map(Object.entries(given));
        expect(new Map(readBuckets(writeBuckets(buckets)))).toEqual(buckets);
      }),
    );
  });

  it("is added over gateways, minutes and hours", async () => {
    const { records } = createMemoryState();
    const onWarning = (): void => expect.unreachable();
    const tallies = [1, 2].map(() => new Tally({ records, keepMs: 86_400_000, onWarning }));
    const nowMs = Date.now();
    for (const tally of tallies) {
      tally.count({ atMs: nowMs, task: "shop.add", name: "succeeded", runtime: 1 });
      tally.count({ atMs: nowMs - 120_000, task: "shop.fail", name: "failed", runtime: 4 });
      // Clocks that are far off.
      tally.count({ atMs: nowMs - 86_400_000, task: "shop.add", name: "started", wait: 1 });
      tally.count({ atMs: nowMs + 86_400_000, task: "shop.add", name: "started", wait: 1 });
      await tally.flush();
    }
    await tallies[0]?.flush();
    const fromMs = (Math.floor(nowMs / 60_000) - 9) * 60_000;
    const { points, tasks } = await readStats(records, { fromMs, stepMs: 60_000, points: 11 });
    const sum = (name: "succeeded" | "failed" | "started"): number =>
      points.reduce((total, point) => total + point[name], 0);
    expect([sum("succeeded"), sum("failed"), sum("started")]).toEqual([2, 2, 4]);
    expect(points[9]).toMatchObject({ succeeded: 2, failed: 0 });
    expect(points[7]).toMatchObject({ failed: 2, succeeded: 0, wait: { p50: null } });
    expect(tasks).toMatchObject([
      { task: "shop.add", succeeded: 2, failed: 0 },
      { task: "shop.fail", succeeded: 0, failed: 2 },
    ]);
    const one = await readStats(records, { fromMs, stepMs: 60_000, points: 11, task: "shop.fail" });
    expect(one.tasks.map(({ task }) => task)).toEqual(["shop.fail"]);
    const hourMs = 3_600_000;
    const hours = await readStats(records, {
      fromMs: (Math.floor(nowMs / hourMs) - 1) * hourMs,
      stepMs: hourMs,
      points: 3,
    });
    expect(hours.points.reduce((total, { succeeded }) => total + succeeded, 0)).toBe(2);
  });

  it("is bounded in the names of tasks", async () => {
    const { records } = createMemoryState();
    const tally = new Tally({ records, keepMs: 86_400_000, onWarning: () => undefined });
    for (let at = 0; at < 500; at += 1) tally.count({ atMs: Date.now(), task: `t${at}`, name: "succeeded" });
    await tally.flush();
    const fromMs = (Math.floor(Date.now() / 60_000) - 1) * 60_000;
    const { tasks, points } = await readStats(records, { fromMs, stepMs: 60_000, points: 2 });
    expect(tasks[0]).toMatchObject({ task: "other", succeeded: 400 });
    expect(points.reduce((sum, { succeeded }) => sum + succeeded, 0)).toBe(500);
  });
});

describe("the options of a history", () => {
  it("have defaults, and bounds", () => {
    expect(historySettings(undefined)).toBeUndefined();
    expect(historySettings({ enabled: false })).toBeUndefined();
    expect(historySettings({})).toEqual({ keepMs: 604_800_000, maxTasks: undefined, observed: true });
    for (const options of [{ seconds: 1 }, { seconds: Number.NaN }, { maxTasks: 0 }, { maxTasks: 1.5 }])
      expect(() => historySettings(options)).toThrow(/history\./);
  });
});
