import { callOff } from "../call-off.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { findTask } from "../known-task.ts";
import { Problem, type ProblemName } from "../problems.ts";
import { hasBody, readJson } from "../read-json.ts";
import type { REVOKE_SIGNALS } from "../revoke-signals.ts";
import type { ResponseSpec, Route } from "../route.ts";
import { taskLinks } from "../task-view.ts";
import { createValidator } from "../validate.ts";
import { BODY_PROBLEMS, READ_PROBLEMS } from "./shared.ts";

/** The body of a revocation. */
interface TaskRevoke {
  readonly terminate?: boolean;
  readonly signal?: (typeof REVOKE_SIGNALS)[number];
}

const validate = createValidator("TaskRevoke");

const REVOKED: ResponseSpec = {
  description: "Workers have been told, or will be; a task that is about to end may end all the same.",
  schema: "TaskRevoked",
};
const PROBLEMS: readonly ProblemName[] = [
  ...READ_PROBLEMS,
  "task-terminal",
  "revoke-impossible",
  "broker-refused",
  "broker-unavailable",
  "state-unavailable",
];

/** Calls a task off. */
export const revokeTask: Route = {
  method: "POST",
  path: "/v1/tasks/{id}:revoke",
  access: "tasks:cancel",
  operation: {
    operationId: "revokeTask",
    summary: "Revoke a task",
    description:
      "A task that the gateway holds is dropped; of any other all workers are told. Twice is fine.",
    tags: ["tasks"],
  },
  requestSchema: "TaskRevoke",
  isBodyOptional: true,
  responses: { 202: REVOKED },
  problems: [...PROBLEMS, ...BODY_PROBLEMS],
  async handle(exchange, gateway) {
    const body = hasBody(exchange.req) ? await readJson(exchange, gateway) : {};
    validate(body);
    await revoke(exchange, gateway, body as TaskRevoke);
  },
};

/** The same, the short way. */
export const deleteTask: Route = {
  method: "DELETE",
  path: "/v1/tasks/{id}",
  access: "tasks:cancel",
  operation: { operationId: "deleteTask", summary: "Revoke a task that has not begun", tags: ["tasks"] },
  responses: { 202: REVOKED },
  problems: PROBLEMS,
  handle: (exchange, gateway) => revoke(exchange, gateway, {}),
};

async function revoke(exchange: Exchange, gateway: GatewayContext, how: TaskRevoke): Promise<void> {
  const { id, document, entry } = await findTask(exchange, gateway);
  const state = document?.status ?? entry?.state ?? "PENDING";
  if (state === "SUCCESS" || state === "FAILURE") {
    throw new Problem("task-terminal", { detail: `The task has ended: ${state}.`, members: { id } });
  }
  if (state !== "REVOKED") await callOff(gateway, id, how);
  const body = { id, state, links: taskLinks(id, exchange.base) };
  exchange.json(202, JSON.stringify(body));
}
