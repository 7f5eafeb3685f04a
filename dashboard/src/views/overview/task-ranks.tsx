import type { JSX } from "preact";
import type { TaskStats } from "../../lib/documents.ts";
import { count, percent } from "../../lib/format.ts";
import { Panel } from "../../parts/page.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { href, setQuery } from "../../router.ts";
import { failureShare, type Order, shortSeconds, sortTasks } from "./sums.ts";

const ORDERS: readonly (readonly [Order, string])[] = [
  ["slowest", "Slowest"],
  ["failing", "Most failing"],
  ["busiest", "Busiest"],
];

const COLUMNS: readonly Column<TaskStats>[] = [
  { title: "Task", isName: true, render: ({ task }) => <a href={href(["tasks"], { task })}>{task}</a> },
  { title: "Succeeded", isNumber: true, render: ({ succeeded }) => count(succeeded) },
  {
    title: "Failed",
    isNumber: true,
    render: ({ failed }) => (failed === 0 ? "0" : <span class="bad">{count(failed)}</span>),
  },
  {
    title: "Share of failures",
    isNumber: true,
    render: (task) => {
      const share = failureShare(task);
      return share === undefined ? "–" : percent(share);
    },
  },
  { title: "Retries", isNumber: true, render: ({ retried }) => count(retried) },
  { title: "Runtime p95", isNumber: true, render: ({ p95 }) => (p95 === null ? "–" : shortSeconds(p95)) },
];

/** Tasks by how they fare. */
export function TaskRanks({
  tasks,
  by,
}: {
  readonly tasks: readonly TaskStats[];
  /** Of the address. */
  readonly by: string | null;
}): JSX.Element | null {
  if (tasks.length === 0) return null;
  const [order] = ORDERS.find(([one]) => one === by) ?? (["slowest"] as const);
  return (
    <Panel
      title="Tasks"
      isFlush
      actions={ORDERS.map(([one, label]) => (
        <button
          key={one}
          type="button"
          class="button"
          aria-pressed={one === order}
          onClick={() => setQuery({ by: one })}
        >
          {label}
        </button>
      ))}
    >
      <Table label="Tasks" columns={COLUMNS} rows={sortTasks(tasks, order)} keyOf={({ task }) => task} />
    </Panel>
  );
}
