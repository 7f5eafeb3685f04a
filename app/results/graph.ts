/**
 * The graph around a result, gathered from what is stored: a task's document names the task that sent it, the tasks it
 * sent and the group it is in; a saved group names its members. Read in waves, so that each level costs few round trips.
 */
import type { ResultBackend } from "../../backends/index.ts";
import {
  CelerityError,
  DecodeError,
  fromResultTuple,
  type ResultNode,
  type ResultTuple,
} from "../../protocol/index.ts";
import { GraphBuilder } from "./graph-builder.ts";
import type { ResultHost } from "./result-host.ts";

export interface GraphNode {
  readonly id: string;
  readonly kind: "task" | "group";
  /** The task's name; stored with result_extended only. */
  readonly name?: string;
  /** The task's state: PENDING while nothing is stored, UNREADABLE for a document that cannot be read. Groups have none. */
  readonly state?: string;
}

/**
 * What leads from one result to another, the strongest first: `body` from a chord's header to its body, `member` from a
 * group to its results, `child` from a task to one that it sent, `parent` from a step to the next.
 */
export type EdgeKind = "body" | "member" | "child" | "parent";

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: EdgeKind;
}

export interface ResultGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** True when there is more than the bounds allow. */
  readonly truncated: boolean;
}

export interface GraphOptions {
  /** Most nodes. Default, and most, 10 000. */
  readonly maxNodes?: number;
  /** Most steps away from where it begins. Default 1000. */
  readonly maxDepth?: number;
}

const MAX_NODES = 10_000;
const MAX_DEPTH = 1000;

/** `start` is the id of a task or of a saved group, or results as data. A backend without groups (rpc) gives tasks alone. */
export async function buildGraph(
  host: ResultHost,
  start: string | ResultNode,
  { maxNodes = MAX_NODES, maxDepth = MAX_DEPTH }: GraphOptions = {},
): Promise<ResultGraph> {
  const backend = await host.backend();
  const gathered = new GraphBuilder(Math.min(maxNodes, MAX_NODES));
  gathered.addTree(typeof start === "string" ? await startOf(backend, start) : start);
  for (let depth = 0; gathered.hasNews; depth += 1) {
    if (depth === maxDepth) return { ...gathered.toGraph(), truncated: true };
    const { tasks, groups } = gathered.takeNews();
    const [documents, saved] = await Promise.all([
      backend.getMany(tasks),
      Promise.all(groups.map((id) => savedGroup(backend, id))),
    ]);
    for (const [at, id] of tasks.entries()) gathered.addDocument(id, documents[at]);
    for (const tuple of saved) if (tuple !== undefined) gathered.addTuple(tuple, undefined);
  }
  return gathered.toGraph();
}

/** An id may be a task's or a group's; the one that something is stored for. */
async function startOf(backend: ResultBackend, id: string): Promise<ResultNode> {
  const [document] = await backend.getMany([id]);
  const tuple = document === undefined ? await savedGroup(backend, id) : undefined;
  return tuple === undefined ? { id } : fromResultTuple(tuple);
}

async function savedGroup(backend: ResultBackend, id: string): Promise<ResultTuple | undefined> {
  try {
    return await backend.restoreGroup(id);
  } catch (error) {
    // Without groups, or with one that cannot be read, the rest is still worth showing.
    if (error instanceof DecodeError) return undefined;
    if (error instanceof CelerityError && error.code === "unsupported") return undefined;
    throw error;
  }
}
