/** A call that a pickle asks for, as the tables of globals.ts see it. */
import { malformed } from "./cursor.ts";
import { isKnownType } from "./names.ts";
import { ContainerNode, GlobalNode, type Node, ObjectNode } from "./nodes.ts";

/** What build.ts does for a call; `depth` is the level of nesting that a container there would be. */
export interface Builds {
  build(node: Node, depth: number): unknown;
  /** Throws DecodeError `too_deep`. */
  enter(depth: number): void;
  /** Lets what a node names pass, which is not read. */
  skip(node: Node): void;
}

export class Call {
  readonly callee: GlobalNode;
  readonly nodes: readonly Node[];
  readonly #object: ObjectNode;
  readonly #builds: Builds;
  readonly #depth: number;
  readonly #used: Set<"state" | "items" | "entries"> = new Set();

  constructor(target: Target, object: ObjectNode, builds: Builds, depth: number) {
    this.callee = target.callee;
    this.nodes = target.args;
    this.#object = object;
    this.#builds = builds;
    this.#depth = depth;
  }

  /** An argument; undefined where there is none. */
  arg(index: number): unknown {
    const node = this.nodes[index];
    return node === undefined ? undefined : this.#builds.build(node, this.#depth);
  }

  /** All arguments, as the members of the value that the call stands for. */
  args(): unknown[] {
    return this.#members(this.nodes);
  }

  /** An argument that nobody needs. */
  skip(index: number): void {
    const node = this.nodes[index];
    if (node !== undefined) this.#builds.skip(node);
  }

  state(): unknown {
    this.#used.add("state");
    const { state } = this.#object;
    return state === undefined ? undefined : this.#members([state])[0];
  }

  /** One member of a state that is a dict, when it is a scalar. */
  stateMember(key: string): Node | undefined {
    this.#used.add("state");
    const { state } = this.#object;
    if (!(state instanceof ContainerNode && state.kind === "dict")) return undefined;
    const at = state.nodes.findIndex((node, index) => index % 2 === 0 && node === key);
    return at === -1 ? undefined : state.nodes[at + 1];
  }

  /** What the pickle appends to the object. */
  items(): unknown[] {
    this.#used.add("items");
    return this.#members(this.#object.items ?? []);
  }

  /** What the pickle sets in the object. */
  entries(): [unknown, unknown][] {
    this.#used.add("entries");
    return inPairs(this.#members(this.#object.entries ?? []));
  }

  /** Throws DecodeError `bad_body` when the pickle puts more into the object than was asked for. */
  finish(): void {
    for (const part of ["state", "items", "entries"] as const)
      if (this.#object[part] !== undefined && !this.#used.has(part))
        throw malformed(`${this.callee.shown} has ${part} that it should not have`);
  }

  #members(nodes: readonly Node[]): unknown[] {
    this.#builds.enter(this.#depth);
    return nodes.map((node) => this.#builds.build(node, this.#depth + 1));
  }
}

/** Keys and values in turn, as pairs. */
export function inPairs<T>(flat: readonly T[]): [T, T][] {
  const pairs: [T, T][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([flat[at] as T, flat[at + 1] as T]);
  return pairs;
}

/** What is called, and with what. */
export interface Target {
  readonly callee: GlobalNode;
  readonly args: readonly Node[];
}

/** Looks through the ways in which Python calls a class without calling it. undefined for a call of what has no name. */
export function targetOf({
  callee,
  args,
}: {
  readonly callee: Node;
  readonly args: readonly Node[];
}): Target | undefined {
  const global = callee instanceof ObjectNode ? attributeOf(callee) : callee;
  if (!(global instanceof GlobalNode)) return undefined;
  const [first, second, ...rest] = args;
  switch (global.path) {
    case "copyreg._reconstructor":
      // Protocols 0 and 1: class, the type whose part of the value comes with it, that part.
      if (!(first instanceof GlobalNode && second instanceof GlobalNode)) break;
      if (second.path === "builtins.object") return { callee: first, args: [] };
      if (isKnownType(second.path)) return { callee: first, args: rest };
      break;
    case "copyreg.__newobj__":
      if (first instanceof GlobalNode) return { callee: first, args: args.slice(1) };
      break;
    case "celery.app.base._unpickle_appattr":
      if (typeof first !== "string" || !(second instanceof ContainerNode && second.kind === "tuple")) break;
      return { callee: new GlobalNode("celery.result", first), args: second.nodes };
    default:
  }
  return { callee: global, args };
}

/** `getattr(class, "name")`. */
function attributeOf({ callee, args }: ObjectNode): GlobalNode | undefined {
  const [owner, name] = args;
  if (!(callee instanceof GlobalNode && callee.path === "builtins.getattr")) return undefined;
  if (!(owner instanceof GlobalNode) || typeof name !== "string" || args.length !== 2) return undefined;
  return new GlobalNode(owner.module, `${owner.name}.${name}`);
}
