/** Flower's three ways to start a task. */
import { isReady, type ResultDocument } from "../../protocol/index.ts";
import { acceptTask } from "../accept-task.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { Problem } from "../problems.ts";
import type { Route } from "../route.ts";
import type { TaskEntry } from "../task-index.ts";
import type { Wait } from "../waits.ts";
import { resultMembers, writeFlowerJson } from "./result-members.ts";
import { FlowerRefusal, flowerRoute } from "./route.ts";
import { readFlowerBody, readSeconds, toTaskRequest } from "./task-request.ts";

export const startRoutes: readonly Route[] = [
  flowerRoute({
    method: "POST",
    path: "/api/task/async-apply/{task}",
    access: "tasks:submit",
    async handle(exchange, gateway) {
      const name = exchange.param("task");
      const body = await readFlowerBody(exchange, gateway);
      const request = toTaskRequest(name, body, gateway);
      await requireKnownTask(gateway, name);
      await start(exchange, gateway, request);
    },
  }),
  flowerRoute({
    method: "POST",
    path: "/api/task/send-task/{task}",
    access: "tasks:submit",
    async handle(exchange, gateway) {
      const body = await readFlowerBody(exchange, gateway);
      await start(exchange, gateway, toTaskRequest(exchange.param("task"), body, gateway));
    },
  }),
  flowerRoute({
    method: "POST",
    path: "/api/task/apply/{task}",
    access: "tasks:submit",
    async handle(exchange, gateway) {
      const name = exchange.param("task");
      const body = await readFlowerBody(exchange, gateway);
      const timeout = readTimeout(body.options["timeout"]);
      const request = toTaskRequest(name, body, gateway, ["timeout"]);
      await requireKnownTask(gateway, name);
      if (!gateway.app.keepsResults) throw new FlowerRefusal(503, "No result backend is configured");
      await startAndWait(exchange, gateway, request, Math.min(timeout, gateway.waitMaxSeconds));
    },
  }),
];

/**
 * Names that the app registers or a worker has. While no worker has ever answered, nobody knows which there are, and any
 * name is good: queues are for workers that come later. Throws FlowerRefusal 404.
 */
async function requireKnownTask({ app, fleet }: GatewayContext, name: string): Promise<void> {
  const { inspection } = fleet;
  if (app.tasks.has(name) || inspection.tasks.has(name)) return;
  try {
    const asking = fleet.survey();
    // Without workers there is no answer to wait for, after the first time.
    if (inspection.wasAsked && inspection.tasks.size === 0) asking.catch(() => undefined);
    else await asking;
  } catch (error) {
    if (!(error instanceof Problem && error.type === "control-impossible")) throw error;
  }
  if (inspection.tasks.size === 0 || inspection.tasks.has(name)) return;
  throw new FlowerRefusal(404, `Unknown task '${name}'`);
}

/** Seconds; without them as long as the gateway allows. Throws FlowerRefusal 400. */
function readTimeout(value: unknown): number {
  if (value === undefined || value === null) return Number.POSITIVE_INFINITY;
  try {
    return readSeconds(value);
  } catch {
    throw new FlowerRefusal(400, "Invalid timeout");
  }
}

type Request = Parameters<typeof acceptTask>[2];
/** Requests are not remembered here: an Idempotency-Key would promise what is not kept. */
const NO_KEY = { hasIdempotencyKey: false };

async function start(exchange: Exchange, gateway: GatewayContext, request: Request): Promise<void> {
  const { entry } = await acceptTask(exchange, gateway, request, NO_KEY);
  // Ids are the gateway's own: no character of theirs needs escaping.
  const state = gateway.app.keepsResults ? ',"state":"PENDING"' : "";
  exchange.json(200, `{"task-id":"${entry.id}"${state}}`);
}

/** The wait begins before the task is sent, so that none is too fast to be seen. */
async function startAndWait(
  exchange: Exchange,
  gateway: GatewayContext,
  request: Request,
  seconds: number,
): Promise<void> {
  const { tracker, waits, logger } = gateway;
  let wait = undefined as Wait | undefined;
  const beforeSend = async ({ id, ignoreResult }: TaskEntry): Promise<void> => {
    if (seconds > 0 && !ignoreResult) wait = await waits.begin(exchange, id, seconds);
  };
  let entry: TaskEntry;
  try {
    ({ entry } = await acceptTask(exchange, gateway, request, { ...NO_KEY, beforeSend }));
  } catch (error) {
    wait?.cancel();
    throw error;
  }
  const asked = Promise.resolve(wait?.done).then((end) => end ?? tracker.read(entry.id));
  const document: ResultDocument | undefined = await asked.catch((error: unknown) => {
    // The task is on its way all the same, and the caller must learn its id.
    logger.warn({ err: error, taskId: entry.id }, "A result could not be waited for");
    return undefined;
  });
  if (document !== undefined) tracker.saw(document, entry);
  const isEnded = document !== undefined && isReady(document.status);
  const members = {
    "task-id": entry.id,
    state: document?.status ?? "PENDING",
    ...(isEnded && resultMembers(exchange, gateway, document)),
  };
  exchange.json(200, writeFlowerJson(members));
}
