import type { LateAnswer } from "../../app/index.ts";
import { complete, requireToken } from "../completions/complete.ts";
import { readJson } from "../read-json.ts";
import { requirePlainValues } from "../reserved-envelope.ts";
import type { Route } from "../route.ts";
import { createValidator } from "../validate.ts";
import { BODY_PROBLEMS } from "./shared.ts";

const validate = createValidator("TaskCompletion");

/** Ends a task whose worker left it to whoever has this URL. */
export const completeTask: Route = {
  method: "POST",
  path: "/v1/tasks/{id}/complete/{token}",
  // The token is the credential.
  access: "public",
  operation: {
    operationId: "completeTask",
    summary: "Answer a task that was accepted with 202",
    description:
      "A worker that calls a webhook sends this URL in the header celerity-complete-url. A receiver that answers 202 ends the task here, once, with its result or its error.",
    tags: ["tasks"],
  },
  requestSchema: "TaskCompletion",
  responses: { 204: { description: "The answer is kept, and the task ends with it." } },
  problems: [
    "not-found",
    "already-answered",
    "results-disabled",
    ...BODY_PROBLEMS,
    "reserved-envelope",
    "bad-result",
    "result-store-unavailable",
  ],
  async handle(exchange, gateway) {
    const id = exchange.param("id");
    const token = exchange.param("token");
    requireToken(gateway.app, id, token);
    const answer = await readJson(exchange, gateway);
    validate(answer);
    requirePlainValues(answer, "");
    await complete(gateway.app, id, token, answer as LateAnswer);
    exchange.empty(204, {});
  },
};
