import { formatIsoTime, isReady } from "../../protocol/index.ts";
import { fromQueue } from "../access/caller.ts";
import { visibleFilter } from "../access/visibility.ts";
import type { Exchange } from "../exchange.ts";
import type { Route } from "../route.ts";
import { FILTER_PARAMETERS, readTaskFilter } from "../task-filter.ts";
import type { TaskEntry } from "../task-index.ts";
import { taskLinks } from "../task-view.ts";
import { nextLink, pageParameters } from "./page.ts";

/** The tasks that gateways have accepted, and those seen in events, newest first. */
export const listTasks: Route = {
  method: "GET",
  path: "/v1/tasks",
  access: "tasks:read",
  operation: {
    operationId: "listTasks",
    summary: "List recent tasks",
    description:
      "The tasks that this gateway accepted, and those it heard of that others have sent (origin observed, when a history is kept), newest first, without their results.",
    tags: ["tasks"],
    parameters: [...FILTER_PARAMETERS, ...pageParameters("Tasks")],
  },
  responses: {
    200: {
      description: "A page of tasks.",
      schema: "TaskList",
      headers: { Link: 'The next page, rel="next".' },
    },
  },
  problems: ["invalid-arguments", "bad-eta", "state-unavailable"],
  async handle(exchange, gateway) {
    const filter = readTaskFilter(exchange.query);
    await gateway.tracker.refresh();
    const { entries, next } = await gateway.index.list(visibleFilter(exchange.caller, filter));
    const tasks = entries.map((entry) => toSummary(gateway.losses.judge(entry), exchange));
    const link = next === undefined ? undefined : nextLink(`${exchange.base}/v1/tasks`, exchange.query, next);
    exchange.json(200, JSON.stringify({ tasks, next: link }), {
      "cache-control": "no-store",
      ...(link === undefined ? {} : { link: `<${link}>; rel="next"` }),
    });
  },
};

/** A task as listings and the stream of changes show it. */
export function toSummary(entry: TaskEntry, { base, caller }: Pick<Exchange, "base" | "caller">): object {
  return {
    id: entry.id,
    task: entry.task,
    queue: fromQueue(caller, entry.queue),
    state: entry.state,
    terminal: isReady(entry.state),
    origin: entry.origin ?? "gateway",
    ...(entry.ignoreResult ? { ignore_result: true } : {}),
    ...(entry.tags.length === 0 ? {} : { tags: entry.tags }),
    ...(entry.replayedFrom === null ? {} : { replayed_from: entry.replayedFrom }),
    ...(entry.etaMs === null ? {} : { eta: formatIsoTime(entry.etaMs) }),
    submitted_at: formatIsoTime(entry.submittedAtMs),
    ...(entry.doneAtMs === null ? {} : { done_at: formatIsoTime(entry.doneAtMs) }),
    links: taskLinks(entry.id, base),
  };
}
