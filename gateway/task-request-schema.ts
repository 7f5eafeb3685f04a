/** The body of a request to send a task; batches have it once for each task. */
import {
  args,
  ignoreResult,
  kwargs,
  QUEUE_PATTERN,
  ref,
  type Schema,
  tags,
  taskName,
  time,
} from "./schema-parts.ts";
import { MAX_DELAY_SECONDS } from "./times.ts";

/** A schema of an object with known members. */
export interface ObjectSchema extends Schema {
  readonly properties: Readonly<Record<string, Schema>>;
}

export const TASK_REQUEST: ObjectSchema = {
  type: "object",
  description: "One call of a task.",
  required: ["task"],
  additionalProperties: false,
  properties: {
    task: { ...taskName, description: "Name of the task, as its worker registers it." },
    args: { ...args, examples: [[2, 3]] },
    kwargs,
    queue: { type: "string", pattern: QUEUE_PATTERN, description: "Default: what the app's routes say." },
    eta: { ...time, description: "Earliest time to run, with an offset. Not with delay." },
    delay: {
      type: ["number", "string"],
      minimum: 0,
      maximum: MAX_DELAY_SECONDS,
      description: "Time to wait before it runs: seconds, or an ISO 8601 duration.",
      examples: [30, "PT30S"],
    },
    expires: {
      type: ["number", "string"],
      minimum: 0,
      maximum: MAX_DELAY_SECONDS,
      description:
        "Latest time to start, after which the task is revoked: seconds from now, an ISO 8601 duration, or a time with an offset.",
      examples: [3600, "PT1H", "2030-01-02T03:04:05Z"],
    },
    priority: {
      type: "integer",
      minimum: 0,
      maximum: 9,
      description:
        "Passed to the broker as it is: RabbitMQ serves 9 first (in queues with x-max-priority), Redis 0, SQL none.",
    },
    ignore_result: ignoreResult,
    tags: { ...tags, description: "Words of your own, to find the task by." },
    dedupe: ref("Dedupe"),
    callback: ref("Callback"),
  },
};
