/**
 * The shapes that go in and out, as JSON Schema 2020-12. The same objects validate requests and are printed in the OpenAPI
 * document.
 */
import { MAX_DELAY_SECONDS } from "./times.ts";

/** A JSON Schema; references are `#/components/schemas/{name}`. */
export type Schema = Readonly<Record<string, unknown>>;

export type SchemaName =
  | "TaskRequest"
  | "Kwargs"
  | "TaskAccepted"
  | "Task"
  | "TaskError"
  | "TaskLinks"
  | "TaskSummary"
  | "TaskList"
  | "Catalog"
  | "Health"
  | "Readiness"
  | "Problem"
  | "Result"
  | "OpenApi";

export function ref(name: SchemaName): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** Task names; Celery's are dotted Python names. */
export const TASK_NAME_PATTERN = "^[A-Za-z_][A-Za-z0-9_.]*$";
/** Task ids; Celery's SQL results have a column of 155 characters. */
export const TASK_ID_PATTERN = "^[A-Za-z0-9._:-]{1,155}$";
/** What queue names may be made of: nothing that is a pattern or a separator to some broker. */
const QUEUE_PATTERN = "^[A-Za-z0-9._:@-]{1,200}$";

const id: Schema = {
  type: "string",
  pattern: TASK_ID_PATTERN,
  examples: ["0d7f1c0e-6a2f-4c39-8a53-2f1d9f3a7b11"],
};
const taskName: Schema = {
  type: "string",
  pattern: TASK_NAME_PATTERN,
  maxLength: 255,
  examples: ["examples.add"],
};
const state: Schema = {
  type: "string",
  description:
    "PENDING, RECEIVED, STARTED, RETRY, SUCCESS, FAILURE, REVOKED, or a state of the task's own such as PROGRESS.",
  examples: ["PENDING"],
};
const time: Schema = { type: "string", format: "date-time" };
const args: Schema = { type: "array", items: {}, description: "Positional arguments." };
const kwargs: Schema = { type: "object", description: "Keyword arguments.", examples: [{ x: 2, y: 3 }] };
const ignoreResult: Schema = {
  type: "boolean",
  description: "Store no result. The state cannot be followed then.",
};

export const SCHEMAS: Readonly<Record<SchemaName, Schema>> = {
  TaskRequest: {
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
    },
  },
  Kwargs: kwargs,
  TaskAccepted: {
    type: "object",
    required: ["id", "task", "state", "links"],
    properties: { id, task: taskName, state, links: ref("TaskLinks") },
  },
  Task: {
    type: "object",
    required: ["id", "state", "terminal", "links"],
    properties: {
      id,
      task: { type: "string" },
      queue: { type: "string" },
      state,
      terminal: { type: "boolean", description: "True when the state will not change any more." },
      result: { description: "The return value; only in SUCCESS." },
      meta: { description: "What the task says of itself in a state of its own, such as its progress." },
      error: ref("TaskError"),
      retries: { type: "integer", minimum: 0 },
      worker: { type: "string" },
      ignore_result: ignoreResult,
      eta: time,
      submitted_at: time,
      done_at: time,
      links: ref("TaskLinks"),
    },
  },
  TaskError: {
    type: "object",
    description: "How the task failed, in the words of the language it is written in.",
    required: ["type", "module", "message", "args"],
    properties: {
      type: { type: "string", examples: ["ValueError"] },
      module: { type: "string", examples: ["builtins"] },
      message: { type: "string", examples: ["ValueError: no such customer"] },
      args: { type: "array", items: {} },
      traceback: { type: ["string", "null"], description: "Only when the gateway is set to show it." },
    },
  },
  TaskLinks: {
    type: "object",
    required: ["self", "result", "events"],
    properties: {
      self: { type: "string", format: "uri-reference" },
      result: { type: "string", format: "uri-reference" },
      events: { type: "string", format: "uri-reference" },
    },
  },
  TaskSummary: {
    type: "object",
    required: ["id", "task", "queue", "state", "terminal", "submitted_at", "links"],
    properties: {
      id,
      task: { type: "string" },
      queue: { type: "string" },
      state,
      terminal: { type: "boolean" },
      ignore_result: ignoreResult,
      eta: time,
      submitted_at: time,
      done_at: time,
      links: ref("TaskLinks"),
    },
  },
  TaskList: {
    type: "object",
    required: ["tasks"],
    properties: {
      tasks: { type: "array", items: ref("TaskSummary") },
      next: {
        type: "string",
        format: "uri-reference",
        description: "The next page; absent on the last one.",
      },
    },
  },
  Catalog: {
    type: "object",
    required: ["tasks", "queues"],
    properties: {
      tasks: {
        type: "array",
        items: {
          type: "object",
          required: ["name"],
          properties: { name: { type: "string" }, params: { type: "array", items: { type: "string" } } },
        },
      },
      queues: { type: "array", items: { type: "string" } },
    },
  },
  Health: { type: "object", required: ["status"], properties: { status: { const: "ok" } } },
  Readiness: {
    type: "object",
    required: ["ready"],
    properties: { ready: { type: "boolean" }, reason: { type: "string" } },
  },
  Problem: {
    type: "object",
    description: "An error as RFC 9457 defines it. The type is a page that explains it.",
    required: ["type", "title", "status", "detail"],
    properties: {
      type: { type: "string", format: "uri-reference" },
      title: { type: "string" },
      status: { type: "integer" },
      detail: { type: "string" },
      errors: {
        type: "array",
        description: "What is wrong with the body, and where.",
        items: {
          type: "object",
          required: ["pointer", "detail"],
          properties: { pointer: { type: "string" }, detail: { type: "string" } },
        },
      },
      limit: { type: "number" },
      id,
      error: ref("TaskError"),
    },
  },
  Result: { description: "The return value itself, whatever it is." },
  OpenApi: { type: "object" },
};
