import type { PlainObject } from "../../protocol/index.ts";
import { hasBody, readJson } from "../read-json.ts";
import type { Route } from "../route.ts";
import { submit } from "../submit.ts";
import { createValidator } from "../validate.ts";
import { ACCEPTED, FINISHED, PREFER, SUBMIT_PROBLEMS, TRACE } from "./shared.ts";

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
    parameters: [PREFER, ...TRACE],
  },
  requestSchema: "Kwargs",
  responses: { 200: FINISHED, 202: ACCEPTED },
  problems: SUBMIT_PROBLEMS,
  async handle(exchange, gateway) {
    const task = exchange.param("task");
    const kwargs = hasBody(exchange.req) ? await readJson(exchange, gateway) : {};
    validate(kwargs);
    await submit(exchange, gateway, { task, kwargs: kwargs as PlainObject });
  },
};
