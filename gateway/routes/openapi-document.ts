import type { Route } from "../route.ts";

/** The description of all this. */
export const openapiDocument: Route = {
  method: "GET",
  path: "/v1/openapi.json",
  access: "public",
  operation: { operationId: "openapi", summary: "This document", tags: ["operation"] },
  responses: { 200: { description: "OpenAPI 3.1.", schema: "OpenApi" } },
  problems: [],
  handle(exchange, { openapi }) {
    exchange.json(200, openapi(), { "cache-control": "no-cache" });
  },
};
