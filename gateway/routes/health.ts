import type { Route } from "../route.ts";

const NO_STORE = { "cache-control": "no-store" };

/** Whether the process is alive; asks nobody else. */
export const health: Route = {
  method: "GET",
  path: "/healthz",
  access: "public",
  operation: { operationId: "health", summary: "Is the process alive?", tags: ["operation"] },
  responses: { 200: { description: "It is.", schema: "Health" } },
  problems: [],
  handle(exchange) {
    exchange.json(200, '{"status":"ok"}', NO_STORE);
  },
};

/** Whether tasks can be accepted. */
export const readiness: Route = {
  method: "GET",
  path: "/readyz",
  access: "public",
  operation: {
    operationId: "readiness",
    summary: "Can tasks be accepted?",
    description: "Asks the broker, at most once a second.",
    tags: ["operation"],
  },
  responses: {
    200: { description: "The broker answers.", schema: "Readiness" },
    503: { description: "It does not; the reason says why.", schema: "Readiness" },
  },
  problems: [],
  async handle(exchange, gateway) {
    const readiness = await gateway.ready();
    exchange.json(readiness.ready ? 200 : 503, JSON.stringify(readiness), NO_STORE);
  },
};
