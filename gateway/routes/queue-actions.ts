import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { Problem } from "../problems.ts";
import { queueEtag } from "../queues/queue-view.ts";
import { hasBody, readJson } from "../read-json.ts";
import type { Route } from "../route.ts";
import { requirePreconditions } from "../schedules/preconditions.ts";
import { createValidator } from "../validate.ts";
import { BODY_PROBLEMS, IF_MATCH, QUEUE_PROBLEMS } from "./shared.ts";

const validate = createValidator("QueueWorkers");

/** Pauses or resumes. */
function switchRoute(verb: "pause" | "resume", summary: string, description: string): Route {
  return {
    method: "POST",
    path: `/v1/queues/{name}:${verb}`,
    access: "queues:write",
    operation: { operationId: `${verb}Queue`, summary, description, tags: ["queues"] },
    requestSchema: "QueueWorkers",
    isBodyOptional: true,
    responses: { 200: { description: "Who does it.", schema: "QueueChange" } },
    problems: [...QUEUE_PROBLEMS, ...BODY_PROBLEMS, "control-impossible"],
    async handle(exchange, gateway) {
      const name = exchange.param("name");
      const queue = gateway.queues.requireTasks(exchange.caller, name);
      const workers = await gateway.queueControl[verb](queue, await readWorkers(exchange, gateway));
      exchange.json(200, JSON.stringify({ name, workers }));
    },
  };
}

async function readWorkers(
  exchange: Exchange,
  gateway: GatewayContext,
): Promise<readonly string[] | undefined> {
  if (!hasBody(exchange.req)) return undefined;
  const body = await readJson(exchange, gateway);
  validate(body);
  // The schema says so.
  return (body as { readonly workers?: readonly string[] }).workers;
}

/** Workers leave the queue alone. */
export const pauseQueue: Route = switchRoute(
  "pause",
  "Pause a queue",
  "Tells the workers that take from the queue to stop; what they have already they finish. A worker that starts later takes from it all the same.",
);

/** Workers take from the queue again. */
export const resumeQueue: Route = switchRoute(
  "resume",
  "Resume a queue",
  "Tells the workers that were paused through this gateway to take from the queue again, or all workers when it knows of none.",
);

/** Removes what waits. */
export const purgeQueue: Route = {
  method: "POST",
  path: "/v1/queues/{name}:purge",
  access: "queues:purge",
  operation: {
    operationId: "purgeQueue",
    summary: "Purge a queue",
    description:
      "Removes all messages that wait in it; nothing brings them back. Nothing is done when it holds more or less than the caller knows.",
    tags: ["queues"],
    parameters: [{ ...IF_MATCH, description: "The ETag of the queue as you know it, or *. Required." }],
  },
  responses: { 200: { description: "How much is gone.", schema: "QueuePurged" } },
  problems: [...QUEUE_PROBLEMS, "precondition-required", "precondition-failed"],
  async handle(exchange, { queues, logger }) {
    const name = exchange.param("name");
    const queue = queues.require(exchange.caller, name);
    if (exchange.req.headers["if-match"] === undefined) throw new Problem("precondition-required");
    requirePreconditions(exchange, queueEtag(await queues.look(queue)));
    const purged = await queues.purge(queue);
    logger.info({ queue, purged, caller: exchange.caller.id }, "A queue was purged");
    exchange.json(200, JSON.stringify({ name, purged }));
  },
};
