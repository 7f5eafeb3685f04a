import { END_ID, lastEventId } from "../event-stream.ts";
import type { Route } from "../route.ts";
import { viewOptions } from "../task-text.ts";
import { followWorkflow } from "../workflows/follow.ts";
import { lookAtWorkflow } from "../workflows/look.ts";
import { LAST_EVENT_ID, WORKFLOW_PROBLEMS } from "./shared.ts";

/** Everything that happens to the tasks of one workflow. */
export const workflowEvents: Route = {
  method: "GET",
  path: "/v1/workflows/{id}/events",
  access: "tasks:read",
  operation: {
    operationId: "workflowEvents",
    summary: "Follow a workflow",
    description:
      "Server-sent events: state (a task's state is another one, or the one now at the start), progress (tasks by state), result (the workflow with its result or error) and end (nothing will follow). Changes within a second may come as one. Who has seen the end gets 204.",
    tags: ["workflows"],
    parameters: [LAST_EVENT_ID],
  },
  responses: {
    200: { description: "A stream of events.", contentType: "text/event-stream" },
    204: { description: "You have seen the end." },
  },
  problems: [...WORKFLOW_PROBLEMS, "temporary-reduced-capacity"],
  async handle(exchange, gateway) {
    if (lastEventId(exchange) === END_ID) return exchange.empty(204, {});
    const workflow = await lookAtWorkflow(exchange, gateway);
    const stream = gateway.streams.open(exchange);
    const stop = new AbortController();
    exchange.onClose(() => stop.abort());
    const options = { ...viewOptions(exchange, gateway), nanAsString: true };
    try {
      await followWorkflow(gateway, stream, workflow, { options, signal: stop.signal });
    } catch (error) {
      gateway.logger.warn({ err: error, workflowId: workflow.id }, "A workflow cannot be followed any more");
      // The reader connects again, and is told then what is wrong.
      exchange.res.destroy();
    }
  },
};
