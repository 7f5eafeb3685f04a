/**
 * The shapes that go in and out, as JSON Schema 2020-12. The same objects validate requests and are printed in the OpenAPI
 * document.
 */
import { SCHEDULE_SCHEMAS, type ScheduleSchemaName } from "./schedules/schemas.ts";
import {
  args,
  id,
  ignoreResult,
  kwargs,
  QUEUE_PATTERN,
  ref,
  type Schema,
  state,
  taskName,
  time,
} from "./schema-parts.ts";
import { MAX_DELAY_SECONDS } from "./times.ts";
import { WORKFLOW_SCHEMAS, type WorkflowSchemaName } from "./workflows/schemas.ts";

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
  | "OpenApi"
  | WorkflowSchemaName
  | ScheduleSchemaName;

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
  ...WORKFLOW_SCHEMAS,
  ...SCHEDULE_SCHEMAS,
};
