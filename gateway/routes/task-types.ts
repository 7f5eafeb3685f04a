import { Problem } from "../problems.ts";
import { readJson } from "../read-json.ts";
import type { Route } from "../route.ts";
import { isTaskName } from "../task-check.ts";
import type { TaskTypeRequest } from "../task-types/contract.ts";
import { createValidator } from "../validate.ts";
import { BODY_PROBLEMS } from "./shared.ts";

const validate = createValidator("TaskTypeRequest");

const path = "/v1/task-types/{name}";
const tags = ["task types"];

/** What is declared of all tasks. */
export const listTaskTypes: Route = {
  method: "GET",
  path: "/v1/task-types",
  access: "tasks:read",
  operation: { operationId: "listTaskTypes", summary: "List declared tasks", tags },
  responses: { 200: { description: "By name.", schema: "TaskTypeList" } },
  problems: ["state-unavailable"],
  async handle(exchange, { taskTypes }) {
    const all = await taskTypes.list();
    const shown = all.filter(({ task }) => exchange.caller.maySubmit(task));
    exchange.json(200, JSON.stringify({ task_types: shown }), {
      "cache-control": "no-store",
    });
  },
};

/** What is declared of one task. */
export const getTaskType: Route = {
  method: "GET",
  path,
  access: "tasks:read",
  operation: { operationId: "getTaskType", summary: "Read what is declared of a task", tags },
  responses: { 200: { description: "What calls are checked with.", schema: "TaskType" } },
  problems: ["unknown-task-type", "state-unavailable"],
  async handle(exchange, { taskTypes }) {
    const name = exchange.param("name");
    // What may not be sent is as unknown as what does not exist.
    if (!exchange.caller.maySubmit(name)) throw new Problem("unknown-task-type");
    exchange.json(200, JSON.stringify(await taskTypes.get(name)), {
      "cache-control": "no-store",
    });
  },
};

/** Declares what a task takes. */
export const putTaskType: Route = {
  method: "PUT",
  path,
  access: "task-types:write",
  operation: {
    operationId: "putTaskType",
    summary: "Declare what a task takes",
    description:
      "From now on calls are checked before they are sent: at this gateway at once, at others that share its store within two seconds.",
    tags,
  },
  requestSchema: "TaskTypeRequest",
  responses: {
    200: { description: "It was declared before, and is declared anew.", schema: "TaskType" },
    201: { description: "It is declared.", schema: "TaskType" },
  },
  problems: [...BODY_PROBLEMS, "bad-task-name", "state-unavailable"],
  async handle(exchange, gateway) {
    const name = exchange.param("name");
    if (!isTaskName(name)) throw new Problem("bad-task-name");
    const body = await readJson(exchange, gateway);
    validate(body);
    const isNew = await gateway.taskTypes.put(name, body as TaskTypeRequest);
    exchange.json(isNew ? 201 : 200, JSON.stringify(await gateway.taskTypes.get(name)));
  },
};

/** Checks calls of a task no more. */
export const deleteTaskType: Route = {
  method: "DELETE",
  path,
  access: "task-types:write",
  operation: {
    operationId: "deleteTaskType",
    summary: "Remove what is declared of a task",
    description: "What the app's own tasks say of themselves counts again.",
    tags,
  },
  responses: { 204: { description: "It is gone." } },
  problems: ["unknown-task-type", "state-unavailable"],
  async handle(exchange, { taskTypes }) {
    const name = exchange.param("name");
    if (!isTaskName(name)) throw new Problem("unknown-task-type");
    await taskTypes.delete(name);
    exchange.empty(204, {});
  },
};
