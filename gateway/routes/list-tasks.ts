import { formatIsoTime, isReady } from "../../protocol/index.ts";
import { Problem } from "../problems.ts";
import type { Route } from "../route.ts";
import type { TaskEntry, TaskFilter } from "../task-index.ts";
import { taskLinks } from "../task-view.ts";

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

/** The tasks this gateway has accepted, newest first. */
export const listTasks: Route = {
  method: "GET",
  path: "/v1/tasks",
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
      {
        name: "limit",
        in: "query",
        description: "Tasks on a page at most.",
        schema: { type: "integer", minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT },
      },
      {
        name: "cursor",
        in: "query",
        description: "Where the page before ended; take it from its next link.",
        schema: { type: "string" },
      },
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
    const link = next === undefined ? undefined : nextLink(exchange.base, exchange.query, next);
    exchange.json(200, JSON.stringify({ tasks, next: link }), {
      "cache-control": "no-store",
      ...(link === undefined ? {} : { link: `<${link}>; rel="next"` }),
    });
  },
};

function readFilter(query: URLSearchParams): TaskFilter {
  const [state, task, limit, cursor] = ["state", "task", "limit", "cursor"].map((name) => query.get(name));
  return {
    limit: limit == null ? DEFAULT_LIMIT : readNumber("limit", limit, MAX_LIMIT),
    ...(state == null ? {} : { state }),
    ...(task == null ? {} : { task }),
    ...(cursor == null ? {} : { cursor: String(readNumber("cursor", cursor, Number.MAX_SAFE_INTEGER)) }),
  };
}

function readNumber(name: string, text: string, max: number): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= max) return number;
  throw new Problem("invalid-arguments", {
    detail: `The parameter ${name} must be a number from 1 to ${max}.`,
  });
}

function nextLink(base: string, query: URLSearchParams, cursor: string): string {
  const params = new URLSearchParams(query);
  params.set("cursor", cursor);
  return `${base}/v1/tasks?${params}`;
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
