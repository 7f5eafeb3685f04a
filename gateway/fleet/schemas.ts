/** Shapes of workers and of what they are told, as JSON Schema. */

import { QUEUE_PATTERN, ref, type Schema, taskName, time } from "../schema-parts.ts";
import { MAX_WORKER_TASKS } from "./worker-tasks.ts";

export type FleetSchemaName =
  | "Worker"
  | "WorkerList"
  | "WorkerReplies"
  | "WorkerOrder"
  | "WorkerResize"
  | "WorkerAutoscale"
  | "WorkerQueue"
  | "WorkerRateLimit"
  | "WorkerTimeLimit";

/** Most slots that one order adds or takes. */
const MAX_RESIZE = 1000;
/** Ten years, in seconds. */
const MAX_SECONDS = 315_576_000;

const text: Schema = { type: ["string", "null"] };
const number: Schema = { type: ["number", "null"] };
const count: Schema = { type: ["integer", "null"], minimum: 0 };
const tasks: Schema = {
  type: ["array", "null"],
  maxItems: MAX_WORKER_TASKS,
  items: {
    type: "object",
    required: ["id", "task"],
    properties: { id: { type: "string" }, task: { type: "string" }, started_at: time, eta: time },
  },
};
const slots: Schema = { type: "integer", minimum: 0, maximum: MAX_RESIZE };
const limit: Schema = { type: ["number", "null"], minimum: 0, maximum: MAX_SECONDS };

export const FLEET_SCHEMAS: Readonly<Record<FleetSchemaName, Schema>> = {
  Worker: {
    type: "object",
    description: "A worker, of whatever language. What it has not told is null.",
    required: ["name", "status", "language", "heartbeat", "pool", "concurrency", "queues", "links"],
    properties: {
      name: { type: "string", examples: ["celery@web1"] },
      status: {
        enum: ["online", "lost", "offline"],
        description: "lost: silent for more than two intervals of its heartbeat; offline: it said goodbye.",
      },
      language: { ...text, examples: ["python", "typescript"] },
      software: {
        type: ["object", "null"],
        properties: { name: { type: "string" }, version: text, system: text },
      },
      pid: count,
      heartbeat: {
        type: ["object", "null"],
        required: ["at", "age_seconds", "every_seconds"],
        properties: { at: time, age_seconds: { type: "number" }, every_seconds: { type: "number" } },
      },
      pool: { ...text, examples: ["prefork"] },
      concurrency: number,
      prefetch: number,
      uptime_seconds: number,
      active: { ...count, description: "Tasks that it runs." },
      processed: { ...number, description: "Tasks that it has run." },
      load: {
        type: ["array", "null"],
        items: { type: "number" },
        description: "Of its machine, over 1, 5 and 15 minutes.",
      },
      queues: { type: ["array", "null"], items: { type: "string" } },
      tasks: {
        type: ["array", "null"],
        items: { type: "string" },
        description: "Names of its tasks, with what was set of them.",
      },
      active_tasks: { ...tasks, description: "What it runs; only of one worker, as the two below." },
      reserved_tasks: { ...tasks, description: "What it has taken, and runs when there is room." },
      scheduled_tasks: { ...tasks, description: "What it has taken, and runs at its time." },
      totals: { type: ["object", "null"], description: "How many of each task it has run." },
      links: { type: "object", required: ["self"], properties: { self: { type: "string" } } },
    },
  },
  WorkerList: {
    type: "object",
    required: ["workers"],
    properties: {
      workers: { type: "array", items: ref("Worker") },
      next: {
        type: "string",
        format: "uri-reference",
        description: "The next page; absent on the last one.",
      },
    },
  },
  WorkerReplies: {
    type: "object",
    required: ["replies"],
    properties: {
      replies: {
        type: "array",
        items: {
          type: "object",
          description: "ok or error, in the words of the worker.",
          required: ["worker"],
          properties: { worker: { type: "string" }, ok: { type: "string" }, error: { type: "string" } },
        },
      },
    },
  },
  WorkerOrder: { type: "object", description: "No members.", additionalProperties: false, properties: {} },
  WorkerResize: {
    type: "object",
    additionalProperties: false,
    properties: {
      n: { ...slots, minimum: 1, default: 1, description: "Processes or threads more, or fewer." },
    },
  },
  WorkerAutoscale: {
    type: "object",
    required: ["min", "max"],
    additionalProperties: false,
    properties: { min: slots, max: slots },
  },
  WorkerQueue: {
    type: "object",
    required: ["queue"],
    additionalProperties: false,
    properties: { queue: { type: "string", pattern: QUEUE_PATTERN } },
  },
  WorkerRateLimit: {
    type: "object",
    required: ["task", "rate"],
    additionalProperties: false,
    properties: {
      task: taskName,
      rate: {
        type: ["string", "null"],
        pattern: "^\\d{1,9}(\\.\\d{1,9})?(/[smh])?$",
        description: "Starts in a second, a minute or an hour; null for no limit.",
        examples: ["10/m"],
      },
    },
  },
  WorkerTimeLimit: {
    type: "object",
    required: ["task"],
    additionalProperties: false,
    properties: {
      task: taskName,
      soft: {
        ...limit,
        description: "Seconds after which the task is asked to end; null, or absent, for none.",
      },
      hard: { ...limit, description: "Seconds after which the task is ended; null, or absent, for none." },
    },
  },
};
