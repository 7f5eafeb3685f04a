import { maySee } from "../access/visibility.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import type { History } from "../history/history.ts";
import { toHistoryView } from "../history/view.ts";
import { TASK_ID } from "../known-task.ts";
import { Problem } from "../problems.ts";
import type { Route } from "../route.ts";
import type { TaskEntry } from "../task-index.ts";

/** What happened to a task. */
export const taskHistory: Route = {
  method: "GET",
  path: "/v1/tasks/{id}/history",
  access: "tasks:read",
  operation: {
    operationId: "taskHistory",
    summary: "Read what happened to a task",
    description:
      "From the events of workers and from what gateways did, the earliest first. Kept longer than results may be. Workers send events when they are asked to; some may be missing.",
    tags: ["tasks"],
    parameters: [
      {
        name: "arguments",
        in: "query",
        description: "true: with the reprs of the arguments; needs the scope tasks:arguments.",
        schema: { type: "string", enum: ["true", "false"] },
      },
    ],
  },
  responses: { 200: { description: "The history.", schema: "TaskHistory" } },
  problems: ["unknown-task", "bad-id", "insufficient-scope", "history-disabled", "state-unavailable"],
  async handle(exchange, gateway) {
    const withArguments = exchange.query.get("arguments") === "true";
    if (withArguments && !exchange.caller.has("tasks:arguments")) {
      const detail = "The arguments of tasks need the scope tasks:arguments.";
      throw new Problem("insufficient-scope", { detail });
    }
    const id = exchange.param("id");
    if (!TASK_ID.test(id)) throw new Problem("bad-id");
    const entry = await entryOf(exchange, gateway, id);
    // Of a task that the index has forgotten nobody knows whose it is.
    if (!maySee(exchange.caller, entry)) throw unknownTask(id);
    const events = await requireHistory(gateway).read(id);
    if (entry === undefined && events.length === 0) throw unknownTask(id);
    const body = toHistoryView(id, entry, events, { withArguments });
    exchange.json(200, JSON.stringify(body), { "cache-control": "no-store" });
  },
};

function unknownTask(id: string): Problem {
  return new Problem("unknown-task", { members: { id } });
}

/** Throws Problem `history-disabled`. */
export function requireHistory({ history }: Pick<GatewayContext, "history">): History {
  if (history === undefined) throw new Problem("history-disabled");
  return history;
}

async function entryOf(
  { caller }: Exchange,
  { tracker, heldTasks }: GatewayContext,
  id: string,
): Promise<TaskEntry | undefined> {
  const known = await tracker.find(id);
  return known !== undefined && maySee(caller, known) ? known : await heldTasks.find(id);
}
