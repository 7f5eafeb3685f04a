import type { GatewayContext } from "../context.ts";
import { Problem } from "../problems.ts";
import { readJson } from "../read-json.ts";
import type { Route } from "../route.ts";
import { createValidator } from "../validate.ts";
import { isEndpointName } from "../webhooks/endpoint.ts";
import type { EndpointRequest } from "../webhooks/endpoint-request.ts";
import { endpointLink, endpointView } from "../webhooks/views.ts";
import { type Asked, answerPage, badCursor, nextLink, type Page, pageParameters, readLimit } from "./page.ts";
import { BODY_PROBLEMS } from "./shared.ts";

const path = "/v1/webhook-endpoints/{name}";
const validate = createValidator("WebhookEndpointRequest");
const NO_STORE = { "cache-control": "no-store" };
const tags = ["webhooks"];

/** The endpoints of the caller's tenant. */
export const listWebhookEndpoints: Route = {
  method: "GET",
  path: "/v1/webhook-endpoints",
  access: "webhooks",
  operation: {
    operationId: "listWebhookEndpoints",
    summary: "List endpoints",
    description: "By name, without their secrets.",
    tags,
    parameters: pageParameters("Endpoints"),
  },
  responses: {
    200: {
      description: "A page of endpoints.",
      schema: "WebhookEndpointList",
      headers: { Link: 'The next page, rel="next".' },
    },
  },
  problems: ["invalid-arguments", "state-unavailable"],
  async handle(exchange, gateway) {
    answerPage(exchange, await webhookEndpointPage(exchange, gateway));
  },
};

export async function webhookEndpointPage(
  { query, base, caller }: Asked,
  { webhooks }: Pick<GatewayContext, "webhooks">,
): Promise<Page> {
  const after = query.get("cursor") ?? undefined;
  if (after !== undefined && !isEndpointName(after)) throw badCursor();
  const page = await webhooks.endpoints.list(caller.tenant, after, readLimit(query));
  const next = page.next && nextLink(`${base}/v1/webhook-endpoints`, query, page.next);
  const endpoints = page.endpoints.map((endpoint) => endpointView(endpoint, base));
  return { text: JSON.stringify({ endpoints, next }), next };
}

/** One endpoint, without its secrets. */
export const getWebhookEndpoint: Route = {
  method: "GET",
  path,
  access: "webhooks",
  operation: { operationId: "getWebhookEndpoint", summary: "Read an endpoint", tags },
  responses: { 200: { description: "The endpoint, without its secrets.", schema: "WebhookEndpoint" } },
  problems: ["unknown-endpoint", "state-unavailable"],
  async handle(exchange, { webhooks }) {
    const endpoint = await webhooks.endpoints.get(exchange.caller.tenant, exchange.param("name"));
    exchange.json(200, JSON.stringify(endpointView(endpoint, exchange.base)), NO_STORE);
  },
};

/** Makes an endpoint, or replaces the one of this name. */
export const putWebhookEndpoint: Route = {
  method: "PUT",
  path,
  access: "webhooks",
  operation: {
    operationId: "putWebhookEndpoint",
    summary: "Make or replace an endpoint",
    description:
      "Its secret is shown in the answer that makes or changes it, and never again. Replacing keeps the secret unless a new one is given. Another URL is enabled, and asked for its consent again.",
    tags,
  },
  requestSchema: "WebhookEndpointRequest",
  responses: {
    200: { description: "It was replaced.", schema: "WebhookEndpoint" },
    201: {
      description: "It is new.",
      schema: "WebhookEndpoint",
      headers: { Location: "The endpoint." },
    },
  },
  problems: [
    ...BODY_PROBLEMS,
    "invalid-arguments",
    "reserved-option",
    "blocked-address",
    "consent-refused",
    "insufficient-scope",
    "too-many-endpoints",
    "state-unavailable",
  ],
  async handle(exchange, gateway) {
    const name = exchange.param("name");
    if (!isEndpointName(name)) {
      throw new Problem("invalid-arguments", {
        detail: "The name of an endpoint is 1 to 100 letters, digits, dots, underscores and dashes.",
      });
    }
    const body = await readJson(exchange, gateway);
    validate(body);
    // The schema says so.
    const request = body as EndpointRequest;
    const { endpoint, secret, isNew } = await gateway.webhooks.desk.put(exchange.caller, name, request);
    exchange.json(isNew ? 201 : 200, JSON.stringify(endpointView(endpoint, exchange.base, secret)), {
      ...NO_STORE,
      ...(isNew ? { location: endpointLink(name, exchange.base) } : {}),
    });
  },
};

/** Removes an endpoint. */
export const deleteWebhookEndpoint: Route = {
  method: "DELETE",
  path,
  access: "webhooks",
  operation: {
    operationId: "deleteWebhookEndpoint",
    summary: "Remove an endpoint",
    description: "What is under way for it fails, and stays in the log.",
    tags,
  },
  responses: { 204: { description: "It is removed." } },
  problems: ["unknown-endpoint", "state-unavailable"],
  async handle(exchange, { webhooks }) {
    await webhooks.endpoints.remove(exchange.caller.tenant, exchange.param("name"));
    exchange.empty(204, {});
  },
};
