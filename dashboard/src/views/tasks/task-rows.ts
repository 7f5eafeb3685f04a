/** The rows of the list: what pages and events make of them. Plain data, newest first. */
import type { TaskSummary } from "../../lib/task.ts";

type Rows = readonly TaskSummary[];

/** Rows after a further page. */
export function withPage(rows: Rows, page: Rows): Rows {
  const known = new Set(rows.map(({ id }) => id));
  return [...rows, ...page.filter(({ id }) => !known.has(id))];
}

/**
 * Rows after changes. A task that does not `fit` any more goes; a new one comes to its place by its time. One that is older than
 * all rows comes with its page, if there `isMore` to read.
 */
export function withChanges(
  rows: Rows,
  changes: ReadonlyMap<string, TaskSummary>,
  fits: (task: TaskSummary) => boolean,
  isMore: boolean,
): Rows {
  const left = new Map(changes);
  const kept: TaskSummary[] = [];
  for (const row of rows) {
    const task = left.get(row.id) ?? row;
    left.delete(row.id);
    if (task === row || fits(task)) kept.push(task);
  }
  const oldest = rows.at(-1)?.submitted_at ?? "";
  const added = [...left.values()]
    .filter((task) => fits(task) && (!isMore || task.submitted_at >= oldest))
    .sort((a, b) => (a.submitted_at < b.submitted_at ? 1 : -1));
  return added.length === 0 ? kept : merge(added, kept);
}

function merge(added: Rows, kept: Rows): Rows {
  const merged: TaskSummary[] = [];
  let at = 0;
  for (const task of added) {
    for (let row = kept[at]; row !== undefined && row.submitted_at > task.submitted_at; row = kept[++at])
      merged.push(row);
    merged.push(task);
  }
  return [...merged, ...kept.slice(at)];
}

/** How many rows stand before the one that was on top. */
export function addedOnTop(before: Rows, after: Rows): number {
  const top = before[0]?.id;
  return top === undefined
    ? 0
    : Math.max(
        0,
        after.findIndex(({ id }) => id === top),
      );
}
