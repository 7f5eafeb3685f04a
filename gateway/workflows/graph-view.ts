/** The graph of a workflow for machines: nodes with names, states and times. */
import type { GraphEdge, GraphNode } from "../../app/index.ts";
import { isReady } from "../../protocol/index.ts";
import { withOffset } from "../times.ts";
import type { Workflow } from "./look.ts";

export interface GraphNodeView {
  readonly id: string;
  readonly kind: "task" | "group";
  readonly task?: string;
  /** Absent for groups. */
  readonly state?: string;
  readonly done_at?: string;
  readonly worker?: string;
  readonly retries?: number;
}

export interface GraphView {
  readonly id: string;
  readonly nodes: readonly GraphNodeView[];
  readonly edges: readonly GraphEdge[];
  /** There is more than the bounds allow. */
  readonly truncated: boolean;
}

export function toGraphView({ id, graph, documents }: Workflow): GraphView {
  const node = ({ id: nodeId, kind, name, state }: GraphNode): GraphNodeView => {
    const { status = "", date_done: done, worker, retries } = documents.get(nodeId) ?? {};
    return {
      id: nodeId,
      kind,
      ...(name === undefined ? {} : { task: name }),
      ...(state === undefined ? {} : { state }),
      ...(typeof done === "string" && isReady(status) ? { done_at: withOffset(done) } : {}),
      ...(typeof worker === "string" ? { worker } : {}),
      ...(typeof retries === "number" ? { retries } : {}),
    };
  };
  return { id, nodes: graph.nodes.map(node), edges: graph.edges, truncated: graph.truncated };
}
