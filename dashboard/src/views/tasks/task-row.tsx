import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { shortId } from "../../lib/format.ts";
import type { TaskSummary } from "../../lib/task.ts";
import { span } from "../../lib/time.ts";
import { Age } from "../../parts/age.tsx";
import { StateBadge } from "../../parts/badge.tsx";
import { href } from "../../router.ts";

/** The columns, in the order of the cells. */
export const COLUMNS = ["State", "Task", "Queue", "Sent", "Took"] as const;

/** One task; the whole row can be clicked. */
export function TaskRow({
  task,
  at,
  top,
  isCurrent,
}: {
  readonly task: TaskSummary;
  /** Its place in the list, from 0. */
  readonly at: number;
  readonly top: number;
  readonly isCurrent: boolean;
}): JSX.Element {
  // While the list scrolls, only rows that come are made.
  return useMemo(() => draw(task, at, top, isCurrent), [task, at, top, isCurrent]);
}

function draw(task: TaskSummary, at: number, top: number, isCurrent: boolean): JSX.Element {
  const { id, task: name, state, queue, submitted_at: sent, done_at: done, origin, eta } = task;
  return (
    <div
      role="row"
      class={isCurrent ? "tasks-row current" : "tasks-row"}
      aria-rowindex={at + 2}
      data-id={id}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div role="cell" class="tasks-state">
        <StateBadge state={state} />
      </div>
      <div role="cell" class="tasks-name">
        <a href={href(["tasks", id])}>{name || "unknown task"}</a>
        <span class="tasks-id">{shortId(id)}</span>
        {origin === "observed" && <span class="tasks-origin">observed</span>}
      </div>
      <div role="cell" class="tasks-queue">
        {queue}
      </div>
      <div role="cell" class="tasks-sent">
        <Age iso={eta !== undefined && !task.terminal ? eta : sent} />
      </div>
      <div role="cell" class="tasks-took number">
        {done === undefined ? "" : span(sent, done)}
      </div>
    </div>
  );
}
