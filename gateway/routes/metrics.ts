import type { Route } from "../route.ts";

/** For Prometheus. */
export const metrics: Route = {
  method: "GET",
  path: "/metrics",
  access: "metrics",
  operation: {
    operationId: "metrics",
    summary: "Metrics for Prometheus",
    description:
      "Those of the gateway and its process, and Flower's. Workers are listened to from the first reading on.",
    tags: ["operation"],
  },
  responses: { 200: { description: "The metrics.", contentType: "text/plain" } },
  problems: [],
  async handle(exchange, { metricsPage, fleet, logger }) {
    fleet.watchTasks().catch((error: unknown) => {
      logger.debug({ err: error }, "Events of workers cannot be received");
    });
    const { contentType, text } = await metricsPage();
    exchange.send(200, contentType, text, { "cache-control": "no-store" });
  },
};
