import { readBatch } from "../batch/read-batch.ts";
import { submitBatch as sendBatch } from "../batch/submit-batch.ts";
import { answerOnce } from "../idempotency/answer-once.ts";
import type { Route } from "../route.ts";
import { IDEMPOTENCY_KEY, SUBMIT_PROBLEMS, TRACE } from "./shared.ts";

/** Sends many tasks. */
export const submitBatch: Route = {
  method: "POST",
  path: "/v1/tasks:batch",
  access: "tasks:submit",
  operation: {
    operationId: "submitBatch",
    summary: "Send many tasks",
    description:
      "A JSON array, or one task to a line as application/x-ndjson. Each task has an answer of its own. With Prefer: handling=strict all of them are checked first, and nothing is sent when one is not good.",
    tags: ["tasks"],
    parameters: [
      {
        name: "Prefer",
        in: "header",
        description: "handling=strict: all tasks or none (RFC 7240). Otherwise: each by itself.",
        schema: { type: "string", examples: ["handling=strict"] },
      },
      IDEMPOTENCY_KEY,
      ...TRACE,
    ],
  },
  requestSchema: "BatchRequest",
  responses: { 200: { description: "What became of each task.", schema: "BatchAnswer" } },
  problems: [...SUBMIT_PROBLEMS, "batch-refused"],
  async handle(exchange, gateway) {
    const { bytes, items } = await readBatch(exchange, gateway);
    await answerOnce(exchange, gateway, bytes, (run) => sendBatch(exchange, gateway, items, run));
  },
};
