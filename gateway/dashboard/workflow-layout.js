/** Where the tasks of a workflow stand: a row for each step, from what runs first to what runs last. Plain numbers, no page. */

/** Tasks of a row that are drawn; the rest is counted. */
const MAX_IN_ROW = 8;

/**
 * Rows of nodes, each `{ ...node, column }`, and edges between what is drawn. `nodes` and `edges` are those of
 * `GET /v1/workflows/{id}/graph`. Edges that lead back are left out of the order.
 */
export function layOut({ nodes, edges }) {
  const levels = levelsOf(nodes, edges);
  const rows = [];
  for (const node of nodes) {
    const level = levels.get(node.id) ?? 0;
    rows[level] ??= [];
    rows[level].push(node);
  }
  const drawn = rows.filter((row) => row !== undefined).map(toRow);
  const places = new Map();
  for (const [row, items] of drawn.entries())
    for (const [column, { id }] of items.entries()) places.set(id, { row, column });
  const between = edges.filter(({ from, to }) => places.has(from) && places.has(to));
  return { rows: drawn, places, edges: between };
}

function toRow(nodes) {
  if (nodes.length <= MAX_IN_ROW) return nodes;
  const more = nodes.length - (MAX_IN_ROW - 1);
  return [...nodes.slice(0, MAX_IN_ROW - 1), { id: `more-${nodes[0].id}`, kind: "more", more }];
}

/** The longest way to each node, in edges. */
function levelsOf(nodes, edges) {
  const before = new Map(nodes.map(({ id }) => [id, []]));
  for (const { from, to } of edges) before.get(to)?.push(from);
  const levels = new Map();
  for (const { id } of nodes) visit(id, before, levels);
  return levels;
}

/** Without recursion: a chain may have thousands of steps. */
function visit(start, before, levels) {
  const path = [start];
  const open = new Set();
  while (path.length > 0) {
    const id = path.at(-1);
    const waiting = (before.get(id) ?? []).filter((other) => !(levels.has(other) || open.has(other)));
    if (waiting.length > 0 && !levels.has(id)) {
      open.add(id);
      path.push(waiting[0]);
      continue;
    }
    if (!levels.has(id)) {
      const known = (before.get(id) ?? []).map((other) => levels.get(other) ?? -1);
      levels.set(id, Math.max(-1, ...known) + 1);
    }
    open.delete(id);
    path.pop();
  }
}
