import { isReady } from "../../protocol/index.ts";
import { awaitTask, findTask } from "../known-task.ts";
import { Problem } from "../problems.ts";
import type { Route } from "../route.ts";
import { viewOptions } from "../task-text.ts";
import { toTaskView, writeJson } from "../task-view.ts";
import { NAN, PREFER, READ_PROBLEMS } from "./shared.ts";

/** The bare return value of a task. */
export const getResult: Route = {
  method: "GET",
  path: "/v1/tasks/{id}/result",
  access: "tasks:read",
  operation: {
    operationId: "getResult",
    summary: "Read the return value of a task",
    description: "With Prefer: wait=N it answers when the task ends, or after N seconds.",
    tags: ["tasks"],
    parameters: [PREFER, NAN],
  },
  responses: {
    200: { description: "The task succeeded; the body is what it returned.", schema: "Result" },
    202: {
      description: "The task has not ended.",
      schema: "Task",
      headers: { "Retry-After": "Seconds after which asking again makes sense." },
    },
  },
  problems: [...READ_PROBLEMS, "task-failed", "task-revoked", "results-disabled"],
  async handle(exchange, gateway) {
    const found = await findTask(exchange, gateway);
    if (!gateway.app.keepsResults || found.entry?.ignoreResult === true)
      throw new Problem("results-disabled");
    const { task, applied } = await awaitTask(exchange, gateway, found);
    const headers = applied === undefined ? {} : { "preference-applied": applied };
    const options = viewOptions(exchange, gateway);
    const { result, meta: _, ...view } = toTaskView(task.id, task.document, task.entry, options);
    const { id, state, error } = view;
    if (state === "SUCCESS") {
      return exchange.json(200, writeJson(result), { "cache-control": "no-cache", ...headers });
    }
    if (isReady(state)) {
      throw new Problem(state === "REVOKED" ? "task-revoked" : "task-failed", {
        ...(error === undefined ? {} : { detail: error.message }),
        members: { id, error },
        headers,
      });
    }
    exchange.json(202, writeJson(view), { "retry-after": "1", ...headers });
  },
};
