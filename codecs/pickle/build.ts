/** Values from the nodes of a pickle. What a pickle names is looked up in tables here, and nowhere else. */
import { CelerityError, DecodeError, toError } from "../../protocol/errors.ts";
import { tooDeep } from "../../protocol/json-parser.ts";
import { isException } from "../../protocol/states.ts";
import { FrozenSet, PickledObject, type PlainObject, setOwn, Tuple } from "../../protocol/values.ts";
import type { DecodeLimits } from "../serializer.ts";
import { type Builds, Call, inPairs, targetOf } from "./call.ts";
import { malformed } from "./cursor.ts";
import { READ_CALLS, READ_THROUGH, type ReadCall, readException, readObject } from "./globals.ts";
import { requireHashable } from "./hashable.ts";
import { MAX_NODES, tooMany } from "./machine.ts";
import { type Allow, isKnownException, isKnownType } from "./names.ts";
import { ContainerNode, childrenOf, GlobalNode, type Node, ObjectNode } from "./nodes.ts";

/** Calls within each other that are one value, a date in a zone, and some more. */
const SPARE_LEVELS = 8;

/** A value that was built, for where it is used again. */
interface Built {
  readonly value: unknown;
  /** Values in it, itself included. */
  readonly size: number;
  /** Levels of nesting in it. */
  readonly height: number;
}

export class Builder implements Builds {
  readonly #limits: DecodeLimits;
  readonly #allow: Allow;
  /** Paths that no table has, which stand where they may. */
  readonly #excused: Set<string> = new Set();
  readonly #built: Map<Node, Built> = new Map();
  /** The shared nodes around the current one. */
  readonly #around: Set<Node> = new Set();
  #count = 0;
  /** Nodes around the current one. */
  #level = 0;
  /** The deepest level that the shared node around the current one has reached. */
  #deepest = 0;

  constructor(limits: DecodeLimits, allow: Allow) {
    this.#limits = limits;
    this.#allow = allow;
  }

  /** The value of a whole pickle. Throws DecodeError: `pickle_refused` for a name that no table has, used or not. */
  finish(root: Node, globals: Iterable<GlobalNode>): unknown {
    const value = this.build(root, 1);
    for (const global of globals) if (!this.#isKnown(global.path)) throw refused(global);
    return value;
  }

  build(node: Node, depth: number, isError = false): unknown {
    if (node instanceof ContainerNode || node instanceof ObjectNode)
      return node.isShared ? this.#shared(node, depth, isError) : this.#tree(node, depth, isError);
    this.#add(1);
    if (!(node instanceof GlobalNode)) return node;
    if (!isKnownType(node.path) && !this.#allow(node.path)) throw refused(node);
    return new PickledObject(node.module, node.name);
  }

  enter(depth: number): void {
    if (depth > this.#limits.maxDepth) throw tooDeep(this.#limits.maxDepth);
    this.#deepest = Math.max(this.#deepest, depth);
  }

  skip(node: Node): void {
    const seen = new Set<Node>();
    const waiting = [node];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      if (next instanceof GlobalNode) this.#excused.add(next.path);
      for (const child of childrenOf(next)) waiting.push(child);
    }
  }

  /** The value of a node that is used in many places is made once, and measured in each. */
  #shared(node: ContainerNode | ObjectNode, depth: number, isError: boolean): unknown {
    const above = depth - 1;
    const known = this.#built.get(node);
    if (known !== undefined) {
      this.#add(known.size);
      if (known.height > 0) this.enter(above + known.height);
      return known.value;
    }
    if (this.#around.has(node)) throw malformed("a value contains itself");
    const [count, deepest] = [this.#count, this.#deepest];
    this.#deepest = above;
    this.#around.add(node);
    const value = this.#tree(node, depth, isError);
    this.#around.delete(node);
    this.#built.set(node, { value, size: this.#count - count, height: this.#deepest - above });
    this.#deepest = Math.max(deepest, this.#deepest);
    return value;
  }

  #tree(node: ContainerNode | ObjectNode, depth: number, isError: boolean): unknown {
    if (this.#level >= this.#limits.maxDepth + SPARE_LEVELS) throw tooDeep(this.#limits.maxDepth);
    this.#add(1);
    this.#level++;
    const value =
      node instanceof ContainerNode ? this.#container(node, depth) : this.#object(node, depth, isError);
    this.#level--;
    return value;
  }

  #container(node: ContainerNode, depth: number): unknown {
    this.enter(depth);
    if (node.kind === "dict") return this.#dict(node, depth);
    const items = node.nodes.map((item) => this.build(item, depth + 1));
    if (node.kind === "list") return items;
    if (node.kind === "tuple") return Tuple.from(items);
    requireKeys(items);
    return node.kind === "set" ? new Set(items) : new FrozenSet(items);
  }

  #dict(node: ContainerNode, depth: number): PlainObject | Map<unknown, unknown> {
    const isFailure = depth === 1 && isErrorDocument(node);
    const entries = inPairs(node.nodes).map(([key, value]): [unknown, unknown] => [
      this.build(key, depth + 1),
      this.build(value, depth + 1, isFailure && key === "result"),
    ]);
    if (entries.every(([key]) => typeof key === "string")) {
      const object: PlainObject = {};
      for (const [key, value] of entries) setOwn(object, String(key), value);
      return object;
    }
    requireKeys(entries.map(([key]) => key));
    return new Map(entries);
  }

  #object(node: ObjectNode, depth: number, isError: boolean): unknown {
    const target = targetOf(node);
    if (target === undefined)
      throw new DecodeError("pickle_refused", "A pickle calls what another call returns; it is refused.");
    const call = new Call(target, node, this, depth);
    const value = explain(call, this.#readerOf(target.callee, isError));
    call.finish();
    return value;
  }

  #readerOf(callee: GlobalNode, isError: boolean): ReadCall {
    const { path } = callee;
    const known = READ_CALLS.get(path) ?? (isKnownException(path) ? readException : undefined);
    if (known !== undefined) return known;
    if (isError) {
      this.#excused.add(path);
      return readException;
    }
    if (this.#allow(path)) return readObject;
    throw refused(callee);
  }

  #isKnown(path: string): boolean {
    const isListed = READ_CALLS.has(path) || READ_THROUGH.has(path) || isKnownType(path);
    return isListed || this.#excused.has(path) || this.#allow(path);
  }

  #add(count: number): void {
    this.#count += count;
    if (this.#count > MAX_NODES) throw tooMany();
  }
}

/** A result document in a state whose result is an exception, of any class: Celery pickles it as it is. */
function isErrorDocument({ nodes }: ContainerNode): boolean {
  const at = nodes.findIndex((node, index) => index % 2 === 0 && node === "status");
  const status = nodes[at + 1];
  return at !== -1 && typeof status === "string" && isException(status);
}

function requireKeys(keys: readonly unknown[]): void {
  try {
    requireHashable(keys);
  } catch (error) {
    throw malformed(toError(error).message, error);
  }
}

function explain(call: Call, read: ReadCall): unknown {
  try {
    return read(call);
  } catch (error) {
    if (error instanceof CelerityError) throw error;
    throw malformed(
      `a call of ${call.callee.shown} is not what Python writes: ${toError(error).message}`,
      error,
    );
  }
}

function refused({ shown }: GlobalNode): DecodeError {
  return new DecodeError(
    "pickle_refused",
    `A pickle names ${shown}, which is beyond plain data; it is refused. To read objects of that class as data, use createPickleSerializer({ allow: ["${shown}"] }).`,
  );
}
