import { answerDelivery, deliver, receive } from "../hooks/receive.ts";
import type { Route } from "../route.ts";
import { SUBMIT_PROBLEMS } from "./shared.ts";

/** Takes a webhook of somebody else, and sends the task that the hook's rules make of it. */
export const receiveHook: Route = {
  method: "POST",
  path: "/v1/hooks/{hook}",
  // The hook's own verifier asks who it is.
  access: "public",
  operation: {
    operationId: "receiveHook",
    summary: "Deliver a webhook",
    description:
      "For senders such as GitHub, Stripe and Slack. The signature is checked over the bytes of the body before anything is parsed or sent. A hook may be set to answer otherwise.",
    tags: ["hooks"],
  },
  requestTypes: { "*/*": "RawBody" },
  responses: {
    200: {
      description: "It came before: duplicate is true, and the task is the one that it had.",
      schema: "DeliveryTaken",
      textTypes: ["text/plain"],
    },
    202: {
      description: "The broker has the task.",
      schema: "DeliveryTaken",
      headers: { Location: "Where to ask for the task." },
    },
    204: { description: "No rule fits, and nothing was sent." },
  },
  problems: [...SUBMIT_PROBLEMS, "unknown-hook", "bad-signature"],
  async handle(exchange, gateway) {
    const received = await receive(exchange, gateway);
    answerDelivery(exchange, received.hook, await deliver(exchange, gateway, received));
  },
};
