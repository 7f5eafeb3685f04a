/** Tasks as values: their types flow from the function to `delay()` and to the result. */
import type { PlainObject } from "../protocol/index.ts";
import type { CanvasCaller } from "./canvas/index.ts";
import type { Caller } from "./producer.ts";
import type { TaskContext } from "./task-context.ts";
import type { TaskOptions } from "./task-options.ts";
import { createTaskRef, type TaskRef } from "./task-ref.ts";

/** The function of a task. */
export type TaskFunction<Args extends readonly unknown[], Result> = (
  ...args: Args
) => Result | PromiseLike<Result>;

/** The function of a bound task: its context comes first. */
export type BoundTaskFunction<Args extends readonly unknown[], Result> = (
  self: TaskContext,
  ...args: Args
) => Result | PromiseLike<Result>;

/** A registered task. */
export interface Task<Args extends readonly unknown[] = readonly unknown[], Result = unknown>
  extends TaskRef<Args, Result> {
  readonly options: TaskOptions;
  /** Parameter names that keyword arguments are matched with; undefined when they could not be read. */
  readonly params: readonly string[] | undefined;
  /** Parameters without a default, counted from the front; a call with fewer arguments fails. */
  readonly requiredCount: number;
  /** Runs the function here and now, without a broker. */
  readonly run: (self: TaskContext, args: readonly unknown[]) => unknown;
}

/** What a task is made from. */
export interface TaskDefinition {
  readonly name: string;
  readonly options: TaskOptions;
  readonly fn: (...args: never[]) => unknown;
}

/** Builds the task; `caller` sends. */
export function createTask<Args extends readonly unknown[], Result>(
  { name, options, fn }: TaskDefinition,
  caller: Caller & CanvasCaller,
): Task<Args, Result> {
  const bound = options.bind === true;
  const call = fn as (...args: unknown[]) => unknown;
  const names = options.params ?? parameterNames(fn, bound);
  return {
    ...createTaskRef<Args, Result>(name, caller),
    options,
    params: names,
    requiredCount: Math.max(0, fn.length - (bound ? 1 : 0)),
    run: bound ? (self, args) => call(self, ...args) : (_self, args) => call(...args),
  };
}

/** Arguments in the order of the parameters. Throws TypeError in Python's words when they do not fit. */
export function bindArguments(task: Task, args: readonly unknown[], kwargs: PlainObject): readonly unknown[] {
  const names = Object.keys(kwargs);
  const isMerged = names.length === 0 || task.options.anyKeywords === true;
  const bound = isMerged ? args : mergeKeywords(task, args, kwargs, names);
  if (bound.length < task.requiredCount) {
    const missing = task.requiredCount - bound.length;
    throw new TypeError(`${task.name}() missing ${missing} required argument${missing === 1 ? "" : "s"}`);
  }
  return bound;
}

function mergeKeywords(
  task: Task,
  args: readonly unknown[],
  kwargs: PlainObject,
  names: readonly string[],
): unknown[] {
  const { params } = task;
  if (params === undefined) {
    throw new TypeError(
      `${task.name}() takes no keyword arguments: name its parameters in the option "params"`,
    );
  }
  const bound = [...args];
  for (const name of names) {
    const at = params.indexOf(name);
    if (at === -1) throw new TypeError(`${task.name}() got an unexpected keyword argument '${name}'`);
    if (at < args.length) throw new TypeError(`${task.name}() got multiple values for argument '${name}'`);
    bound[at] = kwargs[name];
  }
  for (let at = args.length; at < task.requiredCount; at += 1) {
    if (!(at in bound)) throw new TypeError(`${task.name}() missing 1 required argument: '${params[at]}'`);
  }
  return Array.from(bound);
}

/** Names of plain parameters, read from the source; undefined when one is destructured or the source is not JavaScript. */
function parameterNames(fn: (...args: never[]) => unknown, bound: boolean): readonly string[] | undefined {
  const list = /^(?:async\s+)?(?:function\b\s*(?:\w+\s*)?)?\(([^()]*)\)|^(?:async\s+)?(\w+)\s*=>/.exec(
    fn.toString(),
  );
  if (list === null) return undefined;
  const names = (list[1] ?? list[2] ?? "")
    .split(",")
    .map((part) => (part.split("=", 1)[0] ?? "").trim())
    .filter((name) => name !== "" && !name.startsWith("..."));
  if (!names.every((name) => /^[\w$]+$/.test(name))) return undefined;
  return bound ? names.slice(1) : names;
}
