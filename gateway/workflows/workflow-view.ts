/** Workflows as callers see them. */
import { formatIsoTime, isReady, type ResultDocument } from "../../protocol/index.ts";
import { representable, type TaskErrorView, toTaskView, type ViewOptions } from "../task-view.ts";
import { withOffset } from "../times.ts";
import type { Workflow } from "./look.ts";
import { resultValue } from "./outcome.ts";

export interface WorkflowLinks {
  readonly self: string;
  readonly graph: string;
  readonly events: string;
}

/** The body of `GET /v1/workflows/{id}`. */
export interface WorkflowView {
  readonly id: string;
  readonly root_id?: string;
  readonly state: string;
  readonly terminal: boolean;
  /** Tasks that are known. */
  readonly total: number;
  /** Those of them that have ended. */
  readonly ended: number;
  /** Tasks by state. */
  readonly counts: Readonly<Record<string, number>>;
  /** There are more tasks than are counted. */
  readonly truncated?: true;
  readonly result?: unknown;
  readonly error?: TaskErrorView;
  /** The task that failed or was revoked, and so decided it. */
  readonly failed_task?: string;
  readonly submitted_at?: string;
  readonly done_at?: string;
  readonly links: WorkflowLinks;
}

export function workflowLinks(id: string, base: string): WorkflowLinks {
  const self = `${base}/v1/workflows/${id}`;
  return { self, graph: `${self}/graph`, events: `${self}/events` };
}

/** Throws Problem `not-representable`. */
export function toWorkflowView(workflow: Workflow, options: ViewOptions): WorkflowView {
  const { id, record, graph, outcome, documents } = workflow;
  const counts = countStates(workflow);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const { state, terminal } = outcome;
  return {
    id,
    ...(record === undefined ? {} : { root_id: record.rootId }),
    state,
    terminal,
    total,
    ended: Object.entries(counts).reduce((sum, [one, count]) => sum + (isReady(one) ? count : 0), 0),
    counts,
    ...(graph.truncated ? { truncated: true } : {}),
    ...endOf(workflow, options),
    ...(record === undefined ? {} : { submitted_at: formatIsoTime(record.submittedAtMs) }),
    ...(terminal ? doneAt(documents) : {}),
    links: workflowLinks(id, options.base),
  };
}

function countStates({ graph }: Workflow): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { kind, state = "PENDING" } of graph.nodes) {
    if (kind === "task") counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return Object.fromEntries(counts);
}

function endOf(
  { last, outcome, documents }: Workflow,
  options: ViewOptions,
): Pick<WorkflowView, "result" | "error" | "failed_task"> {
  const { terminal, state, decidedBy } = outcome;
  if (!terminal) return {};
  if (state === "SUCCESS")
    return { result: representable(resultValue(last, documents), options.nanAsString) };
  if (decidedBy === undefined) return {};
  const { error } = toTaskView(decidedBy.task_id, decidedBy, undefined, options);
  return { ...(error === undefined ? {} : { error }), failed_task: decidedBy.task_id };
}

/** When the last of its tasks ended. */
function doneAt(documents: ReadonlyMap<string, ResultDocument>): Pick<WorkflowView, "done_at"> {
  const times = [...documents.values()].flatMap(({ status, date_done: done }) =>
    isReady(status) && typeof done === "string" ? [withOffset(done)] : [],
  );
  const last = times.reduce(
    (latest, time) => (Date.parse(time) > Date.parse(latest) ? time : latest),
    times[0] ?? "",
  );
  return last === "" ? {} : { done_at: last };
}
