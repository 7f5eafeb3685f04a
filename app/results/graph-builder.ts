/** A graph of results while it is gathered. What strangers stored decides its size, so nodes and edges are counted. */
import type { FoundDocument } from "../../backends/index.ts";
import {
  DecodeError,
  fromResultTuple,
  isGroupNode,
  type ResultDocument,
  type ResultNode,
} from "../../protocol/index.ts";
import type { EdgeKind, GraphEdge, GraphNode, ResultGraph } from "./graph.ts";
import { detailsOf } from "./result-details.ts";

/** Most edges, for each node that may be. */
const EDGES_PER_NODE = 4;
/** The strongest first: of two kinds between the same results, it is the one that is shown. */
const STRENGTH: readonly EdgeKind[] = ["body", "member", "child", "parent"];

/** What a task's document says about it. */
interface TaskFacts {
  readonly name?: string;
  readonly state: string;
  readonly groupId?: string;
  readonly parentId?: string;
}

export class GraphBuilder {
  readonly #maxNodes: number;
  readonly #kinds = new Map<string, GraphNode["kind"]>();
  readonly #facts = new Map<string, TaskFacts>();
  readonly #edges = new Map<string, GraphEdge>();
  #news: string[] = [];
  #truncated = false;

  constructor(maxNodes: number) {
    this.#maxNodes = maxNodes;
  }

  /** Are there nodes that nothing was read for? */
  get hasNews(): boolean {
    return this.#news.length > 0;
  }

  /** Those nodes, once. */
  takeNews(): Readonly<Record<"tasks" | "groups", readonly string[]>> {
    const news = this.#news;
    this.#news = [];
    const ofKind = (kind: GraphNode["kind"]): string[] => news.filter((id) => this.#kinds.get(id) === kind);
    return { tasks: ofKind("task"), groups: ofKind("group") };
  }

  /** A result with its members and parents; `sender` is the task that made it. */
  addTree(root: ResultNode, sender?: string): void {
    const edges: GraphEdge[] = sender === undefined ? [] : [{ from: sender, to: root.id, kind: "child" }];
    const open = [root];
    // Grows while it is read.
    for (const node of open) {
      const { id, parent, children = [] } = node;
      if (!this.#addNode(id, isGroupNode(node) ? "group" : "task")) continue;
      for (const member of children) {
        edges.push({ from: id, to: member.id, kind: "member" });
        open.push(member);
      }
      if (parent === undefined) continue;
      const isBody = isGroupNode(parent) && !isGroupNode(node);
      edges.push({ from: parent.id, to: id, kind: isBody ? "body" : "parent" });
      open.push(parent);
    }
    for (const edge of edges) this.#addEdge(edge);
  }

  /** A tuple as stored; one that cannot be read is left out. */
  addTuple(tuple: unknown, sender: string | undefined): void {
    try {
      this.addTree(fromResultTuple(tuple), sender);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }

  /** What is stored for a task that is a node. */
  addDocument(id: string, found: FoundDocument): void {
    this.#facts.set(id, found instanceof DecodeError ? { state: "UNREADABLE" } : factsOf(id, found));
    if (found === undefined || found instanceof DecodeError) return;
    for (const tuple of found.children ?? []) this.addTuple(tuple, id);
    const { parentId, groupId } = this.#facts.get(id) ?? {};
    if (parentId !== undefined && this.#addNode(parentId, "task"))
      this.#addEdge({ from: parentId, to: id, kind: "parent" });
    if (groupId !== undefined && this.#addNode(groupId, "group"))
      this.#addEdge({ from: groupId, to: id, kind: "member" });
  }

  /** False when there is no room for it. */
  #addNode(id: string, kind: GraphNode["kind"]): boolean {
    if (this.#kinds.has(id)) return true;
    if (this.#kinds.size >= this.#maxNodes) {
      this.#truncated = true;
      return false;
    }
    this.#kinds.set(id, kind);
    this.#news.push(id);
    return true;
  }

  #addEdge(edge: GraphEdge): void {
    const { from, to, kind } = edge;
    // A task that was retried names itself as parent and child.
    if (from === to || !this.#kinds.has(from) || !this.#kinds.has(to)) return;
    const pair = pairOf(from, to);
    const known = this.#edges.get(pair);
    if (known !== undefined && STRENGTH.indexOf(known.kind) <= STRENGTH.indexOf(kind)) return;
    if (known === undefined && this.#edges.size >= this.#maxNodes * EDGES_PER_NODE) this.#truncated = true;
    else this.#edges.set(pair, edge);
  }

  toGraph(): ResultGraph {
    const nodes = [...this.#kinds].map(([id, kind]): GraphNode => {
      if (kind === "group") return { id, kind };
      const { name, state = "PENDING" } = this.#facts.get(id) ?? {};
      return { id, kind, ...(name === undefined ? {} : { name }), state };
    });
    const edges = [...this.#edges.values()].flatMap((edge): GraphEdge[] => {
      if (this.#isBody(edge)) return [{ ...edge, kind: "body" }];
      return this.#isThroughGroup(edge) ? [] : [edge];
    });
    return { nodes, edges, truncated: this.#truncated };
  }

  /** A chord's body is stored with its header's group, as if it were a member; but a member sent it. */
  #isBody({ from, to, kind }: GraphEdge): boolean {
    if (kind !== "member") return false;
    const { groupId, parentId = "" } = this.#facts.get(to) ?? {};
    return groupId === from && this.#facts.get(parentId)?.groupId === from;
  }

  /** Does a task's own parent say what its group says already: who sent the group, or that a member of the header sent the body? */
  #isThroughGroup({ from, to, kind }: GraphEdge): boolean {
    const { groupId } = this.#facts.get(to) ?? {};
    if (kind !== "parent" || groupId === undefined) return false;
    return this.#edges.has(pairOf(from, groupId)) || this.#facts.get(from)?.groupId === groupId;
  }
}

function pairOf(from: string, to: string): string {
  return JSON.stringify([from, to]);
}

function factsOf(id: string, document: ResultDocument | undefined): TaskFacts {
  const { state, name, groupId, parentId } = detailsOf(id, document);
  return {
    state,
    ...(name === null ? {} : { name }),
    ...(groupId === null ? {} : { groupId }),
    ...(parentId === null ? {} : { parentId }),
  };
}
