import { hasBody, readJson } from "../read-json.ts";
import type { Route } from "../route.ts";
import { createValidator } from "../validate.ts";
import type { SecretRequest } from "../webhooks/endpoint-request.ts";
import { deliveryLink, deliveryView, endpointView } from "../webhooks/views.ts";
import { BODY_PROBLEMS } from "./shared.ts";

const validateSecret = createValidator("WebhookSecretRequest");
const NO_STORE = { "cache-control": "no-store" };
const tags = ["webhooks"];

/** Enables or disables. */
function switchRoute(verb: "enable" | "disable", summary: string, description: string): Route {
  return {
    method: "POST",
    path: `/v1/webhook-endpoints/{name}:${verb}`,
    access: "webhooks",
    operation: { operationId: `${verb}WebhookEndpoint`, summary, description, tags },
    responses: { 200: { description: "The endpoint as it is now.", schema: "WebhookEndpoint" } },
    problems: ["unknown-endpoint", "state-unavailable"],
    async handle(exchange, { webhooks }) {
      const { caller, base } = exchange;
      const endpoint = await webhooks.desk.switch(caller.tenant, exchange.param("name"), verb === "disable");
      exchange.json(200, JSON.stringify(endpointView(endpoint, base)), NO_STORE);
    },
  };
}

/** Sends to it again. */
export const enableWebhookEndpoint: Route = switchRoute(
  "enable",
  "Enable an endpoint",
  "From now on. What failed while it was disabled is in the log, and can be delivered again. Twice is fine.",
);

/** Sends nothing more to it. */
export const disableWebhookEndpoint: Route = switchRoute(
  "disable",
  "Disable an endpoint",
  "What is under way for it fails, and stays in the log. Twice is fine.",
);

/** Gives it a new secret. */
export const rotateWebhookSecret: Route = {
  method: "POST",
  path: "/v1/webhook-endpoints/{name}:rotate-secret",
  access: "webhooks",
  operation: {
    operationId: "rotateWebhookSecret",
    summary: "Change an endpoint's secret",
    description:
      "Answers with the new secret. During the overlap everything is signed with the secrets so far as well; at most four sign.",
    tags,
  },
  requestSchema: "WebhookSecretRequest",
  isBodyOptional: true,
  responses: { 200: { description: "The endpoint, with its new secret.", schema: "WebhookEndpoint" } },
  problems: [
    ...BODY_PROBLEMS,
    "unknown-endpoint",
    "invalid-arguments",
    "reserved-option",
    "state-unavailable",
  ],
  async handle(exchange, gateway) {
    const { caller, base } = exchange;
    const body = hasBody(exchange.req) ? await readJson(exchange, gateway) : {};
    validateSecret(body);
    const name = exchange.param("name");
    // The schema says so.
    const changed = await gateway.webhooks.desk.rotate(caller.tenant, name, body as SecretRequest);
    exchange.json(200, JSON.stringify(endpointView(changed.endpoint, base, changed.secret)), NO_STORE);
  },
};

/** Sends it an event that is about nothing. */
export const testWebhookEndpoint: Route = {
  method: "POST",
  path: "/v1/webhook-endpoints/{name}:test",
  access: "webhooks",
  operation: {
    operationId: "testWebhookEndpoint",
    summary: "Send an endpoint a test",
    description: "An event of the type celery.webhook.test, sent and tried again like any other.",
    tags,
  },
  responses: {
    202: {
      description: "It will be sent.",
      schema: "WebhookDelivery",
      headers: { Location: "What comes of it." },
    },
  },
  problems: ["unknown-endpoint", "state-unavailable"],
  async handle(exchange, { webhooks }) {
    const { caller, base } = exchange;
    const delivery = await webhooks.desk.test(caller.tenant, exchange.param("name"), base);
    exchange.json(202, JSON.stringify(deliveryView(delivery, base, false)), {
      location: deliveryLink(delivery.id, base),
    });
  },
};
