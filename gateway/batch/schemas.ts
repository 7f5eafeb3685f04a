/** Many tasks in one request. */

import { id, ref, type Schema, taskName } from "../schema-parts.ts";
import { TASK_REQUEST } from "../task-request-schema.ts";

export type BatchSchemaName = "BatchRequest" | "BatchTask" | "BatchAnswer" | "BatchItem";

/** Tasks of one request at most. */
export const MAX_BATCH = 1000;

export const BATCH_SCHEMAS: Readonly<Record<BatchSchemaName, Schema>> = {
  BatchRequest: {
    type: "array",
    description:
      "Tasks as for POST /v1/tasks; each may have an idempotency_key of its own. As application/x-ndjson: one to a line.",
    minItems: 1,
    maxItems: MAX_BATCH,
    items: ref("BatchTask"),
  },
  BatchTask: {
    ...TASK_REQUEST,
    description: "One call of a task.",
    properties: {
      ...TASK_REQUEST.properties,
      idempotency_key: {
        type: "string",
        minLength: 1,
        maxLength: 257,
        description: "As the header Idempotency-Key, for this task alone.",
      },
    },
  },
  BatchAnswer: {
    type: "object",
    required: ["items"],
    properties: {
      items: { type: "array", description: "In the order of the request.", items: ref("BatchItem") },
    },
  },
  BatchItem: {
    type: "object",
    required: ["status"],
    properties: {
      status: {
        type: "integer",
        description:
          "202: the broker has the task. 200: it was there before. Otherwise: the status of the problem.",
      },
      id,
      task: taskName,
      deduplicated: { const: true },
      replayed: { const: true, description: "The answer that its idempotency_key had before." },
      problem: ref("Problem"),
    },
  },
};
