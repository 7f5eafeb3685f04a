/** What callers say of duplicates. */
import type { Schema } from "../schema-parts.ts";
import { MAX_DELAY_SECONDS } from "../times.ts";

export type DedupeSchemaName = "Dedupe";

export const DEDUPE_MODES = ["return", "reject", "replace", "requeue-last"] as const;

export const DEDUPE_SCHEMAS: Readonly<Record<DedupeSchemaName, Schema>> = {
  Dedupe: {
    type: "object",
    description: "What happens when a task with the same key was accepted a short while ago.",
    required: ["key"],
    additionalProperties: false,
    properties: {
      key: {
        type: "string",
        minLength: 1,
        maxLength: 255,
        description: "Tasks of one name with the same key are duplicates. content: with the same arguments.",
        examples: ["invoice-17", "content"],
      },
      window: {
        type: ["number", "string"],
        minimum: 1,
        maximum: MAX_DELAY_SECONDS,
        default: 600,
        description: "How long a task has no duplicates: seconds, or an ISO 8601 duration.",
        examples: [600, "PT10M"],
      },
      mode: {
        type: "string",
        enum: DEDUPE_MODES,
        default: "return",
        description:
          "return: answer with the first task. reject: 409. replace: revoke the first task, send this one. requeue-last: run the newest of the duplicates once the first task has ended.",
      },
    },
  },
};
