import { maySee } from "../access/visibility.ts";
import type { GatewayContext } from "../context.ts";
import { workerTasks } from "../fleet/worker-tasks.ts";
import { toWorkerView, WORKER_STATES, workerDetails, workerNames } from "../fleet/worker-view.ts";
import { Problem } from "../problems.ts";
import type { Route } from "../route.ts";
import { writeJson } from "../task-view.ts";
import { type Asked, answerPage, nextLink, type Page, pageParameters, readLimit } from "./page.ts";
import { FLEET_PROBLEMS } from "./shared.ts";

/** All workers that are known, by name. */
export const listWorkers: Route = {
  method: "GET",
  path: "/v1/workers",
  access: "workers:read",
  operation: {
    operationId: "listWorkers",
    summary: "List workers",
    description:
      "By name, of all languages: from their heartbeats, and from what they answered at most 3 seconds ago. The first question takes a second.",
    tags: ["workers"],
    parameters: [
      {
        name: "status",
        in: "query",
        description: "Only workers of this status.",
        schema: { enum: WORKER_STATES },
      },
      ...pageParameters("Workers"),
    ],
  },
  responses: {
    200: {
      description: "A page of workers.",
      schema: "WorkerList",
      headers: { Link: 'The next page, rel="next".' },
    },
  },
  problems: [...FLEET_PROBLEMS, "invalid-arguments"],
  async handle(exchange, gateway) {
    answerPage(exchange, await workerPage(exchange, gateway));
  },
};

export async function workerPage(
  { query, base }: Asked,
  { fleet }: Pick<GatewayContext, "fleet">,
): Promise<Page> {
  const limit = readLimit(query);
  const after = query.get("cursor") ?? "";
  const status = readStatus(query);
  await fleet.survey();
  const views = workerNames(fleet)
    .filter((name) => name > after)
    .map((name) => toWorkerView(fleet, name, base))
    .filter((view) => status === null || view.status === status);
  const page = views.slice(0, limit);
  const last = page.at(-1);
  const next =
    views.length > limit && last !== undefined ? nextLink(`${base}/v1/workers`, query, last.name) : undefined;
  return { text: writeJson({ workers: page, ...(next && { next }) }), next };
}

function readStatus(query: URLSearchParams): string | null {
  const status = query.get("status");
  if (status === null || WORKER_STATES.some((one) => one === status)) return status;
  throw new Problem("invalid-arguments", {
    detail: `The parameter status must be one of ${WORKER_STATES.join(", ")}.`,
  });
}

/** One worker, with its tasks. */
export const getWorker: Route = {
  method: "GET",
  path: "/v1/workers/{name}",
  access: "workers:read",
  operation: {
    operationId: "getWorker",
    summary: "Read a worker",
    description:
      "With its tasks, as it answered at most 3 seconds ago. Tasks that the caller may not see are left out.",
    tags: ["workers"],
  },
  responses: { 200: { description: "The worker.", schema: "Worker" } },
  problems: [...FLEET_PROBLEMS, "unknown-worker"],
  async handle(exchange, { fleet, tracker }) {
    const { caller, base } = exchange;
    const name = exchange.param("name");
    if (!(await fleet.hasWorker(name))) throw new Problem("unknown-worker");
    const { status } = toWorkerView(fleet, name, base);
    // Others would be waited for, each time.
    if (status === "online") await fleet.inspection.inspect(name, { isFreshEnough: true });
    const isVisible = async (id: string): Promise<boolean> =>
      caller.read === "all" || maySee(caller, await tracker.find(id));
    const view = {
      ...toWorkerView(fleet, name, base),
      ...workerDetails(fleet, name),
      ...(await workerTasks(fleet.inspection.workers.get(name), isVisible)),
    };
    exchange.json(200, writeJson(view), { "cache-control": "no-store" });
  },
};
