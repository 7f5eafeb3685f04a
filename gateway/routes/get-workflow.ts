import { readPreference } from "../prefer.ts";
import type { Route } from "../route.ts";
import { viewOptions } from "../task-text.ts";
import { writeJson } from "../task-view.ts";
import { lookAgain, lookAtWorkflow } from "../workflows/look.ts";
import { waitForEnd } from "../workflows/wait-for-end.ts";
import { toWorkflowView } from "../workflows/workflow-view.ts";
import { NAN, PREFER, WORKFLOW_PROBLEMS } from "./shared.ts";

/** How far a workflow is, and its result. */
export const getWorkflow: Route = {
  method: "GET",
  path: "/v1/workflows/{id}",
  access: "tasks:read",
  operation: {
    operationId: "getWorkflow",
    summary: "Read the progress of a workflow",
    description:
      "By the id of its last or its first result. For a workflow that another client sent, any of its ids will do: what the result store knows is followed from there, and the result is that of the id. With Prefer: wait=N it answers when the workflow ends, or after N seconds.",
    tags: ["workflows"],
    parameters: [PREFER, NAN],
  },
  responses: {
    200: {
      description: "The workflow.",
      schema: "Workflow",
      headers: { "Retry-After": "Seconds; only while the workflow has not ended." },
    },
  },
  problems: WORKFLOW_PROBLEMS,
  async handle(exchange, gateway) {
    let workflow = await lookAtWorkflow(exchange, gateway);
    const { waitSeconds, applied } = readPreference(exchange.req.headers["prefer"], gateway.waitMaxSeconds);
    if (waitSeconds > 0 && !workflow.outcome.terminal) {
      const { signal, release } = gateway.waits.reserve(exchange);
      try {
        await waitForEnd(gateway.app, workflow.last, { timeoutMs: waitSeconds * 1000, signal });
      } finally {
        release();
      }
      workflow = await lookAgain(gateway, workflow);
    }
    exchange.json(200, writeJson(toWorkflowView(workflow, viewOptions(exchange, gateway))), {
      "cache-control": "no-cache",
      ...(applied === undefined ? {} : { "preference-applied": applied }),
      ...(workflow.outcome.terminal ? {} : { "retry-after": "1" }),
    });
  },
};
