import { ConfigurationError, isReady } from "../../protocol/index.ts";
import { TOLD_WORKERS } from "../call-off.ts";
import { Problem } from "../problems.ts";
import type { Route } from "../route.ts";
import { lookAtWorkflow } from "../workflows/look.ts";
import { WORKFLOW_PROBLEMS } from "./shared.ts";

/** Calls off what is left of a workflow. */
export const revokeWorkflow: Route = {
  method: "DELETE",
  path: "/v1/workflows/{id}",
  access: "tasks:cancel",
  operation: {
    operationId: "revokeWorkflow",
    summary: "Revoke a workflow",
    description:
      "Tells all workers not to run its tasks that have not ended. It is a request: a task that is about to end may end all the same.",
    tags: ["workflows"],
    parameters: [
      {
        name: "terminate",
        in: "query",
        description: "true: also end the tasks that run.",
        schema: { type: "boolean", default: false },
      },
    ],
  },
  responses: { 202: { description: "The broker has the command.", schema: "WorkflowRevoked" } },
  problems: [
    ...WORKFLOW_PROBLEMS,
    "task-terminal",
    "revoke-impossible",
    "invalid-arguments",
    "broker-unavailable",
  ],
  async handle(exchange, gateway) {
    const terminate = readFlag(exchange.query.get("terminate"));
    const { id, graph } = await lookAtWorkflow(exchange, gateway);
    const tasks = graph.nodes.filter(({ kind }) => kind === "task");
    const revoked = tasks.filter(({ state = "PENDING" }) => !isReady(state)).map((task) => task.id);
    if (revoked.length === 0) throw new Problem("task-terminal", { members: { id } });
    await gateway.revoke(revoked, { terminate }).catch((error: unknown) => {
      throw error instanceof ConfigurationError ? new Problem("revoke-impossible") : error;
    });
    for (const id of revoked) gateway.history?.did("revoked", { id }, TOLD_WORKERS);
    exchange.json(202, JSON.stringify({ id, revoked, ended: tasks.length - revoked.length, terminate }));
  },
};

function readFlag(text: string | null): boolean {
  if (text === null || text === "false") return false;
  if (text === "true") return true;
  throw new Problem("invalid-arguments", { detail: "The parameter terminate must be true or false." });
}
