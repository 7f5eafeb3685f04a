/** Tasks as callers see them, whoever runs them: their types flow to `delay()`, to signatures and to the result. */
import type { WaitOptions } from "../backends/index.ts";
import { chunksSignature, mapSignature } from "../canvas/index.ts";
import { signature } from "../protocol/index.ts";
import {
  type Args as AnyArgs,
  type CallableSignature,
  type CanvasCaller,
  callable,
  type MissingArgs,
  type PartialArgs,
} from "./canvas/index.ts";
import type { Caller, SendOptions } from "./producer.ts";
import type { AsyncResult } from "./results/index.ts";

/** Options of one call; `args` is a parameter of its own. */
export type ApplyOptions = Omit<SendOptions, "args">;

/** A task that can be sent. */
export interface TaskRef<Args extends AnyArgs = AnyArgs, Result = unknown> {
  readonly name: string;
  /** Sends the task. */
  delay(...args: Args): Promise<AsyncResult<Result>>;
  /** Sends the task with options. */
  applyAsync(args: Args, options?: ApplyOptions): Promise<AsyncResult<Result>>;
  /** Sends the task and waits for its result: the shortest way there is, since the wait starts with the sending. */
  call(args: Args, options?: ApplyOptions & WaitOptions): Promise<Result>;
  /** The call as data, for links and canvases. The first arguments may be left to what runs before it. */
  s<Given extends PartialArgs<Args>>(...args: Given): CallableSignature<MissingArgs<Args, Given>, Result>;
  /** The same for a call that takes nothing from what runs before it. */
  si(...args: Args): CallableSignature<AnyArgs, Result>;
  /** One task that calls this one for each item, one after the other. */
  map(items: readonly Args[0][]): CallableSignature<AnyArgs, Result[]>;
  /** One task that calls this one for each list of arguments, one after the other. */
  starmap(items: readonly Args[]): CallableSignature<AnyArgs, Result[]>;
  /** A group of such tasks with at most `size` lists of arguments each. */
  chunks(items: readonly Args[], size: number): CallableSignature<AnyArgs, Result[][], "group">;
}

/** A task by its name; `caller` sends. */
export function createTaskRef<Args extends AnyArgs, Result>(
  name: string,
  caller: Caller & CanvasCaller,
): TaskRef<Args, Result> {
  const called = signature(name);
  return {
    name,
    delay: (...args) => caller.send<Result>(name, { args }),
    applyAsync: (args, options) => caller.send<Result>(name, { ...options, args }),
    call: (args, options) => caller.call<Result>(name, { ...options, args }),
    s: (...args) => callable(signature(name, args), caller),
    si: (...args) => callable({ ...signature(name, args), immutable: true }, caller),
    map: (items) => callable(mapSignature("celery.map", called, items), caller),
    starmap: (items) => callable(mapSignature("celery.starmap", called, items), caller),
    chunks: (items, size) => callable(chunksSignature(called, items, size), caller),
  };
}
