import { isReservedName } from "../../app/index.ts";
import { fromQueue } from "../access/caller.ts";
import { visibleFilter } from "../access/visibility.ts";
import type { Route } from "../route.ts";

/** Recent tasks whose names are suggested. */
const RECENT = 500;

/** What can be sent, as far as the gateway knows. */
export const catalog: Route = {
  method: "GET",
  path: "/v1/catalog",
  access: "tasks:read",
  operation: {
    operationId: "catalog",
    summary: "List known task and queue names",
    description:
      "Tasks registered in the gateway's own process, with their parameters, and those sent recently; the queues of the app. Workers elsewhere may know more.",
    tags: ["tasks"],
  },
  responses: { 200: { description: "Names.", schema: "Catalog" } },
  problems: [],
  async handle(exchange, { app, index }) {
    const { caller } = exchange;
    const { entries } = await index.list(visibleFilter(caller, { limit: RECENT }));
    const isShown = (name: string): boolean => !isReservedName(name) && caller.maySubmit(name);
    const recent = entries.map(({ task }) => task).filter((name) => !app.tasks.has(name) && isShown(name));
    const own = [...app.tasks.values()].filter(({ name }) => isShown(name));
    const tasks = [
      ...own.map(({ name, params }) => ({ name, ...(params && { params }) })),
      ...[...new Set(recent)].map((name) => ({ name })),
    ];
    const queues = new Set([
      ...app.router.defaultQueues.map(({ name }) => name),
      ...entries.map(({ queue }) => fromQueue(caller, queue)),
    ]);
    const shown = [...queues].filter((name) => caller.mayUseQueue(name));
    const body = { tasks: tasks.sort((a, b) => (a.name < b.name ? -1 : 1)), queues: shown.sort() };
    exchange.json(200, JSON.stringify(body), { "cache-control": "no-store" });
  },
};
