import { describe, expect, it } from "vitest";
import type { StatsPoint, TaskStats } from "../../dashboard/src/lib/documents.ts";
import {
  failureShare,
  latestP95,
  shortCount,
  shortSeconds,
  sortTasks,
  sumsOf,
} from "../../dashboard/src/views/overview/sums.ts";
import { orderBody, WORKER_ORDERS } from "../../dashboard/src/views/worker/orders.ts";

function point(accepted: number, failed: number, p95: number | null): StatsPoint {
  const seconds = { p50: null, p95, p99: null };
  return {
    at: "2026-01-01T00:00:00Z",
    ...{ accepted, started: 0, succeeded: 1, failed, retried: 0, revoked: 0 },
    wait: seconds,
    runtime: seconds,
  };
}

describe("numbers of the overview", () => {
  it("are added, and the newest percentile counts", () => {
    const points = [point(1, 0, 2), point(2, 1, 0.5), point(0, 0, null)];
    expect(sumsOf(points)).toEqual({ accepted: 3, succeeded: 3, failed: 1, retried: 0 });
    expect(failureShare(sumsOf(points))).toBe(0.25);
    expect(failureShare({ succeeded: 0, failed: 0 })).toBeUndefined();
    expect(latestP95(points, "wait")).toBe(0.5);
    expect(latestP95([], "wait")).toBeUndefined();
  });

  it("are short", () => {
    expect([0, 0.000002, 0.0123456, 1.234, 90, 300, 9000].map(shortSeconds)).toEqual([
      "0",
      "2 µs",
      "12.3 ms",
      "1.23 s",
      "90 s",
      "5 min",
      "2.5 h",
    ]);
    expect([0, 12, 999, 1234, 2_500_000].map(shortCount)).toEqual(["0", "12", "999", "1.23k", "2.5M"]);
  });

  it("sort tasks by what is asked for", () => {
    const task = (name: string, succeeded: number, failed: number, p95: number | null): TaskStats => ({
      ...{ task: name, succeeded, failed, retried: 0, p95 },
    });
    const tasks = [task("a", 100, 0, 0.1), task("b", 1, 2, 5), task("c", 50, 3, null)];
    const names = (order: "slowest" | "failing" | "busiest"): string =>
      sortTasks(tasks, order)
        .map((one) => one.task)
        .join("");
    expect([names("slowest"), names("failing"), names("busiest")]).toEqual(["bac", "cba", "acb"]);
  });
});

describe("orders for workers", () => {
  const body = (action: string, texts: Readonly<Record<string, string>>): object => {
    const order = WORKER_ORDERS.find((one) => one.action === action);
    if (order === undefined) throw new Error(action);
    return orderBody(order, texts);
  };

  it("carry what was typed; what is no number goes as text, and is refused with a reason", () => {
    expect(body("grow", { n: " 2 " })).toEqual({ n: 2 });
    expect(body("grow", { n: "two" })).toEqual({ n: "two" });
    expect(body("rate-limit", { task: "t", rate: "" })).toEqual({ task: "t", rate: null });
    expect(body("time-limit", { task: "t", soft: "1.5" })).toEqual({ task: "t", soft: 1.5, hard: null });
    expect(body("shutdown", {})).toEqual({});
  });
});
