/** Shapes of events, as JSON Schema. */
import { id, ref, type Schema, taskName } from "../schema-parts.ts";
import { MAX_DELAY_SECONDS } from "../times.ts";

export type EventSchemaName =
  | "EventOptions"
  | "CloudEvent"
  | "EventBatch"
  | "EventsTaken"
  | "EventOrBatchTaken";

const text: Schema = { type: "string", minLength: 1 };

export const EVENT_SCHEMAS: Readonly<Record<EventSchemaName, Schema>> = {
  EventOptions: {
    type: "object",
    description: "Which tasks events become.",
    required: ["rules"],
    additionalProperties: false,
    properties: {
      rules: { type: "array", minItems: 1, maxItems: 1000, items: ref("MappingRule") },
      tasks: { type: "array", minItems: 1, maxItems: 1000, items: taskName },
      unmatched: { enum: ["ignore", "refuse"] },
      remember_seconds: { type: "integer", minimum: 60, maximum: MAX_DELAY_SECONDS },
      allowed_origins: { type: "array", maxItems: 1000, items: text },
      allowed_rate: { type: "integer", minimum: 1, maximum: 1_000_000_000 },
    },
  },
  CloudEvent: {
    type: "object",
    description: "A CloudEvent 1.0 in its JSON form. Further members are extensions.",
    required: ["specversion", "id", "source", "type"],
    properties: {
      specversion: { const: "1.0" },
      id: text,
      source: { ...text, format: "uri-reference" },
      type: { ...text, examples: ["com.example.order.created"] },
      subject: { type: ["string", "null"] },
      time: { type: ["string", "null"], format: "date-time" },
      datacontenttype: { type: ["string", "null"] },
      dataschema: { type: ["string", "null"], format: "uri" },
      data: {},
      data_base64: { type: ["string", "null"] },
    },
  },
  EventBatch: { type: "array", maxItems: 1000, items: ref("CloudEvent") },
  EventOrBatchTaken: { anyOf: [ref("DeliveryTaken"), ref("EventsTaken")] },
  EventsTaken: {
    type: "object",
    required: ["events"],
    properties: {
      events: {
        type: "array",
        description: "What became of each event, in their order.",
        items: {
          type: "object",
          required: ["source", "id", "outcome"],
          properties: {
            source: { type: "string" },
            id: { type: "string" },
            outcome: {
              enum: ["accepted", "duplicate", "ignored"],
              description: "duplicate: the task is the one that it had before. ignored: no rule fits.",
            },
            task: { type: "string" },
            task_id: id,
          },
        },
      },
    },
  },
};
