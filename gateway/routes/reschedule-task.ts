import { findTask } from "../known-task.ts";
import { Problem } from "../problems.ts";
import { readJson } from "../read-json.ts";
import type { Route } from "../route.ts";
import { taskText } from "../task-text.ts";
import { readDelay, readTime } from "../times.ts";
import { createValidator } from "../validate.ts";
import { BODY_PROBLEMS, READ_PROBLEMS } from "./shared.ts";

/** The body; its schema wants one of the two. */
interface TaskChange {
  readonly eta?: string;
  readonly delay?: number | string;
}

const validate = createValidator("TaskChange");

/** Another time for a task that is held. */
export const rescheduleTask: Route = {
  method: "PATCH",
  path: "/v1/tasks/{id}",
  access: "tasks:submit",
  operation: {
    operationId: "rescheduleTask",
    summary: "Give a held task another time",
    description:
      "Only in state SCHEDULED: a task that the broker has cannot be changed any more. A time in the past sends it at once.",
    tags: ["tasks"],
  },
  requestSchema: "TaskChange",
  responses: { 200: { description: "The task as it is now.", schema: "Task" } },
  problems: [...READ_PROBLEMS, ...BODY_PROBLEMS, "bad-eta", "task-not-held", "state-unavailable"],
  async handle(exchange, gateway) {
    const body = await readJson(exchange, gateway);
    validate(body);
    const { eta, delay } = body as TaskChange;
    const task = await findTask(exchange, gateway);
    const { id, entry } = task;
    const dueAtMs =
      eta === undefined
        ? Date.now() + readDelay(delay ?? 0, "/delay") * 1000
        : Date.parse(readTime(eta, "/eta"));
    if (!(await gateway.heldTasks.reschedule(id, dueAtMs)))
      throw new Problem("task-not-held", { members: { id } });
    if (entry !== undefined) gateway.index.update({ id, state: entry.state, doneAtMs: null, etaMs: dueAtMs });
    const changed = entry === undefined ? entry : { ...entry, etaMs: dueAtMs };
    exchange.json(200, taskText(exchange, gateway, { ...task, entry: changed }));
  },
};
