/** Flower's lists of tasks: what the events of workers have told since somebody wanted to know. */
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import type { Route } from "../route.ts";
import { type FlowerArguments, queryArguments } from "./arguments.ts";
import { readFlowerMinute } from "./flower-time.ts";
import { writeFlowerJson } from "./result-members.ts";
import { FlowerRefusal, flowerRoute, requireWideView } from "./route.ts";
import { parseQuery, QuerySyntaxError } from "./search-query.ts";
import { childrenByParent, taskDict } from "./task-dict.ts";
import { SORT_KEYS, type SortKey, searchTasks, type TaskSearch } from "./task-search.ts";

type Dict = Readonly<Record<string, unknown>>;

export const taskRoutes: readonly Route[] = [
  flowerRoute({ method: "GET", path: "/api/tasks", access: "tasks:read", handle: listTasks }),
  flowerRoute({
    method: "GET",
    path: "/api/task/types",
    access: "tasks:read",
    async handle(exchange, { fleet }) {
      requireWideView(exchange);
      await fleet.watchTasks();
      exchange.json(200, JSON.stringify({ "task-types": fleet.state.taskTypes }));
    },
  }),
  flowerRoute({
    method: "GET",
    path: "/api/task/info/{id}",
    access: "tasks:read",
    async handle(exchange, gateway) {
      requireWideView(exchange);
      const { fleet } = gateway;
      await fleet.watchTasks();
      const id = exchange.param("id");
      const task = fleet.state.tasks.get(id);
      if (task === undefined) throw new FlowerRefusal(404, `Unknown task '${id}'`);
      const children = fleet.state.childrenOf(id).map(({ uuid }) => uuid);
      const members = { ...taskDict(task, children), worker: task.worker?.hostname ?? null };
      exchange.json(200, writeFlowerJson(withTraceback(exchange, gateway, members)));
    },
  }),
];

async function listTasks(exchange: Exchange, gateway: GatewayContext): Promise<void> {
  requireWideView(exchange);
  const { fleet } = gateway;
  const given = queryArguments(exchange);
  let search: TaskSearch;
  try {
    search = readSearch(given);
  } catch (error) {
    if (!(error instanceof QuerySyntaxError)) throw error;
    return exchange.json(400, JSON.stringify({ error: error.message }));
  }
  await fleet.watchTasks();
  const { tasks } = fleet.state;
  const children = childrenByParent(tasks.values());
  // The order of the members is the order of the tasks; ids that look like numbers would come first in an object.
  const members = searchTasks(tasks.values(), search).map((task) => {
    const dict = taskDict(task, children.get(task.uuid) ?? []);
    const known = task.worker === null ? dict : { ...dict, worker: task.worker.hostname };
    return `${JSON.stringify(task.uuid)}:${writeFlowerJson(withTraceback(exchange, gateway, known))}`;
  });
  exchange.json(200, `{${members.join(",")}}`);
}

function readSearch(given: FlowerArguments): TaskSearch {
  const limit = given.integer("limit");
  const offset = Math.max(given.integer("offset") ?? 0, 0);
  return {
    limit,
    offset,
    worker: oneOf(given, "workername"),
    type: oneOf(given, "taskname"),
    state: oneOf(given, "state"),
    sort: readSort(given.text("sort_by")),
    receivedStart: readFlowerMinute(given.text("received_start")),
    receivedEnd: readFlowerMinute(given.text("received_end")),
    query: parseQuery(given.text("search") ?? ""),
  };
}

/** `All` is no filter, and neither is nothing. */
function oneOf(given: FlowerArguments, name: string): string | undefined {
  const value = given.text(name);
  return value === "All" || value === "" ? undefined : value;
}

function readSort(text: string | undefined): TaskSearch["sort"] {
  if (text === undefined || text === "") return undefined;
  const name = text.replace(/^-+/, "");
  const key = SORT_KEYS.find((one): one is SortKey => one === name);
  if (key !== undefined) return { key, descending: text.startsWith("-") };
  throw new FlowerRefusal(400, `Invalid sort_by '${text}', expected one of ${SORT_KEYS.join(", ")}`);
}

/** Only for callers who may see it. */
function withTraceback({ caller }: Exchange, { allowTraceback }: GatewayContext, dict: Dict): Dict {
  return allowTraceback || caller.has("results:traceback") ? dict : { ...dict, traceback: null };
}
