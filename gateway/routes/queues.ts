import type { GatewayContext } from "../context.ts";
import { queueEtag, queueMembers } from "../queues/queue-view.ts";
import type { Route } from "../route.ts";
import { type Asked, answerPage, type Page } from "./page.ts";
import { QUEUE_PROBLEMS } from "./shared.ts";

const NO_STORE = { "cache-control": "no-store" };

/** All queues for tasks that the caller may use. */
export const listQueues: Route = {
  method: "GET",
  path: "/v1/queues",
  access: "queues:read",
  operation: {
    operationId: "listQueues",
    summary: "List queues",
    description:
      "The queues that the app's settings name, by name. The broker is asked about each at most once a second.",
    tags: ["queues"],
  },
  responses: { 200: { description: "The queues.", schema: "QueueList" } },
  problems: ["broker-unavailable", "broker-refused"],
  async handle(exchange, gateway) {
    answerPage(exchange, await queuePage(exchange, gateway));
  },
};

export async function queuePage(asked: Asked, { queues }: Pick<GatewayContext, "queues">): Promise<Page> {
  const names = queues.visibleTo(asked.caller);
  const states = await Promise.all(names.map((name) => queues.get(name)));
  return { text: JSON.stringify({ queues: states.map((state) => queueMembers(state, asked)) }) };
}

/** One queue, or the queue of its dead letters. */
export const getQueue: Route = {
  method: "GET",
  path: "/v1/queues/{name}",
  access: "queues:read",
  operation: {
    operationId: "getQueue",
    summary: "Read a queue",
    description: "As the broker had it within the last second. Queues of dead letters end in .dead.",
    tags: ["queues"],
  },
  responses: {
    200: {
      description: "The queue.",
      schema: "Queue",
      headers: { ETag: "Changes with what a purge would remove." },
    },
  },
  problems: QUEUE_PROBLEMS,
  async handle(exchange, { queues }) {
    const state = await queues.get(queues.require(exchange.caller, exchange.param("name")));
    exchange.json(200, JSON.stringify(queueMembers(state, exchange)), {
      etag: queueEtag(state),
      ...NO_STORE,
    });
  },
};
