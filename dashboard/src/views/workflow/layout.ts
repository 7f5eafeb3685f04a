/** Where the tasks of a workflow stand: a row for each step, from what runs first to what runs last. Plain numbers, no page. */

/** Tasks of a row that are drawn; the rest is counted. */
const MAX_IN_ROW = 8;

/** A node of `GET /v1/workflows/{id}/graph`. */
export interface GraphNode {
  readonly id: string;
  readonly kind: "task" | "group";
  readonly task?: string;
  readonly state?: string;
  readonly worker?: string;
  readonly retries?: number;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: string;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly truncated?: boolean;
}

/** What is drawn: a node, or how many of a row are left out. */
export type Drawn = GraphNode | { readonly id: string; readonly kind: "more"; readonly more: number };

export interface Layout {
  readonly rows: readonly (readonly Drawn[])[];
  readonly places: ReadonlyMap<string, { readonly row: number; readonly column: number }>;
  /** Those between what is drawn. */
  readonly edges: readonly GraphEdge[];
}

/** Edges that lead back are left out of the order. */
export function layOut({ nodes, edges: given }: Graph): Layout {
  const edges = throughMembers(given);
  const levels = levelsOf(nodes, edges);
  const byLevel = new Map<number, GraphNode[]>();
  for (const node of nodes) {
    const level = levels.get(node.id) ?? 0;
    const row = byLevel.get(level) ?? [];
    byLevel.set(level, row);
    row.push(node);
  }
  const rows = [...byLevel.keys()].sort((a, b) => a - b).map((level) => toRow(byLevel.get(level) ?? []));
  const places = new Map<string, { readonly row: number; readonly column: number }>();
  for (const [row, items] of rows.entries())
    for (const [column, { id }] of items.entries()) places.set(id, { row, column });
  return { rows, places, edges: edges.filter(({ from, to }) => places.has(from) && places.has(to)) };
}

/** What follows a group comes after its members: edges lead from them, and not from the group or what was before it. */
function throughMembers(edges: readonly GraphEdge[]): readonly GraphEdge[] {
  const members = new Map<string, string[]>();
  for (const { from, to, kind } of edges)
    if (kind === "member") {
      const known = members.get(from);
      if (known === undefined) members.set(from, [to]);
      else known.push(to);
    }
  const bodies = new Set<string>();
  for (const { from, to, kind } of edges) if (kind === "body" && members.has(from)) bodies.add(to);
  return edges.flatMap((edge) => {
    if (!bodies.has(edge.to)) return [edge];
    if (edge.kind !== "body") return [];
    return (members.get(edge.from) ?? []).map((from) => ({ ...edge, from }));
  });
}

function toRow(nodes: readonly GraphNode[]): readonly Drawn[] {
  if (nodes.length <= MAX_IN_ROW) return nodes;
  const shown = MAX_IN_ROW - 1;
  return [...nodes.slice(0, shown), { id: `more-${nodes[0]?.id}`, kind: "more", more: nodes.length - shown }];
}

/** The longest way to each node, in edges. */
function levelsOf(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): Map<string, number> {
  const before = new Map<string, string[]>(nodes.map(({ id }) => [id, []]));
  for (const { from, to } of edges) before.get(to)?.push(from);
  const levels = new Map<string, number>();
  for (const { id } of nodes) visit(id, before, levels);
  return levels;
}

/** Without recursion: a chain may have thousands of steps. */
function visit(
  start: string,
  before: ReadonlyMap<string, readonly string[]>,
  levels: Map<string, number>,
): void {
  const path = [start];
  const open = new Set<string>();
  for (let id = path.at(-1); id !== undefined; id = path.at(-1)) {
    const causes = before.get(id) ?? [];
    const waiting = causes.find((other) => !levels.has(other) && !open.has(other));
    if (waiting !== undefined && !levels.has(id)) {
      open.add(id);
      path.push(waiting);
      continue;
    }
    if (!levels.has(id)) levels.set(id, Math.max(-1, ...causes.map((other) => levels.get(other) ?? -1)) + 1);
    open.delete(id);
    path.pop();
  }
}
