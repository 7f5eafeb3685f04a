import type { JSX } from "preact";
import { plural } from "../../lib/format.ts";
import { toneOf } from "../../lib/states.ts";
import { href } from "../../router.ts";
import { type Drawn, type Graph, layOut } from "./layout.ts";
import "./workflow.css";

const NODE = { width: 150, height: 38, across: 14, down: 30 } as const;
/** Longest name that a box has room for; of longer ones the end is shown, which tells them apart. */
const MAX_LABEL = 20;

/** A workflow, drawn: its tasks with their states, and what leads to what. `currentId` stands out. */
export function GraphPicture({
  graph,
  currentId,
}: {
  readonly graph: Graph;
  readonly currentId: string;
}): JSX.Element {
  const { rows, places, edges } = layOut(graph);
  const widthOf = (row: number): number =>
    (rows[row]?.length ?? 0) * (NODE.width + NODE.across) - NODE.across;
  const width = Math.max(...rows.map((_, row) => widthOf(row)));
  const height = rows.length * (NODE.height + NODE.down) - NODE.down;
  const at = (id: string): { readonly x: number; readonly y: number } => {
    const { row, column } = places.get(id) ?? { row: 0, column: 0 };
    const x = (width - widthOf(row)) / 2 + column * (NODE.width + NODE.across);
    return { x, y: row * (NODE.height + NODE.down) };
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
    <div class="workflow-place" tabIndex={0} role="region" aria-label="Picture of the workflow">
      <svg
        class="workflow"
        viewBox={`-2 -2 ${width + 4} ${height + 4}`}
        width={width + 4}
        height={height + 4}
        role="group"
        aria-label={`Workflow of ${plural(graph.nodes.length, "node")}`}
      >
        {edges.map(({ from, to, kind }) => (
          <path key={`${from} ${to}`} class={`edge ${kind}`} d={curve(at(from), at(to))} />
        ))}
        {rows.flat().map((node) => (
          <NodeBox key={node.id} node={node} {...at(node.id)} isCurrent={node.id === currentId} />
        ))}
      </svg>
    </div>
  );
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** From the middle below one box to the middle above another. */
function curve(from: Point, to: Point): string {
  const [x1, y1] = [from.x + NODE.width / 2, from.y + NODE.height];
  const [x2, y2] = [to.x + NODE.width / 2, to.y];
  const bend = (y2 - y1) / 2;
  return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
}

function NodeBox({
  node,
  x,
  y,
  isCurrent,
}: Point & { readonly node: Drawn; readonly isCurrent: boolean }): JSX.Element {
  const label = labelOf(node);
  const state = node.kind === "task" ? (node.state ?? "PENDING") : undefined;
  const shape = (
    <>
      <title>{state === undefined ? label : `${label}: ${state}`}</title>
      <rect x={x} y={y} width={NODE.width} height={NODE.height} rx={8} />
      <text x={x + NODE.width / 2} y={y + NODE.height / 2 + 4} text-anchor="middle">
        {label.length > MAX_LABEL ? `…${label.slice(1 - MAX_LABEL)}` : label}
      </text>
    </>
  );
  const classes = `node ${state === undefined ? "quiet" : toneOf(state)}${isCurrent ? " this" : ""}`;
  if (state === undefined) return <g class={classes}>{shape}</g>;
  return (
    <a
      class={classes}
      href={href(["tasks", node.id])}
      aria-label={`${label}: ${state}`}
      aria-current={isCurrent ? "true" : undefined}
    >
      {shape}
    </a>
  );
}

function labelOf(node: Drawn): string {
  if (node.kind === "more") return `and ${node.more} more`;
  if (node.kind === "group") return "group";
  return node.task ?? `${node.id.slice(0, 8)}…`;
}
