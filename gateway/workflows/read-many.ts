/** One task over many arguments: `map` and `starmap` are one call each, `chunks` a group of them. */
import { group } from "../../canvas/index.ts";
import { isPlainObject, type PlainObject, type Signature } from "../../protocol/index.ts";
import { type CanvasChecks, NOTHING } from "./canvas-checks.ts";
import type { GivenOptions } from "./given-options.ts";

export type ManyForm = "map" | "starmap" | "chunks";

export interface ManyPlace {
  /** JSON Pointer to its parts. */
  readonly at: string;
  readonly given: GivenOptions;
}

/** Parts of a signature that may stand in one that is nothing but a name. */
const EMPTY_PARTS = ["subtask_type", "immutable", "chord_size"];

/** `value` is what stands beside the form's name. */
export function readMany(
  form: ManyForm,
  value: unknown,
  { at, given }: ManyPlace,
  checks: CanvasChecks,
): Signature {
  const { task: called, it, n, ...others } = isPlainObject(value) ? value : {};
  if (Object.keys(others).length > 0 || (n !== undefined) !== (form === "chunks")) {
    const parts = form === "chunks" ? "task, it and n" : "task and it";
    return checks.wrong(at, `must be an object with ${parts} alone`);
  }
  if (!Array.isArray(it) || it.length === 0)
    return checks.wrong(`${at}/it`, "must be an array of one or more items");
  const bare = form === "map" ? -1 : it.findIndex((item) => !Array.isArray(item));
  if (bare >= 0) return checks.wrong(`${at}/it/${bare}`, "must be an array: the arguments of one call");
  if (n !== undefined && (typeof n !== "number" || !Number.isSafeInteger(n) || n < 1))
    return checks.wrong(`${at}/n`, "must be a whole number, 1 or more");
  checks.count(n === undefined ? 1 : Math.ceil(it.length / n), at);
  checks.requirePlain(it, `${at}/it`);
  const task = readCalled(called, `${at}/task`, given, checks);
  const call = (name: string, items: readonly unknown[]): Signature => ({
    ...NOTHING,
    task: name,
    kwargs: { task, it: items },
    options: checks.optionsOf(given, { task: name }),
    immutable: true,
  });
  if (n === undefined) return call(`celery.${form}`, it);
  const parts = Array.from({ length: Math.ceil(it.length / n) }, (_, part) =>
    it.slice(part * n, part * n + n),
  );
  return group(parts.map((part) => call("celery.starmap", part)));
}

/** The task that is called: its name, or a signature of which the name is all. */
function readCalled(value: unknown, pointer: string, around: GivenOptions, checks: CanvasChecks): Signature {
  const given: PlainObject = isPlainObject(value) ? value : { task: value };
  const { task: name, args = [], kwargs = {}, options = {}, ...others } = given;
  if (typeof name !== "string") return checks.wrong(pointer, "must be the name of a task");
  checks.requireAllowed(name, given === value ? `${pointer}/task` : pointer, around);
  const isEmpty = [args, kwargs, options].every((part) =>
    ["[]", "{}", "null"].includes(JSON.stringify(part)),
  );
  const isPlain = Object.entries(others).every(
    ([key, part]) => EMPTY_PARTS.includes(key) && (part === null || part === false),
  );
  if (!isEmpty || !isPlain)
    return checks.wrong(pointer, "must be a task without arguments and options: the items are its arguments");
  return { ...NOTHING, task: name };
}
