/** Flower's lists of workers and queues. */
import { isPlainObject, type PlainObject, setOwn } from "../../protocol/index.ts";
import { fromQueue } from "../access/caller.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import type { WorkerAnswers } from "../fleet/inspection.ts";
import { Problem } from "../problems.ts";
import type { Route } from "../route.ts";
import { queryArguments } from "./arguments.ts";
import { writeFlowerJson } from "./result-members.ts";
import { FlowerRefusal, flowerRoute, requireWideView } from "./route.ts";

/** Queues whose lengths are asked for in one request. */
const MAX_QUEUES = 1000;

export const workerRoutes: readonly Route[] = [
  flowerRoute({ method: "GET", path: "/api/workers", access: "workers:read", handle: listWorkers }),
  flowerRoute({
    method: "GET",
    path: "/api/queues/length",
    access: "queues:read",
    async handle(exchange, gateway) {
      const { app } = gateway;
      const { caller } = exchange;
      const names = (await activeQueues(gateway)).filter(
        (name) => name.startsWith(caller.queuePrefix) && caller.mayUseQueue(fromQueue(caller, name)),
      );
      const connection = await app.connection();
      const readOne = async (name: string): Promise<object> => ({
        name: fromQueue(caller, name),
        messages: await connection.queueSize(name),
      });
      const queues = await Promise.all(names.slice(0, MAX_QUEUES).map(readOne));
      exchange.json(200, JSON.stringify({ active_queues: queues }));
    },
  }),
];

async function listWorkers(exchange: Exchange, { fleet }: GatewayContext): Promise<void> {
  const given = queryArguments(exchange);
  const [refresh, status, name] = [
    given.flag("refresh"),
    given.flag("status"),
    given.text("workername") ?? "",
  ];
  // What it runs is somebody's.
  if (name !== "") requireWideView(exchange);
  await fleet.survey({ search: refresh && name === "" });
  const { state, inspection } = fleet;
  if (refresh && name !== "" && (await fleet.hasWorker(name))) await inspection.inspect(name);
  if (status) {
    const alive: PlainObject = {};
    for (const worker of state.workers.values()) setOwn(alive, worker.hostname, worker.isAlive());
    return exchange.json(200, JSON.stringify(alive));
  }
  const shown: PlainObject = {};
  for (const [worker, answers] of inspection.workers) {
    // Lists of tasks are shown when one worker is asked for, and left out for all.
    if (name === "" || worker === name) setOwn(shown, worker, workerDict(answers, name !== ""));
  }
  if (name !== "" && Object.keys(shown).length === 0)
    throw new FlowerRefusal(404, `Unknown worker '${name}'`);
  exchange.json(200, writeFlowerJson(shown));
}

const TASK_LISTS = ["scheduled", "active", "reserved", "revoked"];

function workerDict({ byCommand, atMs }: WorkerAnswers, withTasks: boolean): PlainObject {
  const dict: PlainObject = { ...byCommand, timestamp: atMs / 1000 };
  if (!withTasks) for (const list of TASK_LISTS) delete dict[list];
  const { stats } = dict;
  if (!isPlainObject(stats) || !isPlainObject(stats["broker"])) return dict;
  // Further brokers have passwords in their URLs.
  const { alternates: _, ...broker } = stats["broker"];
  return { ...dict, stats: { ...stats, broker } };
}

/** Those that workers consume; without workers those of the app. */
async function activeQueues({ app, fleet }: GatewayContext): Promise<readonly string[]> {
  try {
    await fleet.survey();
  } catch (error) {
    if (!(error instanceof Problem && error.type === "control-impossible")) throw error;
  }
  const names = [...fleet.inspection.workers.values()].flatMap(({ byCommand }) =>
    queueNames(byCommand["active_queues"]),
  );
  const known = names.length === 0 ? app.router.defaultQueues.map(({ name }) => name) : names;
  return [...new Set(known)].sort();
}

function queueNames(queues: unknown): readonly string[] {
  if (!Array.isArray(queues)) return [];
  return queues.flatMap((queue) =>
    isPlainObject(queue) && typeof queue["name"] === "string" ? [queue["name"]] : [],
  );
}
