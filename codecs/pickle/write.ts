/** Values as pickles of protocol 4. */
import { EncodeError, toError } from "../../protocol/errors.ts";
import { describePath } from "../../protocol/plain-tree.ts";
import { DEFAULT_MAX_DEPTH } from "../../protocol/python-json.ts";
import { argsRepr, pythonRepr } from "../../protocol/python-repr.ts";
import {
  DefaultDict,
  FrozenSet,
  isPlainObject,
  OrderedDict,
  PickledObject,
  PythonError,
  Tuple,
} from "../../protocol/values.ts";
import { requireHashable } from "./hashable.ts";
import { type Allow, isKnownException, isKnownType } from "./names.ts";
import { OP } from "./op.ts";
import { Output } from "./output.ts";
import { writePrimitive, writeScalarObject } from "./write-scalars.ts";

/** Values without a JavaScript twin that the reader keeps as PickledObject of itself, see globals.ts. */
const KEPT: ReadonlySet<string> = new Set(
  ["datetime.datetime", "datetime.time", "datetime.timezone", "zoneinfo.ZoneInfo"].concat(
    ["builtins.complex", "builtins.range"],
    "collections.deque",
  ),
);

/** Throws EncodeError naming the place (`$.args[0].x`) of what Python, or our reader, would not take. */
export function writePickle(value: unknown, allow: Allow): Uint8Array {
  const writer = new Writer(allow);
  writer.write(value);
  return writer.output.finish();
}

class Writer {
  readonly output: Output = new Output();
  readonly #allow: Allow;
  readonly #path: (string | number)[] = [];
  /** Objects around the current value, to find cycles. */
  readonly #around: object[] = [];

  constructor(allow: Allow) {
    this.#allow = allow;
  }

  write(value: unknown): void {
    if (typeof value !== "object" || value === null) this.#attempt(() => writePrimitive(this.output, value));
    else if (Array.isArray(value) || isPlainObject(value)) this.#container(value);
    else if (!this.#attempt(() => writeScalarObject(this.output, value))) this.#container(value);
  }

  #container(value: object): void {
    if (this.#around.includes(value)) throw this.#problem("the value contains itself");
    if (this.#around.length >= DEFAULT_MAX_DEPTH)
      throw this.#problem(`the value nests deeper than ${DEFAULT_MAX_DEPTH} levels`);
    this.#around.push(value);
    if (value instanceof PythonError) this.#error(value);
    else if (value instanceof PickledObject) this.#pickled(value);
    else this.#plain(value);
    this.#around.pop();
  }

  #plain(value: object): void {
    const toJson: unknown = Reflect.get(value, "toJSON");
    if (typeof toJson === "function") this.write(this.#attempt((): unknown => toJson.call(value)));
    else if (value instanceof Tuple) this.#tuple(value);
    else if (Array.isArray(value)) this.#items(value, [OP.EMPTY_LIST, OP.MARK], OP.APPENDS);
    else if (value instanceof FrozenSet) this.#items(this.#keys(value), [OP.MARK], OP.FROZENSET);
    else if (value instanceof Set) this.#items(this.#keys(value), [OP.EMPTY_SET, OP.MARK], OP.ADDITEMS);
    else if (value instanceof Map) this.#map(value);
    else if (isPlainObject(value)) this.#dict(Object.entries(value));
    else {
      const name = value.constructor?.name || "an unknown class";
      throw this.#problem(`pickle has no form for ${name}; convert it, or give it a toJSON() method`);
    }
  }

  #tuple(items: readonly unknown[]): void {
    this.#items(items, [OP.MARK], OP.TUPLE);
  }

  #items(items: Iterable<unknown>, begin: readonly number[], end: number): void {
    this.output.op(...begin);
    let index = 0;
    // Iterating also gives the holes of a sparse array.
    for (const item of items) this.#member(index++, item);
    this.output.op(end);
  }

  #map(value: ReadonlyMap<unknown, unknown>): void {
    this.#keys(value.keys());
    if (value instanceof OrderedDict) {
      this.output.global("collections", "OrderedDict");
      this.output.op(OP.EMPTY_TUPLE, OP.REDUCE);
      this.#entries(value);
    } else if (value instanceof DefaultDict) {
      this.output.global("collections", "defaultdict");
      this.output.op(OP.MARK);
      this.#factory(value.factory);
      this.output.op(OP.TUPLE, OP.REDUCE);
      this.#entries(value);
    } else this.#dict(value);
  }

  #dict(entries: Iterable<readonly [unknown, unknown]>): void {
    this.output.op(OP.EMPTY_DICT);
    this.#entries(entries);
  }

  #entries(entries: Iterable<readonly [unknown, unknown]>): void {
    this.output.op(OP.MARK);
    for (const [key, value] of entries) {
      if (value === undefined) continue;
      const step = typeof key === "string" ? key : pythonRepr(key, 60);
      this.#member(step, key);
      this.#member(step, value);
    }
    this.output.op(OP.SETITEMS);
  }

  #factory(factory: string | null): void {
    if (factory === null) {
      this.output.none();
      return;
    }
    const path = factory.includes(".") ? factory : `builtins.${factory}`;
    if (!isKnownType(path) && !this.#allow(path)) throw this.#refused(path);
    this.output.global(path.slice(0, path.lastIndexOf(".")), path.slice(path.lastIndexOf(".") + 1));
  }

  #error({ module, type, args, state }: PythonError): void {
    if (isKnownException(`${module}.${type}`)) {
      this.#call(module, type, args, state);
      return;
    }
    // Celery's own form for exceptions that must not or cannot be called; Python makes a class of that name.
    const text = `${type}${argsRepr(args)}`;
    this.#call("celery.utils.serialization", "UnpickleableExceptionWrapper", [
      module,
      type,
      Tuple.from(args),
      text,
    ]);
  }

  #pickled({ module, name, args, state }: PickledObject): void {
    const path = `${module}.${name}`;
    const isKnown = args === undefined ? isKnownType(path) : KEPT.has(path);
    if (!isKnown && !this.#allow(path)) throw this.#refused(path);
    if (args === undefined) this.output.global(module, name);
    else this.#call(module, name, args, state);
  }

  #call(module: string, name: string, args: readonly unknown[], state?: unknown): void {
    this.output.global(module, name);
    this.#path.push("args");
    this.#tuple(args);
    this.#path.pop();
    this.output.op(OP.REDUCE);
    if (state === undefined) return;
    this.#member("state", state);
    this.output.op(OP.BUILD);
  }

  #keys<T extends Iterable<unknown>>(keys: T): T {
    this.#attempt(() => requireHashable([...keys]));
    return keys;
  }

  #member(step: string | number, member: unknown): void {
    this.#path.push(step);
    this.write(member);
    this.#path.pop();
  }

  /** Runs a rule; its errors get the place. */
  #attempt<T>(rule: () => T): T {
    try {
      return rule();
    } catch (error) {
      throw this.#problem(toError(error).message, error);
    }
  }

  #refused(path: string): EncodeError {
    return this.#problem(
      `Python would have to call ${path}; if that is right, use createPickleSerializer({ allow: ["${path}"] })`,
    );
  }

  #problem(what: string, cause?: unknown): EncodeError {
    return new EncodeError(`pickle cannot carry the value at ${describePath(this.#path)}: ${what}.`, {
      cause,
    });
  }
}
