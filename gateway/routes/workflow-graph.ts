import { toDot, toMermaid } from "../../app/index.ts";
import { Problem } from "../problems.ts";
import type { Route } from "../route.ts";
import { writeJson } from "../task-view.ts";
import { toGraphView } from "../workflows/graph-view.ts";
import { lookAtWorkflow } from "../workflows/look.ts";
import { WORKFLOW_PROBLEMS } from "./shared.ts";

const FORMATS = ["json", "mermaid", "dot"];
const MERMAID = "text/vnd.mermaid";
const DOT = "text/vnd.graphviz";
const NO_CACHE = { "cache-control": "no-cache" };

/** What followed from what. */
export const workflowGraph: Route = {
  method: "GET",
  path: "/v1/workflows/{id}/graph",
  access: "tasks:read",
  operation: {
    operationId: "workflowGraph",
    summary: "Draw a workflow",
    description: "Its tasks and groups with their states, and what leads from one to the other.",
    tags: ["workflows"],
    parameters: [
      {
        name: "format",
        in: "query",
        description: "json, or text that Mermaid or Graphviz draws.",
        schema: { type: "string", enum: FORMATS, default: "json" },
      },
    ],
  },
  responses: { 200: { description: "The graph.", schema: "WorkflowGraph", textTypes: [MERMAID, DOT] } },
  problems: [...WORKFLOW_PROBLEMS, "invalid-arguments"],
  async handle(exchange, gateway) {
    const format = exchange.query.get("format") ?? "json";
    if (!FORMATS.includes(format)) {
      const detail = `The parameter format must be one of: ${FORMATS.join(", ")}.`;
      throw new Problem("invalid-arguments", { detail });
    }
    const workflow = await lookAtWorkflow(exchange, gateway);
    if (format === "json") return exchange.json(200, writeJson(toGraphView(workflow)), NO_CACHE);
    const [type, print] = format === "dot" ? [DOT, toDot] : [MERMAID, toMermaid];
    exchange.send(200, `${type}; charset=utf-8`, print(workflow.graph), NO_CACHE);
  },
};
