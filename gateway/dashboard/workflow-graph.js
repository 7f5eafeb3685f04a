/** The workflow that a task is part of, drawn: its tasks with their states, and what leads to what. */
import { ApiError, fetchJson } from "./api.js";
import { h, toneOf } from "./dom.js";
import { layOut } from "./workflow-layout.js";

const SVG = "http://www.w3.org/2000/svg";
const NODE = { width: 132, height: 34, across: 12, down: 30 };
/** Between two looks while the workflow goes on. */
const LOOK_MS = 2000;

/** Draws into `place` until `signal` is aborted or the workflow is over. A task that stands alone draws nothing. */
export async function followWorkflow(id, place, signal) {
  while (!signal.aborted) {
    const graph = await fetchJson(`v1/workflows/${encodeURIComponent(id)}/graph`, { signal }).catch(ignore);
    if (graph === undefined || signal.aborted) return;
    if (graph.nodes.length > 1) place.replaceChildren(h("h3", {}, "Workflow"), draw(graph, id));
    if (graph.nodes.every(isOver)) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** A store that knows no workflows, or a panel that was closed: the rest of the page has what there is to say. */
function ignore(error) {
  if (error instanceof ApiError || error.name === "AbortError") return undefined;
  throw error;
}

function isOver({ kind, state }) {
  return kind !== "task" || ["SUCCESS", "FAILURE", "REVOKED"].includes(state);
}

function draw(graph, id) {
  const { rows, places, edges } = layOut(graph);
  const widest = Math.max(...rows.map((row) => row.length));
  const width = widest * (NODE.width + NODE.across) - NODE.across;
  const height = rows.length * (NODE.height + NODE.down) - NODE.down;
  const left = ({ row, column }) =>
    (width - (rows[row].length * (NODE.width + NODE.across) - NODE.across)) / 2 +
    column * (NODE.width + NODE.across);
  const top = ({ row }) => row * (NODE.height + NODE.down);
  const lines = edges.map(({ from, to, kind }) => {
    const [start, end] = [places.get(from), places.get(to)];
    const [x1, x2] = [left(start) + NODE.width / 2, left(end) + NODE.width / 2];
    return svg("line", { x1, y1: top(start) + NODE.height, x2, y2: top(end), class: `edge ${kind}` });
  });
  const nodes = rows.flatMap((row) =>
    row.map((node) => {
      const at = places.get(node.id);
      return drawNode(node, left(at), top(at), node.id === id);
    }),
  );
  const picture = svg("svg", {
    viewBox: `-2 -2 ${width + 4} ${height + 4}`,
    width: width + 4,
    role: "group",
  });
  picture.setAttribute("aria-label", `Workflow of ${graph.nodes.length} results`);
  picture.append(...lines, ...nodes);
  return h("div", { className: "workflow", tabIndex: 0 }, picture);
}

function drawNode({ id, kind, task, state, more }, x, y, isThis) {
  const label =
    kind === "task" ? (task ?? `${id.slice(0, 8)}…`) : kind === "more" ? `and ${more} more` : "group";
  const tone = kind === "task" ? toneOf(state) : "quiet";
  const box = svg("rect", { x, y, width: NODE.width, height: NODE.height, rx: 7 });
  const text = svg("text", { x: x + NODE.width / 2, y: y + NODE.height / 2 + 4, "text-anchor": "middle" });
  text.textContent = label.length > 18 ? `…${label.slice(-17)}` : label;
  const title = svg("title", {});
  title.textContent = kind === "task" ? `${label}: ${state}` : label;
  const node = svg(kind === "task" ? "a" : "g", { class: `node ${tone}${isThis ? " this" : ""}` });
  if (kind === "task") node.setAttribute("href", `#/tasks/${encodeURIComponent(id)}`);
  node.append(title, box, text);
  return node;
}

function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
