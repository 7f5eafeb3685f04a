import { acceptEvents, type EventResult } from "../cloudevents/accept-events.ts";
import { consentTo } from "../cloudevents/handshake.ts";
import { readEvents } from "../cloudevents/read-events.ts";
import { answerTaken } from "../hooks/receive.ts";
import { Problem } from "../problems.ts";
import type { Route } from "../route.ts";
import { SUBMIT_PROBLEMS, TRACE } from "./shared.ts";

const path = "/v1/events";

/** Takes CloudEvents, and sends the tasks that the rules make of them. */
export const receiveEvents: Route = {
  method: "POST",
  path,
  access: "tasks:submit",
  operation: {
    operationId: "receiveEvents",
    summary: "Deliver CloudEvents",
    description:
      "In binary mode (headers ce-*), structured (application/cloudevents+json) or batched (application/cloudevents-batch+json). Source and id tell an event from others: one that comes again sends nothing. Of a batch nothing is sent unless all of it can be.",
    tags: ["hooks"],
    parameters: TRACE,
  },
  requestTypes: {
    "application/cloudevents+json": "CloudEvent",
    "application/cloudevents-batch+json": "EventBatch",
    "*/*": "RawBody",
  },
  responses: {
    200: { description: "All of it came before, or no rule fits.", schema: "EventOrBatchTaken" },
    202: { description: "The broker has the tasks.", schema: "EventOrBatchTaken" },
    204: { description: "No rule fits the event, and nothing was sent." },
  },
  problems: [...SUBMIT_PROBLEMS, "not-found"],
  async handle(exchange, gateway) {
    const { events: door } = gateway;
    if (door === undefined)
      throw new Problem("not-found", {
        detail: "This gateway takes no CloudEvents: it has no rules for them.",
      });
    const { events, isBatch } = await readEvents(exchange, gateway);
    const results = await acceptEvents(exchange, gateway, door, events);
    if (isBatch) {
      const isNew = results.some(({ task }) => task?.isDuplicate === false);
      exchange.json(isNew ? 202 : 200, JSON.stringify({ events: results.map(resultMembers) }));
      return;
    }
    const task = results[0]?.task;
    if (task === undefined) exchange.empty(204, {});
    else answerTaken(exchange, task);
  },
};

function resultMembers({ event, task }: EventResult): object {
  const { source, id } = event;
  if (task === undefined) return { source, id, outcome: "ignored" };
  const outcome = task.isDuplicate ? "duplicate" : "accepted";
  return { source, id, outcome, task: task.task, task_id: task.taskId };
}

/** Tells a sender of events whether it may deliver here. */
export const consentToEvents: Route = {
  method: "OPTIONS",
  path,
  // It is asked before there are credentials, and tells who may deliver, not what.
  access: "public",
  operation: {
    operationId: "consentToEvents",
    summary: "Ask whether events may be delivered",
    description:
      "The handshake of CloudEvents' webhooks. Without the two headers in the answer they may not.",
    tags: ["hooks"],
    parameters: ["WebHook-Request-Origin", "WebHook-Request-Rate"].map((name) => ({
      name,
      in: "header",
      description: name.endsWith("Origin") ? "The sender's name." : "Requests a minute that it would send.",
      schema: { type: "string" },
    })),
  },
  responses: {
    200: {
      description: "Whether they may.",
      headers: {
        "WebHook-Allowed-Origin": "The sender that may deliver.",
        "WebHook-Allowed-Rate": "Requests a minute, or *.",
        Allow: "The methods that there are.",
      },
    },
  },
  problems: ["method-not-allowed"],
  handle(exchange, { events }) {
    const allow = "GET, HEAD, POST, OPTIONS";
    if (events === undefined) throw new Problem("method-not-allowed", { headers: { allow: "GET, HEAD" } });
    exchange.empty(200, { allow, "content-length": "0", ...consentTo(exchange.req, events) });
  },
};
