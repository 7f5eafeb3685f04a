import type { JSX } from "preact";
import { Panel } from "../../parts/page.tsx";
import { href } from "../../router.ts";
import { GraphPicture } from "./graph-picture.tsx";
import { useGraph } from "./use-graph.ts";

/** The workflow that a task is part of. Nothing for a task that stands alone, or where nobody knows. */
export function WorkflowPanel({ id }: { readonly id: string }): JSX.Element | null {
  const { data } = useGraph(id);
  if (data === undefined || data.nodes.length < 2) return null;
  return (
    <Panel title="Workflow" actions={<a href={href(["workflows", id])}>Open</a>}>
      <GraphPicture graph={data} currentId={id} />
    </Panel>
  );
}
