/** Shapes of dead letters and of replays, as JSON Schema. */
import { id, QUEUE_PATTERN, ref, type Schema, state, time } from "../schema-parts.ts";

export type DeadLetterSchemaName =
  | "DeadLetterSummary"
  | "DeadLetterList"
  | "DeadLetter"
  | "DeadLetterReplayed"
  | "ReplayRequest"
  | "Replay";

const letterId: Schema = {
  type: "string",
  description: "Made of what the letter is: the same letter has the same id everywhere.",
  examples: ["rLJuS7bkVhmDWWRmJnKUKg"],
};
const text: Schema = { type: "string" };
const queue: Schema = { type: "string", pattern: QUEUE_PATTERN };
const count: Schema = { type: "integer", minimum: 0 };
const uri: Schema = { type: "string", format: "uri-reference" };

const required = ["id", "queue", "reason", "detail", "bytes", "links"];

const summary = {
  id: letterId,
  queue: { ...queue, description: "Whose dead letter it is." },
  reason: { ...text, description: "A code that does not change.", examples: ["not_registered"] },
  detail: text,
  task: text,
  task_id: text,
  died_at: { ...text, description: "When a worker refused it, as that worker said it." },
  worker: text,
  bytes: { ...count, description: "Size of the message's body." },
  links: {
    type: "object",
    required: ["self", "replay"],
    properties: { self: uri, replay: uri },
  },
} satisfies Readonly<Record<string, Schema>>;

const filter = {
  reason: { type: "string", maxLength: 100 },
  task: { type: "string", maxLength: 255 },
  since: { ...time, description: "Letters that died then or later." },
  until: { ...time, description: "Letters that died then or earlier." },
} satisfies Readonly<Record<string, Schema>>;

const rate: Schema = {
  type: "number",
  minimum: 0.1,
  maximum: 1000,
  default: 10,
  description: "Letters sent in a second at most.",
};

export const DEAD_LETTER_SCHEMAS: Readonly<Record<DeadLetterSchemaName, Schema>> = {
  DeadLetterSummary: { type: "object", required, properties: summary },
  DeadLetterList: {
    type: "object",
    required: ["dead_letters"],
    properties: {
      dead_letters: { type: "array", items: ref("DeadLetterSummary") },
      next: { ...uri, description: "The next page; absent on the last one." },
    },
  },
  DeadLetter: {
    type: "object",
    description: "A message that no worker could run, as it was.",
    required: [...required, "content_type", "content_encoding", "headers", "body_base64"],
    properties: {
      ...summary,
      content_type: { type: ["string", "null"] },
      content_encoding: { type: ["string", "null"] },
      headers: { type: "object", description: "Of the message, without those that say why it died." },
      body_base64: { type: "string", description: "Its exact bytes." },
      body: { description: "The same as JSON, when it is JSON of up to 1 MiB." },
    },
  },
  DeadLetterReplayed: {
    type: "object",
    required: ["replay_id", "replayed_from", "queue", "state"],
    properties: {
      id: { ...id, description: "The task's, if the message has one: it is the same as before." },
      task: text,
      queue,
      state,
      replay_id: { type: "string", description: "New for each request." },
      replayed_from: { ...letterId, description: "The letter, which is gone now." },
      links: ref("TaskLinks"),
    },
  },
  ReplayRequest: {
    type: "object",
    required: ["queue"],
    additionalProperties: false,
    properties: {
      queue: { ...queue, description: "Whose dead letters are sent again." },
      to_queue: { ...queue, description: "Where to. Default: where each came from." },
      filter: { type: "object", additionalProperties: false, properties: filter },
      rate_per_s: rate,
    },
  },
  Replay: {
    type: "object",
    required: [
      "id",
      "queue",
      "filter",
      "rate_per_s",
      "state",
      "moved",
      "failed",
      "kept",
      "refused",
      "total",
      "started_at",
      "links",
    ],
    properties: {
      id: text,
      queue,
      to_queue: queue,
      filter: { type: "object", properties: filter },
      rate_per_s: rate,
      state: { enum: ["running", "done", "cancelled", "failed", "interrupted"] },
      moved: { ...count, description: "Letters sent again." },
      failed: { ...count, description: "Letters that cannot be sent: they stay." },
      kept: { ...count, description: "Letters that the filter left out." },
      refused: {
        ...count,
        description: "Letters of tasks or queues that these credentials may not use: they stay.",
      },
      total: { ...count, description: "Letters there were when it began." },
      started_at: time,
      ended_at: time,
      links: { type: "object", required: ["self"], properties: { self: uri } },
    },
  },
};
