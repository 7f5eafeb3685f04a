import type { ControlReplies } from "../../app/index.ts";
import { isPlainObject, type PlainObject } from "../../protocol/index.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { WORKER_ORDERS, type WorkerOrder } from "../fleet/orders.ts";
import { Problem, type ProblemName } from "../problems.ts";
import { hasBody, readJson } from "../read-json.ts";
import type { Route } from "../route.ts";
import { SCHEMAS } from "../schemas.ts";
import { writeJson } from "../task-view.ts";
import { createValidator } from "../validate.ts";
import { BODY_PROBLEMS, FLEET_PROBLEMS } from "./shared.ts";

/** Stands for all workers; names of workers have an @. */
const ALL = "-";
const MAX_REPLY = 1000;

const PROBLEMS: readonly ProblemName[] = [
  ...FLEET_PROBLEMS,
  "unknown-worker",
  "worker-refused",
  "worker-silent",
  ...BODY_PROBLEMS,
  "bad-task-name",
];

/** Routes that tell workers what to do. */
export const workerOrders: readonly Route[] = WORKER_ORDERS.map(orderRoute);

function orderRoute(order: WorkerOrder): Route {
  const { action, schema, summary, description, silent } = order;
  const validate = createValidator(schema);
  return {
    method: "POST",
    path: `/v1/workers/{name}:${action}`,
    access: "workers:control",
    operation: {
      operationId: `worker${action.replaceAll(/(?:^|-)(\w)/g, (_, first: string) => first.toUpperCase())}`,
      summary,
      description,
      tags: ["workers"],
    },
    requestSchema: schema,
    ...(SCHEMAS[schema]["required"] === undefined ? { isBodyOptional: true } : {}),
    responses:
      silent === true
        ? { 202: { description: "It is told; it does not answer.", schema: "WorkerReplies" } }
        : { 200: { description: "What was answered.", schema: "WorkerReplies" } },
    problems: PROBLEMS,
    async handle(exchange, gateway) {
      const body = hasBody(exchange.req) ? await readJson(exchange, gateway) : {};
      validate(body);
      // The schema says so.
      await give(exchange, gateway, order, body as PlainObject);
    },
  };
}

async function give(
  exchange: Exchange,
  { fleet }: GatewayContext,
  { command, silent, toAll, toArguments }: WorkerOrder,
  body: PlainObject,
): Promise<void> {
  const name = exchange.param("name");
  const isToAll = name === ALL && toAll === true;
  if (!isToAll && !(await fleet.hasWorker(name))) throw new Problem("unknown-worker");
  if (silent === true) {
    await fleet.tell(name, command);
    return exchange.json(202, '{"replies":[]}');
  }
  const given = toArguments === undefined ? body : toArguments(body);
  const replies = toReplies(await fleet.command(isToAll ? undefined : name, command, given));
  const [first] = replies;
  if (!isToAll && first === undefined) throw new Problem("worker-silent");
  if (!isToAll && first?.error !== undefined)
    throw new Problem("worker-refused", { detail: `The worker answered: ${first.error}` });
  exchange.json(200, writeJson({ replies }));
}

interface Reply {
  readonly worker: string;
  readonly ok?: string;
  readonly error?: string;
}

function toReplies(replies: ControlReplies): readonly Reply[] {
  return Object.entries(replies).map(([worker, reply]) => {
    const { ok, error } = isPlainObject(reply) ? reply : {};
    if (error !== undefined) return { worker, error: String(error).slice(0, MAX_REPLY) };
    return { worker, ok: String(ok ?? "").slice(0, MAX_REPLY) };
  });
}
