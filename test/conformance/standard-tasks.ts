/** Calls of the standard tasks, and what comes of them. */
import { expect } from "vitest";
import type { Answered } from "./adapter-process.ts";

const UUID = expect.stringMatching(/^[0-9a-f-]{36}$/);
/** A tagged integer. */
export const int = (value: number): Answered => ({ $int: String(value) });
/** What is answered for a task that returned `value`. */
export const success = (value: unknown): Answered => ({ state: "SUCCESS", value });
const failure = (type: string, message: unknown = "oh no"): Answered => ({
  state: "FAILURE",
  error: { type, message },
});

/** A call of a standard task, and its result. */
export interface Case {
  readonly task: string;
  readonly args?: readonly unknown[];
  readonly kwargs?: Answered;
  readonly options?: Answered;
  readonly gives: Answered;
}

/** All of them, at least once. */
export const CASES: readonly Case[] = [
  {
    task: "add",
    args: [int(2)],
    kwargs: { y: { $int: "36893488147419103232" } },
    gives: success({ $int: "36893488147419103234" }),
  },
  { task: "echo", args: [{ $float: "1.0" }], gives: success({ $float: "1.0" }) },
  { task: "kwargs", kwargs: { a: int(1), "naïve ☃": [] }, gives: success({ a: int(1), "naïve ☃": [] }) },
  {
    task: "types",
    gives: success({
      null: null,
      true: true,
      int: int(1),
      float: { $float: "1.5" },
      text: "naïve ☃",
      list: [int(1), [int(2)]],
      object: { a: { b: null } },
    }),
  },
  { task: "big", args: [int(70_000)], gives: success("x".repeat(70_000)) },
  {
    task: "meta",
    options: { task_id: "meta-1", headers: { "x-own": "1" } },
    gives: success({
      id: "meta-1",
      retries: int(0),
      root_id: "meta-1",
      parent_id: null,
      group: null,
      correlation_id: "meta-1",
      headers: { "x-own": "1" },
    }),
  },
  { task: "fail", args: ["KeyError", "oh no"], gives: failure("KeyError") },
  { task: "fail", args: ["MadeUpError", "oh no"], gives: failure("MadeUpError") },
  { task: "retry", args: [int(2)], gives: success(int(2)) },
  { task: "sleep", args: [int(20)], gives: success(int(20)) },
  { task: "progress", args: [int(2)], gives: success(int(2)) },
  { task: "ignored", args: [int(1)], gives: { state: "PENDING" } },
  { task: "late", args: [int(20)], gives: success(int(20)) },
  { task: "crash", gives: failure("WorkerLostError", expect.any(String)) },
  { task: "late_crash", gives: success("again") },
  { task: "call", args: ["conf.add", [int(1), int(2)]], gives: success(UUID) },
  { task: "replace", args: ["conf.add", [int(1), int(2)]], gives: success(int(3)) },
  { task: "sum", args: [[int(1), int(2)]], gives: success(int(3)) },
  { task: "soft", args: [int(60_000)], options: { soft_time_limit: int(1) }, gives: success("soft") },
];

const signature = (task: string, args: readonly unknown[]): Answered => ({
  task,
  args,
  kwargs: {},
  options: {},
  subtask_type: null,
  immutable: false,
});
const canvas = (kind: string, kwargs: Answered): Answered => ({
  ...signature(`celery.${kind}`, []),
  kwargs,
  subtask_type: kind,
});
const SUMS = [signature("conf.add", [int(1), int(2)]), signature("conf.add", [int(3), int(4)])];
/** Both are 10. */
export const CANVASES: Readonly<Record<string, Answered>> = {
  chain: canvas("chain", { tasks: [SUMS[0], signature("conf.add", [int(7)])] }),
  chord: canvas("chord", {
    header: canvas("group", { tasks: SUMS }),
    body: signature("conf.sum", []),
    kwargs: {},
  }),
};
