import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { Problem } from "../problems.ts";
import type { ParameterSpec, Route } from "../route.ts";
import type { DeliveryStatus } from "../webhooks/delivery.ts";
import type { DeliveryFilter } from "../webhooks/delivery-log.ts";
import { isDeliveryId, tenantPrefix } from "../webhooks/places.ts";
import { deliveryView } from "../webhooks/views.ts";
import { type Asked, answerPage, badCursor, nextLink, type Page, pageParameters, readLimit } from "./page.ts";

const path = "/v1/webhook-deliveries/{id}";
const NO_STORE = { "cache-control": "no-store" };
const tags = ["webhooks"];
const STATUSES: readonly string[] = ["pending", "delivered", "failed"] satisfies DeliveryStatus[];

const FILTERS: readonly ParameterSpec[] = [
  { name: "task", in: "query", description: "Only those of this task id.", schema: { type: "string" } },
  { name: "endpoint", in: "query", description: "Only those for this endpoint.", schema: { type: "string" } },
  {
    name: "status",
    in: "query",
    description: "Only those with this status.",
    schema: { type: "string", enum: STATUSES },
  },
];

/** The log of callbacks. */
export const listWebhookDeliveries: Route = {
  method: "GET",
  path: "/v1/webhook-deliveries",
  access: "webhooks",
  operation: {
    operationId: "listWebhookDeliveries",
    summary: "List deliveries of callbacks",
    description: "Those of the newest tasks first. A page may be short and not the last: go on with next.",
    tags,
    parameters: [...FILTERS, ...pageParameters("Deliveries")],
  },
  responses: {
    200: {
      description: "A page of deliveries.",
      schema: "WebhookDeliveryList",
      headers: { Link: 'The next page, rel="next".' },
    },
  },
  problems: ["invalid-arguments", "state-unavailable"],
  async handle(exchange, gateway) {
    answerPage(exchange, await webhookDeliveryPage(exchange, gateway));
  },
};

export async function webhookDeliveryPage(
  { query, base, caller }: Asked,
  { webhooks }: Pick<GatewayContext, "webhooks">,
): Promise<Page> {
  const page = await webhooks.log.list(tenantPrefix(caller.tenant), readFilter(query));
  const next = page.next && nextLink(`${base}/v1/webhook-deliveries`, query, page.next);
  const deliveries = page.deliveries.map((delivery) => deliveryView(delivery, base, false));
  return { text: JSON.stringify({ deliveries, next }), next };
}

function readFilter(query: URLSearchParams): DeliveryFilter {
  const [task, endpoint, status, after] = ["task", "endpoint", "status", "cursor"].map(
    (name) => query.get(name) ?? undefined,
  );
  if (status !== undefined && !STATUSES.includes(status)) {
    throw new Problem("invalid-arguments", {
      detail: `The parameter status must be one of ${STATUSES.join(", ")}.`,
    });
  }
  if (after !== undefined && !isDeliveryId(after)) throw badCursor();
  return {
    limit: readLimit(query),
    ...(task === undefined ? {} : { task }),
    ...(endpoint === undefined ? {} : { endpoint }),
    // It is one of them.
    ...(status === undefined ? {} : { status: status as DeliveryStatus }),
    ...(after === undefined ? {} : { after }),
  };
}

/** Throws Problem `unknown-delivery` for text that is no id. */
function keyOf(exchange: Exchange): string {
  const id = exchange.param("id");
  if (!isDeliveryId(id)) throw new Problem("unknown-delivery");
  return tenantPrefix(exchange.caller.tenant) + id;
}

/** One delivery, with its attempts. */
export const getWebhookDelivery: Route = {
  method: "GET",
  path,
  access: "webhooks",
  operation: { operationId: "getWebhookDelivery", summary: "Read a delivery and its attempts", tags },
  responses: { 200: { description: "The delivery.", schema: "WebhookDelivery" } },
  problems: ["unknown-delivery", "state-unavailable"],
  async handle(exchange, { webhooks }) {
    const { base } = exchange;
    const known = await webhooks.log.find(keyOf(exchange));
    if (known === undefined) throw new Problem("unknown-delivery");
    exchange.json(200, JSON.stringify(deliveryView(known.delivery, base, true)), NO_STORE);
  },
};

/** Sends it once more. */
export const redeliverWebhook: Route = {
  method: "POST",
  path: `${path}:redeliver`,
  access: "webhooks",
  operation: {
    operationId: "redeliverWebhook",
    summary: "Deliver again",
    description:
      "Now, and on the whole schedule if it fails, whatever came of it before. The webhook-id and the body are the same, so that a receiver knows what it has.",
    tags,
  },
  responses: { 202: { description: "It will be sent.", schema: "WebhookDelivery" } },
  problems: ["unknown-delivery", "state-unavailable"],
  async handle(exchange, { webhooks }) {
    const { base } = exchange;
    const delivery = await webhooks.log.redeliver(keyOf(exchange));
    if (delivery === undefined) throw new Problem("unknown-delivery");
    webhooks.wake();
    exchange.json(202, JSON.stringify(deliveryView(delivery, base, true)));
  },
};
