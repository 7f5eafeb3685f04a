import { answerOnce } from "../idempotency/answer-once.ts";
import type { TaskRequest } from "../plan-task.ts";
import { readJsonBody } from "../read-json.ts";
import type { Route } from "../route.ts";
import { submit } from "../submit.ts";
import { createValidator } from "../validate.ts";
import { withCallbackHeader } from "../webhooks/callback-header.ts";
import {
  ACCEPTED,
  CALLBACK_URL,
  FINISHED,
  IDEMPOTENCY_KEY,
  PREFER,
  SUBMIT_PROBLEMS,
  TRACE,
} from "./shared.ts";

const validate = createValidator("TaskRequest");

/** Sends a task. */
export const submitTask: Route = {
  method: "POST",
  path: "/v1/tasks",
  access: "tasks:submit",
  operation: {
    operationId: "submitTask",
    summary: "Send a task",
    description:
      "Answers 202 once the broker has confirmed the task, never before. With Prefer: wait=N it waits up to N seconds for the end of the task, and answers 200 with the task and its result when it ends in time.",
    tags: ["tasks"],
    parameters: [PREFER, IDEMPOTENCY_KEY, CALLBACK_URL, ...TRACE],
  },
  requestSchema: "TaskRequest",
  responses: { 200: FINISHED, 202: ACCEPTED },
  problems: SUBMIT_PROBLEMS,
  async handle(exchange, gateway) {
    const { bytes, value } = await readJsonBody(exchange, gateway);
    await answerOnce(exchange, gateway, bytes, async (run) => {
      validate(value);
      // The schema says so.
      const request = withCallbackHeader(exchange, value as TaskRequest);
      return submit(exchange, gateway, request, run);
    });
  },
};
