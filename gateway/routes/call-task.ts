import type { PlainObject } from "../../protocol/index.ts";
import { answerOnce } from "../idempotency/answer-once.ts";
import type { TaskRequest } from "../plan-task.ts";
import { hasBody, readJsonBody } from "../read-json.ts";
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

const validate = createValidator("Kwargs");

/** Sends a task the short way: the body is its keyword arguments. */
export const callTask: Route = {
  method: "POST",
  path: "/v1/call/{task}",
  access: "tasks:submit",
  operation: {
    operationId: "callTask",
    summary: "Send a task with keyword arguments only",
    description:
      "The body is the keyword arguments; no body means none. Everything else is as in submitTask.",
    tags: ["tasks"],
    parameters: [PREFER, IDEMPOTENCY_KEY, CALLBACK_URL, ...TRACE],
  },
  requestSchema: "Kwargs",
  isBodyOptional: true,
  responses: { 200: FINISHED, 202: ACCEPTED },
  problems: SUBMIT_PROBLEMS,
  async handle(exchange, gateway) {
    const task = exchange.param("task");
    const body = hasBody(exchange.req) ? await readJsonBody(exchange, gateway) : undefined;
    const kwargs = body === undefined ? {} : body.value;
    await answerOnce(exchange, gateway, body?.bytes, async (run) => {
      validate(kwargs);
      const request: TaskRequest = { task, kwargs: kwargs as PlainObject };
      return submit(exchange, gateway, withCallbackHeader(exchange, request), run);
    });
  },
};
