/**
 * What a pickle describes, before anything is made of it: the machine (machine.ts) puts these together, and build.ts makes
 * values of them. Nodes may be shared, and containers grow until the pickle ends.
 */
import type { Float } from "../../protocol/values.ts";

/** Values that are finished as soon as they are read. */
export type Scalar = null | boolean | number | bigint | string | Float | Uint8Array;
export type Node = Scalar | ContainerNode | GlobalNode | ObjectNode;

/** What nests. */
export abstract class TreeNode {
  /** Whether the pickle uses it again, so that it may stand in several places, or in itself. */
  isShared = false;
  /** Levels of nesting in it, itself included; what its children got after it took them in is not counted. */
  height = 1;

  protected grow(children: readonly Node[]): void {
    for (const child of children)
      if (child instanceof TreeNode && child.height >= this.height) this.height = child.height + 1;
  }
}

/** A list, tuple, set or dict; the nodes of a dict are keys and values in turn. */
export class ContainerNode extends TreeNode {
  readonly kind: "list" | "tuple" | "set" | "frozenset" | "dict";
  /** undefined while it is empty, for there may be very many. */
  #nodes: Node[] | undefined;

  constructor(kind: ContainerNode["kind"]) {
    super();
    this.kind = kind;
  }

  get nodes(): readonly Node[] {
    return this.#nodes ?? [];
  }

  add(nodes: readonly Node[]): void {
    this.#nodes = extend(this.#nodes, nodes);
    this.grow(nodes);
  }
}

/** A class or function, by its name only. */
export class GlobalNode {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }

  get path(): string {
    return `${this.module}.${this.name}`;
  }

  /** The path for messages, whatever it holds. */
  get shown(): string {
    return JSON.stringify(this.path.slice(0, 200)).slice(1, -1);
  }
}

/** A call that the pickle asks for, which nobody makes, and what it would then put into the object. */
export class ObjectNode extends TreeNode {
  readonly callee: Node;
  readonly args: readonly Node[];
  /** undefined: the pickle gives none. */
  state: Node | undefined;
  items: Node[] | undefined;
  /** Keys and values in turn. */
  entries: Node[] | undefined;

  constructor(callee: Node, args: readonly Node[]) {
    super();
    this.callee = callee;
    this.args = args;
    this.grow([callee]);
    this.grow(args);
  }

  setState(state: Node): void {
    this.state = state;
    this.grow([state]);
  }

  addItems(nodes: readonly Node[]): void {
    this.items = extend(this.items, nodes);
    this.grow(nodes);
  }

  addEntries(nodes: readonly Node[]): void {
    this.entries = extend(this.entries, nodes);
    this.grow(nodes);
  }
}

/** The nodes that a node is made of. */
export function childrenOf(node: Node): readonly Node[] {
  if (node instanceof ContainerNode) return node.nodes;
  if (!(node instanceof ObjectNode)) return [];
  const { callee, args, state = null, items = [], entries = [] } = node;
  return [callee, ...args, state, ...items, ...entries];
}

function extend(list: Node[] | undefined, more: readonly Node[]): Node[] | undefined {
  if (list === undefined) return more.length === 0 ? undefined : [...more];
  for (const node of more) list.push(node);
  return list;
}
