import { readJson } from "../read-json.ts";
import type { Route } from "../route.ts";
import { submit, type TaskRequest } from "../submit.ts";
import { createValidator } from "../validate.ts";
import { ACCEPTED, FINISHED, PREFER, SUBMIT_PROBLEMS, TRACE } from "./shared.ts";

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
    parameters: [PREFER, ...TRACE],
  },
  requestSchema: "TaskRequest",
  responses: { 200: FINISHED, 202: ACCEPTED },
  problems: SUBMIT_PROBLEMS,
  async handle(exchange, gateway) {
    const body = await readJson(exchange, gateway);
    validate(body);
    await submit(exchange, gateway, body as TaskRequest);
  },
};
