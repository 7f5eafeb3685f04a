import { isReady } from "../../protocol/index.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { type AwaitedTask, awaitTask, findTask } from "../known-task.ts";
import type { Route } from "../route.ts";
import { type KnownTask, taskText } from "../task-text.ts";
import { etagOf } from "../task-view.ts";
import { IF_NONE_MATCH, NAN, PREFER, READ_PROBLEMS } from "./shared.ts";

/** Seconds after which asking again makes sense. */
const RETRY_AFTER = { "retry-after": "1" };

/** A task and all that is known of it. */
export const getTask: Route = {
  method: "GET",
  path: "/v1/tasks/{id}",
  access: "tasks:read",
  operation: {
    operationId: "getTask",
    summary: "Read the state of a task",
    description:
      "With Prefer: wait=N it answers when the task ends, or after N seconds; with If-None-Match too, when the task differs from what you know (long poll).",
    tags: ["tasks"],
    parameters: [PREFER, IF_NONE_MATCH, NAN],
  },
  responses: {
    200: {
      description: "The task.",
      schema: "Task",
      headers: {
        ETag: "Changes with the task.",
        "Retry-After": "Seconds; only while the task is not ended.",
      },
    },
    304: { description: "The task is as you know it." },
  },
  problems: READ_PROBLEMS,
  async handle(exchange, gateway) {
    const known = exchange.req.headers["if-none-match"];
    const { task, applied } = await newest(exchange, gateway, known);
    const text = taskText(exchange, gateway, task);
    const etag = etagOf(text);
    const headers = {
      etag,
      "cache-control": "no-cache",
      ...(applied === undefined ? {} : { "preference-applied": applied }),
    };
    if (known !== undefined && matches(known, etag)) return exchange.empty(304, headers);
    const isOver = isReady(task.document?.status ?? task.entry?.state ?? "PENDING");
    exchange.json(200, text, isOver ? headers : { ...headers, ...RETRY_AFTER });
  },
};

/** The task, after a wait for its end; or for anything new to a caller that already knows a state. */
async function newest(
  exchange: Exchange,
  gateway: GatewayContext,
  known: string | undefined,
): Promise<AwaitedTask> {
  const found = await findTask(exchange, gateway);
  if (known === undefined) return awaitTask(exchange, gateway, found);
  const isNews = (task: KnownTask): boolean => {
    try {
      return !matches(known, etagOf(taskText(exchange, gateway, task)));
    } catch {
      return true; // Not representable: the answer will say so.
    }
  };
  if (isNews(found)) return { task: found, applied: undefined };
  return awaitTask(exchange, gateway, found, (document) => isNews({ ...found, document }));
}

/** If-None-Match compares weakly, and may list several. */
function matches(header: string, etag: string): boolean {
  return header === "*" || header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
