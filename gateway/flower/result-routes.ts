/** Flower's questions about one result, and its abort. */
import { formatIsoTime, isReady, type ResultDocument, toResultDocument } from "../../protocol/index.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { findTask } from "../known-task.ts";
import { Problem } from "../problems.ts";
import type { Route } from "../route.ts";
import { queryArguments } from "./arguments.ts";
import { TASK_ID } from "./patterns.ts";
import { resultMembers, writeFlowerJson } from "./result-members.ts";
import { FlowerRefusal, flowerRoute } from "./route.ts";

export const resultRoutes: readonly Route[] = [
  flowerRoute({
    method: "GET",
    path: "/api/task/result/{id}",
    access: "tasks:read",
    async handle(exchange, gateway) {
      const timeout = queryArguments(exchange).float("timeout") ?? 0;
      requireResults(gateway);
      const id = await requireTask(exchange, gateway);
      const document = await awaitEnd(exchange, gateway, id, Math.min(timeout, gateway.waitMaxSeconds));
      const isEnded = document !== undefined && isReady(document.status);
      const members = {
        "task-id": id,
        state: document?.status ?? "PENDING",
        ...(isEnded && resultMembers(exchange, gateway, document)),
      };
      exchange.json(200, writeFlowerJson(members));
    },
  }),
  flowerRoute({
    method: "POST",
    path: "/api/task/abort/{id}",
    access: "tasks:cancel",
    async handle(exchange, gateway) {
      requireResults(gateway);
      const id = await requireTask(exchange, gateway);
      const document = await gateway.tracker.read(id);
      // Celery's stores keep a success, too.
      if (document === undefined || !isReady(document.status)) await abort(gateway, id);
      exchange.json(200, JSON.stringify({ message: `Aborted '${id}'` }));
    },
  }),
];

/** The id of the path, of a task that the caller may see; all ids are known to those who see everything. */
export async function requireTask(exchange: Exchange, gateway: GatewayContext): Promise<string> {
  const id = exchange.param("id");
  if (!TASK_ID.test(id)) throw new Problem("bad-id");
  if (exchange.caller.read !== "all") await findTask(exchange, gateway);
  return id;
}

function requireResults({ app }: GatewayContext): void {
  if (!app.keepsResults) throw new FlowerRefusal(503, "No result backend is configured");
}

/** The newest document, once the task has ended or the time is over. */
async function awaitEnd(
  exchange: Exchange,
  { tracker, waits }: GatewayContext,
  id: string,
  seconds: number,
): Promise<ResultDocument | undefined> {
  const document = await tracker.read(id);
  if (seconds <= 0 || (document !== undefined && isReady(document.status))) return document;
  const wait = await waits.begin(exchange, id, seconds);
  return (await wait.done) ?? (await tracker.read(id));
}

/** Source: celery/contrib/abortable.py. A task that looks at its state ends itself. */
async function abort({ app }: GatewayContext, taskId: string): Promise<void> {
  const now = formatIsoTime(Date.now());
  const document = toResultDocument({ taskId, state: "ABORTED", result: null, now });
  await (await app.backend()).store([{ document }]);
}
