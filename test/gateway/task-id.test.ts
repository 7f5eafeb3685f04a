import { expect, it } from "vitest";
import { newTaskId } from "../../gateway/task-id.ts";

const VERSION_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

it("makes UUIDs of version 7, in the order of their time", () => {
  const nowMs = Date.parse("2030-01-02T03:04:05.678Z");
  const ids = Array.from({ length: 1000 }, (_, at) => newTaskId(nowMs + at));
  for (const id of ids) expect(id).toMatch(VERSION_7);
  expect(ids).toEqual([...ids].sort());
  expect(ids[0]?.slice(0, 13).replace("-", "")).toBe(nowMs.toString(16).padStart(12, "0"));
});

it("makes every id once", () => {
  expect(new Set(Array.from({ length: 10_000 }, () => newTaskId(0))).size).toBe(10_000);
});
