import { answerOnce } from "../idempotency/answer-once.ts";
import { readJsonBody } from "../read-json.ts";
import type { Route } from "../route.ts";
import { submitWorkflow as submit } from "../workflows/submit-workflow.ts";
import { IDEMPOTENCY_KEY, PREFER, SUBMIT_PROBLEMS, TRACE } from "./shared.ts";

const HEADERS = {
  Location: "Where to ask for the workflow.",
  "Preference-Applied": "What was taken of Prefer.",
};

/** Sends a chain, a group, a chord, or anything nested of them. */
export const submitWorkflow: Route = {
  method: "POST",
  path: "/v1/workflows",
  access: "workflows",
  operation: {
    operationId: "submitWorkflow",
    summary: "Send a workflow",
    description:
      "The body is a canvas. Answers 202 once the broker has confirmed every message that starts it, never before. With Prefer: wait=N it waits up to N seconds for its end, and answers 200 with its result when it ends in time.",
    tags: ["workflows"],
    parameters: [PREFER, IDEMPOTENCY_KEY, ...TRACE],
  },
  requestSchema: "Canvas",
  responses: {
    200: {
      description: "The workflow has ended within the wait that Prefer asked for.",
      schema: "Workflow",
      headers: HEADERS,
    },
    202: { description: "The broker has all of it.", schema: "WorkflowAccepted", headers: HEADERS },
  },
  problems: [...SUBMIT_PROBLEMS, "too-many-tasks", "chords-impossible"],
  async handle(exchange, gateway) {
    const { bytes, value } = await readJsonBody(exchange, gateway);
    await answerOnce(exchange, gateway, bytes, (run) => submit(exchange, gateway, value, run));
  },
};
