import { asyncapiOf } from "../asyncapi.ts";
import type { Route } from "../route.ts";

/** The description of the messages behind all this. */
export const asyncapiDocument: Route = {
  method: "GET",
  path: "/v1/asyncapi.json",
  access: "queues:read",
  operation: {
    operationId: "asyncapi",
    summary: "The queues and their messages",
    description: "For workers and clients that speak with the broker themselves.",
    tags: ["operation"],
  },
  responses: { 200: { description: "AsyncAPI 3.0.", schema: "AsyncApi" } },
  problems: [],
  handle(exchange, { app, queues }) {
    const document = asyncapiOf(app, queues.visibleTo(exchange.caller));
    exchange.json(200, JSON.stringify(document), { "cache-control": "no-cache" });
  },
};
