/** Celery's tasks that stand for canvases: nobody sends most of them any more, but their messages have a meaning. */
import { type App, applyCanvas } from "../../app/index.ts";
import {
  DecodeError,
  type PlainObject,
  type Signature,
  signature,
  type TaskRequest,
  toResultTuple,
} from "../../protocol/index.ts";
import type { Builtin, RunBuiltin } from "./builtin.ts";

export const CANVAS_BUILTINS: readonly Builtin[] = [
  { name: "celery.accumulate", create: () => accumulate },
  canvasBuiltin("celery.chunks", null, ["task", "it", "n"]),
  canvasBuiltin("celery.group", "group", ["tasks", "result", "group_id", "partial_args"]),
  canvasBuiltin("celery.chain", "chain", ["tasks"]),
  canvasBuiltin("celery.chord", "chord", ["header", "body", "partial_args"]),
];

/** Its arguments as they are, or the one at `index`: the one result of a group that replaces a task. */
const accumulate: RunBuiltin = async ({ args, kwargs: { index } }) => {
  if (index === undefined || index === null) return { state: "SUCCESS", result: args };
  if (!Number.isSafeInteger(index)) throw new DecodeError("bad_body", '"index" must be a whole number.');
  const at = index as number;
  const result = args.at(at);
  if (at >= args.length || at < -args.length) throw new RangeError(`There is no argument ${at}.`);
  return { state: "SUCCESS", result };
};

/** Sends the canvas that the arguments describe. Its result names the results to come. */
function canvasBuiltin(name: string, kind: string | null, params: readonly string[]): Builtin {
  return {
    name,
    create: (app) => async (request) => {
      const kwargs = named(request, params);
      const { group_id: groupId, partial_args: partial, result: _result, ...own } = kwargs;
      const canvas: Signature = { ...signature(name, [], own), subtask_type: kind };
      const args = Array.isArray(partial) ? partial : [];
      return send(app, canvas, args, typeof groupId === "string" ? { task_id: groupId } : {}, request);
    },
  };
}

async function send(
  app: App,
  canvas: Signature,
  args: readonly unknown[],
  options: PlainObject,
  { id, rootId, replyTo }: TaskRequest,
): ReturnType<RunBuiltin> {
  const family = { parent_id: id, root_id: rootId };
  const result = await applyCanvas(app, canvas, { args, options: { ...options, ...family } }, replyTo);
  return { state: "SUCCESS", result: toResultTuple(result) };
}

/** Arguments by position and by name. */
function named({ args, kwargs }: TaskRequest, params: readonly string[]): PlainObject {
  if (args.length > params.length)
    throw new DecodeError("bad_body", `It takes ${params.length} arguments at most, not ${args.length}.`);
  return { ...Object.fromEntries(args.map((value, at) => [params[at], value])), ...kwargs };
}
