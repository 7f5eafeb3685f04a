import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { DELIVERY_ID } from "../hooks/delivery-id.ts";
import type { Delivery } from "../hooks/delivery-log.ts";
import type { Hook } from "../hooks/hook.ts";
import { isVisible } from "../hooks/hook.ts";
import { deliveryMembers, hookLink } from "../hooks/hook-view.ts";
import { answerTaken, deliver } from "../hooks/receive.ts";
import { Problem } from "../problems.ts";
import type { Route } from "../route.ts";
import { writeJson } from "../task-view.ts";
import {
  type Asked,
  answerPage,
  nextLink,
  type Page,
  pageParameters,
  readCursor,
  readLimit,
} from "./page.ts";
import { HOOK_PROBLEMS, SUBMIT_PROBLEMS } from "./shared.ts";

const path = "/v1/hooks/{hook}/deliveries";

/** What came in at a hook, newest first. */
export const listDeliveries: Route = {
  method: "GET",
  path,
  access: "webhooks",
  operation: {
    operationId: "listHookDeliveries",
    summary: "List deliveries of a hook",
    description:
      "Newest first, without their bodies: those of senders that proved who they are. Repetitions are counted, not listed.",
    tags: ["hooks"],
    parameters: pageParameters("Deliveries"),
  },
  responses: {
    200: {
      description: "A page of deliveries.",
      schema: "HookDeliveryList",
      headers: { Link: 'The next page, rel="next".' },
    },
  },
  problems: [...HOOK_PROBLEMS, "unknown-hook", "invalid-arguments"],
  async handle(exchange, { hooks }) {
    const { query, base, caller } = exchange;
    const limit = readLimit(query);
    const hook = await hooks.book.getFor(caller, exchange.param("hook"));
    const after = readCursor(query, DELIVERY_ID);
    const found = await hooks.log.list(hook, { after, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const next =
      found.length > limit && last !== undefined
        ? nextLink(`${hookLink(hook.name, base)}/deliveries`, query, last.id)
        : undefined;
    const deliveries = page.map((delivery) => deliveryMembers(hook, delivery, base));
    answerPage(exchange, { text: writeJson({ deliveries, ...(next && { next }) }), next });
  },
};

/** Hooks whose deliveries are listed together, the first by name. */
const MAX_HOOKS = 200;

/** What came in at all hooks, newest first. */
export const listAllDeliveries: Route = {
  method: "GET",
  path: "/v1/hook-deliveries",
  access: "webhooks",
  operation: {
    operationId: "listAllHookDeliveries",
    summary: "List deliveries of all hooks",
    description: `Newest first, without their bodies, of the hooks that the caller may see; of the first ${MAX_HOOKS} by name.`,
    tags: ["hooks"],
    parameters: pageParameters("Deliveries"),
  },
  responses: listDeliveries.responses,
  problems: [...HOOK_PROBLEMS, "invalid-arguments"],
  async handle(exchange, gateway) {
    answerPage(exchange, await allDeliveryPage(exchange, gateway));
  },
};

export async function allDeliveryPage(
  { query, base, caller }: Asked,
  { hooks: { book, log } }: Pick<GatewayContext, "hooks">,
): Promise<Page> {
  const limit = readLimit(query);
  const after = readCursor(query, DELIVERY_ID);
  const hooks = (await book.list("", MAX_HOOKS)).filter((hook) => isVisible(caller, hook));
  const ofEach = await Promise.all(
    hooks.map(async (hook) => {
      const found = await log.list(hook, { after, limit: limit + 1 });
      return found.map((delivery) => ({ hook, delivery }));
    }),
  );
  // Ids of newer deliveries sort first.
  const found = ofEach.flat().sort((a, b) => (a.delivery.id < b.delivery.id ? -1 : 1));
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const next =
    found.length > limit && last !== undefined
      ? nextLink(`${base}/v1/hook-deliveries`, query, last.delivery.id)
      : undefined;
  const deliveries = page.map(({ hook, delivery }) => deliveryMembers(hook, delivery, base));
  return { text: writeJson({ deliveries, ...(next && { next }) }), next };
}

/** One delivery, with its body. */
export const getDelivery: Route = {
  method: "GET",
  path: `${path}/{id}`,
  access: "webhooks",
  operation: { operationId: "getHookDelivery", summary: "Read a delivery", tags: ["hooks"] },
  responses: { 200: { description: "The delivery, with its body as it came.", schema: "HookDelivery" } },
  problems: [...HOOK_PROBLEMS, "unknown-hook", "unknown-delivery"],
  async handle(exchange, gateway) {
    const { hook, delivery } = await findDelivery(exchange, gateway);
    const body = await gateway.hooks.log.body(hook, delivery.id);
    const text = writeJson(deliveryMembers(hook, delivery, exchange.base, body));
    exchange.json(200, text, { "cache-control": "no-store" });
  },
};

/** Makes a new task of a delivery that was kept. */
export const replayDelivery: Route = {
  method: "POST",
  path: `${path}/{id}:replay`,
  access: "webhooks",
  operation: {
    operationId: "replayHookDelivery",
    summary: "Replay a delivery",
    description:
      "Its bytes go through the rules as they are now, and the task that comes of it is a new one, each time. It is a delivery of its own in the list.",
    tags: ["hooks"],
  },
  responses: {
    202: {
      description: "The broker has the new task.",
      schema: "DeliveryTaken",
      headers: { Location: "Where to ask for the task." },
    },
  },
  problems: [...SUBMIT_PROBLEMS, ...HOOK_PROBLEMS, "unknown-hook", "unknown-delivery"],
  async handle(exchange, gateway) {
    const { hook, delivery } = await findDelivery(exchange, gateway);
    const body = await gateway.hooks.log.body(hook, delivery.id);
    if (body === undefined) throw new Problem("unknown-delivery");
    const { headers, deliveryId: verifiedId } = delivery;
    const received = { hook, headers, body, verifiedId, replayOf: delivery };
    const { caller } = exchange;
    const result = await deliver(exchange, gateway, received);
    // The task is the hook's; the request is not.
    exchange.caller = caller;
    if (result.outcome === "accepted") return answerTaken(exchange, result.task);
    throw new Problem("invalid-arguments", { detail: "No rule of the hook fits this delivery." });
  },
};

async function findDelivery(
  exchange: Exchange,
  { hooks }: GatewayContext,
): Promise<{ readonly hook: Hook; readonly delivery: Delivery }> {
  const hook = await hooks.book.getFor(exchange.caller, exchange.param("hook"));
  const id = exchange.param("id");
  const delivery = DELIVERY_ID.test(id) ? await hooks.log.get(hook, id) : undefined;
  if (delivery === undefined) throw new Problem("unknown-delivery");
  return { hook, delivery };
}
