/**
 * The stack machine of pickles, for nodes instead of objects: opcodes push, mark and collect as in CPython's
 * Modules/_pickle.c, and the ones that would import, call or set something only note it down.
 */
import { DecodeError } from "../../protocol/errors.ts";
import { tooDeep } from "../../protocol/json-parser.ts";
import type { DecodeLimits } from "../serializer.ts";
import { type Cursor, malformed } from "./cursor.ts";
import { modernName } from "./names.ts";
import { ContainerNode, GlobalNode, type Node, ObjectNode, TreeNode } from "./nodes.ts";

/** Nodes that a pickle may push, and values that it may unfold to where it shares them. */
export const MAX_NODES = 1_000_000;
/** A date in a zone is three calls within each other, which do not nest once they are values. */
const CALLS_OF_A_SCALAR = 3;

/** What one opcode does. */
export type Operation = (machine: Machine) => void;

export class Machine {
  readonly cursor: Cursor;
  readonly exactFloats: boolean;
  /** Everything that was named, by its path, whether it is still used or not. */
  readonly globals: Map<string, GlobalNode> = new Map();
  readonly #limits: DecodeLimits;
  readonly #stack: Node[] = [];
  /** Where the open marks are in the stack. */
  readonly #marks: number[] = [];
  readonly #memo: Node[] = [];
  /** Places beyond a gap, which picklers do not leave. */
  readonly #farMemo: Map<number, Node> = new Map();
  #pushed = 0;

  constructor(cursor: Cursor, limits: DecodeLimits, exactFloats: boolean) {
    this.cursor = cursor;
    this.exactFloats = exactFloats;
    this.#limits = limits;
  }

  push(node: Node): void {
    this.#count();
    this.#stack.push(node);
  }

  /** Pushes what is used elsewhere too. */
  pushAgain(node: Node): void {
    if (node instanceof TreeNode) node.isShared = true;
    this.push(node);
  }

  pop(): Node {
    const node = this.#stack.length > this.#floor ? this.#stack.pop() : undefined;
    if (node === undefined) throw malformed("it takes a value from an empty stack");
    return node;
  }

  /** So many values, in the order in which they were pushed. */
  take(count: number): Node[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  top(): Node {
    const node = this.pop();
    this.#stack.push(node);
    return node;
  }

  mark(): void {
    this.#count();
    this.#marks.push(this.#stack.length);
  }

  /** What was pushed since the last mark. */
  popToMark(): Node[] {
    const start = this.#marks.pop();
    if (start === undefined) throw malformed("it takes values up to a mark that is not there");
    return this.#stack.splice(start);
  }

  /** CPython takes either. */
  popValueOrMark(): void {
    if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
    else this.pop();
  }

  /** The value that a pickle ends with, which must be all that is left. */
  end(): Node {
    const node = this.pop();
    if (this.#stack.length > 0 || this.#marks.length > 0) throw malformed("values are left over");
    return node;
  }

  remember(index: number): void {
    if (this.#memoSize > MAX_NODES) throw tooMany();
    const node = this.top();
    if (index < this.#memo.length) this.#memo[index] = node;
    else if (index === this.#memo.length) this.#memo.push(node);
    else this.#farMemo.set(index, node);
  }

  rememberNext(): void {
    this.remember(this.#memoSize);
  }

  recall(index: number): void {
    const node = index < this.#memo.length ? this.#memo[index] : this.#farMemo.get(index);
    if (node === undefined) throw malformed(`its memo has nothing at ${index}`);
    this.pushAgain(node);
  }

  pushContainer(kind: ContainerNode["kind"], nodes?: readonly Node[]): void {
    const container = new ContainerNode(kind);
    if (nodes !== undefined) container.add(nodes);
    this.push(this.checkHeight(container));
  }

  pushGlobal(module: string, name: string): void {
    const node = new GlobalNode(...modernName(module, name));
    const known = this.globals.get(node.path);
    if (known === undefined) this.globals.set(node.path, node);
    this.push(known ?? node);
  }

  pushObject(callee: Node, args: readonly Node[]): void {
    this.push(this.checkHeight(new ObjectNode(callee, args)));
  }

  /** Stops what nests too deep while it is small; build.ts measures exactly. */
  checkHeight<T extends ContainerNode | ObjectNode>(node: T): T {
    if (node.height > this.#limits.maxDepth + CALLS_OF_A_SCALAR) throw tooDeep(this.#limits.maxDepth);
    return node;
  }

  get #memoSize(): number {
    return this.#memo.length + this.#farMemo.size;
  }

  get #floor(): number {
    return this.#marks.at(-1) ?? 0;
  }

  #count(): void {
    if (++this.#pushed > MAX_NODES) throw tooMany();
  }
}

/** The error for more values than a body may hold. */
export function tooMany(): DecodeError {
  return new DecodeError("too_large", `The body holds more than ${MAX_NODES} values; send fewer.`);
}
