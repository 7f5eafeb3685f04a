/** Shapes of answers that come later, as JSON Schema. */
import type { Schema } from "../schema-parts.ts";

export type CompletionSchemaName = "TaskCompletion";

export const COMPLETION_SCHEMAS: Readonly<Record<CompletionSchemaName, Schema>> = {
  TaskCompletion: {
    type: "object",
    description: "How a task ended that was left to whoever sends this: either its result, or its error.",
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    properties: {
      result: { description: "The return value, whatever it is." },
      error: {
        type: "object",
        required: ["type", "message"],
        additionalProperties: false,
        properties: {
          type: {
            type: "string",
            pattern: "^[A-Za-z_][A-Za-z0-9_]{0,99}$",
            description: "Class of the exception.",
            examples: ["ValueError"],
          },
          message: { type: "string", maxLength: 10_000, examples: ["no such customer"] },
        },
      },
    },
  },
};
