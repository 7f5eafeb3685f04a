/** Shapes of deliveries, as JSON Schema. */
import { id, ref, type Schema, time } from "../schema-parts.ts";
import { DELIVERY_ID } from "./delivery-id.ts";

export type DeliverySchemaName = "RawBody" | "DeliveryTaken" | "HookDelivery" | "HookDeliveryList";

const uri: Schema = { type: "string", format: "uri-reference" };

export const DELIVERY_SCHEMAS: Readonly<Record<DeliverySchemaName, Schema>> = {
  RawBody: { description: "Any bytes: they are read as the hook, or the event, says." },
  DeliveryTaken: {
    type: "object",
    required: ["id", "task", "duplicate", "links"],
    properties: {
      id,
      task: { type: "string" },
      duplicate: { type: "boolean", description: "It came before, and this is the task that it had." },
      links: ref("TaskLinks"),
    },
  },
  HookDelivery: {
    type: "object",
    required: ["id", "hook", "received_at", "outcome", "size", "headers", "links"],
    properties: {
      id: { type: "string", pattern: DELIVERY_ID.source },
      hook: { type: "string" },
      received_at: time,
      outcome: {
        enum: ["accepted", "ignored", "failed", "greeted"],
        description:
          "ignored: no rule fitted. failed: see error. greeted: the sender asked whether somebody is there.",
      },
      delivery_id: { type: "string", description: "What tells it from others." },
      rule: { type: "integer", minimum: 0, description: "The rule that fitted, from 0." },
      task_id: id,
      task: { type: "string" },
      error: { type: "string" },
      replay_of: { type: "string", description: "The delivery that this one repeats." },
      size: { type: "integer", minimum: 0, description: "Bytes of the body." },
      headers: { type: "object", additionalProperties: { type: "string" } },
      body: { type: "string", description: "As text; only of a single delivery whose body is UTF-8." },
      body_base64: { type: "string", description: "Of a single delivery whose body is no text." },
      links: {
        type: "object",
        required: ["self", "replay"],
        properties: { self: uri, replay: uri, task: uri },
      },
    },
  },
  HookDeliveryList: {
    type: "object",
    required: ["deliveries"],
    properties: {
      deliveries: { type: "array", items: ref("HookDelivery") },
      next: { ...uri, description: "The next page; absent on the last one." },
    },
  },
};
