/** Which tasks of the cluster a listing shows, and in what order. Source: flower/utils/search.py of Flower 2.2. */
import type { ClusterTask } from "../../app/index.ts";
import type { Query, SearchField } from "./search-query.ts";

export const SORT_KEYS = ["name", "received", "started", "state"] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface TaskSearch {
  readonly type: string | undefined;
  readonly worker: string | undefined;
  readonly state: string | undefined;
  /** Seconds since 1970; a task that was not received passes. */
  readonly receivedStart: number | undefined;
  readonly receivedEnd: number | undefined;
  readonly query: Query;
  /** Default: the latest first. */
  readonly sort: { readonly key: SortKey; readonly descending: boolean } | undefined;
  readonly offset: number;
  readonly limit: number | undefined;
}

export function searchTasks(tasks: Iterable<ClusterTask>, search: TaskSearch): readonly ClusterTask[] {
  const found = [...tasks].filter((task) => matches(task, search));
  const { sort, offset, limit } = search;
  const keyed = found.map((task) => ({ task, key: sortValue(task, sort?.key) }));
  const sign = sort === undefined || sort.descending ? -1 : 1;
  keyed.sort((one, other) => sign * (compare(one.key, other.key) || compare(one.task.uuid, other.task.uuid)));
  const end = limit === undefined ? undefined : offset + Math.max(limit, 0);
  return keyed.slice(offset, end).map(({ task }) => task);
}

function matches(task: ClusterTask, search: TaskSearch): boolean {
  const { type, worker, state, receivedStart, receivedEnd, query } = search;
  const { received } = task.times;
  return (
    equals(task.name, type) &&
    equals(task.worker?.hostname, worker) &&
    equals(task.state, state) &&
    (received === undefined || received >= (receivedStart ?? received)) &&
    (received === undefined || received <= (receivedEnd ?? received)) &&
    fits(task, query)
  );
}

function equals(value: string | null | undefined, wanted: string | undefined): boolean {
  return wanted === undefined || value?.toLowerCase() === wanted.toLowerCase();
}

function fits(task: ClusterTask, query: Query): boolean {
  if (query.kind === "all") return true;
  if (query.kind === "and") return query.children.every((child) => fits(task, child));
  if (query.kind === "or") return query.children.some((child) => fits(task, child));
  const { field, value } = query;
  if (field === "state") return task.state.toLowerCase() === value;
  if (field === "kwargs" && value.includes("=")) return hasKwarg(textOf(task, "kwargs"), value);
  if (field !== undefined) return textOf(task, field).includes(value);
  return (
    ANY_FIELD.some((one) => textOf(task, one).includes(value)) || task.uuid.toLowerCase().includes(value)
  );
}

const ANY_FIELD: readonly SearchField[] = ["name", "state", "worker", "args", "kwargs", "result"];

function textOf(task: ClusterTask, field: SearchField): string {
  const value = field === "worker" ? task.worker?.hostname : task[field];
  return (value ?? "").toLowerCase();
}

/** `key=value` against the repr of a dict: `{'key': 'value', ...}`. */
function hasKwarg(kwargs: string, pair: string): boolean {
  const at = pair.indexOf("=");
  const [key, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  return [value, `'${value}'`, `"${value}"`].some(
    (text) => kwargs.includes(`'${key}': ${text},`) || kwargs.includes(`'${key}': ${text}}`),
  );
}

/** Tasks without a value are the smallest. */
function sortValue(task: ClusterTask, key: SortKey | undefined): number | string {
  if (key === undefined) return task.timestamp ?? 0;
  if (key === "received" || key === "started") return task.times[key] ?? Number.NEGATIVE_INFINITY;
  return (task[key] ?? "").toLowerCase();
}

function compare(one: number | string, other: number | string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
