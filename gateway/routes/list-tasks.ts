import { formatIsoTime, isReady } from "../../protocol/index.ts";
import type { Route } from "../route.ts";
import type { TaskEntry, TaskFilter } from "../task-index.ts";
import { taskLinks } from "../task-view.ts";
import { nextLink, pageParameters, readLimit, readNumber } from "./page.ts";

/** The tasks this gateway has accepted, newest first. */
export const listTasks: Route = {
  method: "GET",
  path: "/v1/tasks",
  access: "tasks:read",
  operation: {
    operationId: "listTasks",
    summary: "List recent tasks",
    description: "The tasks that this gateway accepted, newest first, without their results.",
    tags: ["tasks"],
    parameters: [
      {
        name: "state",
        in: "query",
        description: "Only tasks in this state.",
        schema: { type: "string", maxLength: 255 },
      },
      {
        name: "task",
        in: "query",
        description: "Only tasks of this name.",
        schema: { type: "string", maxLength: 255 },
      },
      ...pageParameters("Tasks"),
    ],
  },
  responses: {
    200: {
      description: "A page of tasks.",
      schema: "TaskList",
      headers: { Link: 'The next page, rel="next".' },
    },
  },
  problems: ["invalid-arguments"],
  async handle(exchange, gateway) {
    const filter = readFilter(exchange.query);
    await gateway.tracker.refresh();
    const { entries, next } = await gateway.index.list(filter);
    const tasks = entries.map((entry) => toSummary(entry, exchange.base));
    const link = next === undefined ? undefined : nextLink(`${exchange.base}/v1/tasks`, exchange.query, next);
    exchange.json(200, JSON.stringify({ tasks, next: link }), {
      "cache-control": "no-store",
      ...(link === undefined ? {} : { link: `<${link}>; rel="next"` }),
    });
  },
};

function readFilter(query: URLSearchParams): TaskFilter {
  const [state, task, cursor] = ["state", "task", "cursor"].map((name) => query.get(name));
  return {
    limit: readLimit(query),
    ...(state == null ? {} : { state }),
    ...(task == null ? {} : { task }),
    ...(cursor == null ? {} : { cursor: String(readNumber("cursor", cursor, 1, Number.MAX_SAFE_INTEGER)) }),
  };
}

/** A task as listings and the stream of changes show it. */
export function toSummary(entry: TaskEntry, base: string): object {
  return {
    id: entry.id,
    task: entry.task,
    queue: entry.queue,
    state: entry.state,
    terminal: isReady(entry.state),
    ...(entry.ignoreResult ? { ignore_result: true } : {}),
    ...(entry.etaMs === null ? {} : { eta: formatIsoTime(entry.etaMs) }),
    submitted_at: formatIsoTime(entry.submittedAtMs),
    ...(entry.doneAtMs === null ? {} : { done_at: formatIsoTime(entry.doneAtMs) }),
    links: taskLinks(entry.id, base),
  };
}
