/** Shapes of queues, as JSON Schema. */
import { ref, type Schema } from "../schema-parts.ts";

export type QueueSchemaName = "Queue" | "QueueList" | "QueueWorkers" | "QueueChange" | "QueuePurged";

const name: Schema = { type: "string", examples: ["celery"] };
const uri: Schema = { type: "string", format: "uri-reference" };
const count: Schema = { type: "integer", minimum: 0 };
const maybeCount: Schema = { type: ["integer", "null"], minimum: 0 };
const workers: Schema = {
  type: "array",
  maxItems: 1000,
  items: { type: "string", minLength: 1, maxLength: 255 },
};

export const QUEUE_SCHEMAS: Readonly<Record<QueueSchemaName, Schema>> = {
  Queue: {
    type: "object",
    description: "A queue as the broker sees it; null is what it cannot say.",
    required: ["name", "ready", "unacked", "scheduled", "consumers", "oldest_age_s", "dead", "links"],
    properties: {
      name,
      ready: { ...count, description: "Messages waiting." },
      unacked: { ...maybeCount, description: "Messages that workers hold." },
      scheduled: { ...maybeCount, description: "Messages that wait at the broker for their time." },
      consumers: { ...maybeCount, description: "Subscriptions." },
      oldest_age_s: {
        type: ["number", "null"],
        minimum: 0,
        description: "Seconds since the message that is served next was sent, if it says when.",
      },
      dead: { ...maybeCount, description: "Its dead letters; null for a queue of dead letters." },
      links: {
        type: "object",
        required: ["self", "pause", "resume", "purge"],
        properties: { self: uri, pause: uri, resume: uri, purge: uri },
      },
    },
  },
  QueueList: {
    type: "object",
    required: ["queues"],
    properties: { queues: { type: "array", items: ref("Queue") } },
  },
  QueueWorkers: {
    type: "object",
    additionalProperties: false,
    properties: {
      workers: {
        ...workers,
        minItems: 1,
        description:
          "Node names of the workers to tell. Default: those that take from the queue, or that were paused here.",
      },
    },
  },
  QueueChange: {
    type: "object",
    required: ["name", "workers"],
    properties: { name, workers: { ...workers, description: "The workers that said that they do it." } },
  },
  QueuePurged: {
    type: "object",
    required: ["name", "purged"],
    properties: { name, purged: { ...count, description: "Messages that were removed." } },
  },
};
