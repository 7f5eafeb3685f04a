/** What the list is filtered by: the query of the address, and of the requests that are made of it. */
import type { Params } from "../../lib/api.ts";
import type { TaskSummary } from "../../lib/task.ts";

/** The parameters of `GET /v1/tasks` that the address may have. */
export const FILTER_NAMES = ["q", "state", "queue", "task", "tag", "since", "until"] as const;

export type FilterName = (typeof FILTER_NAMES)[number];
export type TaskFilter = Readonly<Partial<Record<FilterName, string>>>;

/** Shorter texts are not searched for. */
const MIN_SEARCH = 2;

export function readFilter(query: URLSearchParams): TaskFilter {
  const filter: Partial<Record<FilterName, string>> = {};
  for (const name of FILTER_NAMES) {
    const value = query.get(name)?.trim() ?? "";
    if (value.length >= (name === "q" ? MIN_SEARCH : 1)) filter[name] = value;
  }
  return filter;
}

/** The same text for the same filter. */
export function filterKey(filter: TaskFilter): string {
  return JSON.stringify(FILTER_NAMES.map((name) => filter[name] ?? ""));
}

/** For the stream of changes: with any state, since a task that leaves the state must go from the list. */
export function streamParams({ state: _, ...rest }: TaskFilter): Params {
  return rest;
}

/** Whether a task that the stream tells of belongs to the list. */
export function fitsState({ state }: TaskFilter, task: TaskSummary): boolean {
  return state === undefined || task.state === state;
}
