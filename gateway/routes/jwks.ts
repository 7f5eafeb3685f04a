import { Problem } from "../problems.ts";
import type { Route } from "../route.ts";

/** The public keys by which receivers check HTTP message signatures. */
export const jwks: Route = {
  method: "GET",
  path: "/.well-known/jwks.json",
  access: "public",
  operation: {
    operationId: "jwks",
    summary: "Public keys of this gateway",
    description: "A JSON Web Key Set, when the gateway has a key for HTTP message signatures (RFC 9421).",
    tags: ["webhooks"],
  },
  responses: {
    200: { description: "The keys.", schema: "Jwks", contentType: "application/jwk-set+json" },
  },
  problems: ["not-found"],
  handle(exchange, { webhooks }) {
    const keys = webhooks.secrets.jwks;
    if (keys === undefined) throw new Problem("not-found");
    exchange.send(200, "application/jwk-set+json", JSON.stringify(keys), {
      "cache-control": "public, max-age=300",
    });
  },
};
