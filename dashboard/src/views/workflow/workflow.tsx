import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../../lib/announce.ts";
import { segment, send } from "../../lib/api.ts";
import { plural } from "../../lib/format.ts";
import { toneOf } from "../../lib/states.ts";
import { StateBadge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { Loading } from "../../parts/empty.tsx";
import { ErrorNote } from "../../parts/error-note.tsx";
import { PageHead, Panel } from "../../parts/page.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { href } from "../../router.ts";
import type { ViewProps } from "../../view.ts";
import { GraphPicture } from "./graph-picture.tsx";
import type { Graph, GraphNode } from "./layout.ts";
import { useGraph } from "./use-graph.ts";

const COLUMNS: readonly Column<GraphNode>[] = [
  {
    title: "Task",
    isName: true,
    render: ({ id, task }) => (
      <a href={href(["tasks", id])}>
        <code>{task ?? id}</code>
      </a>
    ),
  },
  { title: "State", render: ({ state = "PENDING" }) => <StateBadge state={state} /> },
];
/** Not every result store keeps them. */
const EXTENDED: readonly Column<GraphNode>[] = [
  { title: "Worker", render: ({ worker }) => worker },
  { title: "Retries", isNumber: true, render: ({ retries }) => retries },
];

/** Rows of the table below the picture. */
const MAX_ROWS = 200;

/** A chain, group or chord as a whole. */
export function WorkflowView({ params }: ViewProps): JSX.Element {
  const { id = "" } = params;
  const { data, error, reload } = useGraph(id);
  const [isRevoking, setRevoking] = useState(false);
  const tasks = data?.nodes.filter(({ kind }) => kind === "task") ?? [];
  const isOver = tasks.every(({ state = "" }) => ["good", "bad", "gone"].includes(toneOf(state)));
  return (
    <>
      <PageHead title="Workflow">
        {data && !isOver && (
          <Button kind="danger" onClick={() => setRevoking(true)}>
            Revoke all
          </Button>
        )}
      </PageHead>
      {error && <ErrorNote error={error} onRetry={reload} />}
      {data === undefined && !error && <Loading />}
      {data && (
        <>
          <Panel title={summary(data)}>
            <GraphPicture graph={data} currentId={id} />
          </Panel>
          <Panel title="Its tasks" isFlush>
            <Table
              label="Tasks of the workflow"
              columns={tasks.some(({ worker }) => worker !== undefined) ? [...COLUMNS, ...EXTENDED] : COLUMNS}
              rows={tasks.slice(0, MAX_ROWS)}
              keyOf={(node) => node.id}
            />
          </Panel>
        </>
      )}
      {isRevoking && (
        <Confirm
          title="Revoke the whole workflow?"
          verb="Revoke all"
          isDangerous
          onClose={() => setRevoking(false)}
          onConfirm={async () => {
            await send("DELETE", `v1/workflows/${segment(id)}`);
            announce("Workers have been told");
            reload();
          }}
        >
          <p>Its tasks that have not begun will not run. Those that run go on to their end.</p>
        </Confirm>
      )}
    </>
  );
}

/** `4 tasks: 3 SUCCESS, 1 STARTED`. */
function summary({ nodes, truncated }: Graph): string {
  const counts = new Map<string, number>();
  for (const { kind, state = "PENDING" } of nodes)
    if (kind === "task") counts.set(state, (counts.get(state) ?? 0) + 1);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const parts = [...counts].map(([state, count]) => `${count} ${state}`);
  return `${plural(total, "task")}${truncated ? " and more" : ""}: ${parts.join(", ")}`;
}
