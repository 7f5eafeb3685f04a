/**
 * The shapes that go in and out, as JSON Schema 2020-12. The same objects validate requests and are printed in the OpenAPI
 * document.
 */

import { ACCESS_SCHEMAS, type AccessSchemaName } from "./access/schemas.ts";
import { BATCH_SCHEMAS, type BatchSchemaName } from "./batch/schemas.ts";
import { EVENT_SCHEMAS, type EventSchemaName } from "./cloudevents/schemas.ts";
import { COMPLETION_SCHEMAS, type CompletionSchemaName } from "./completions/schemas.ts";
import { DEAD_LETTER_SCHEMAS, type DeadLetterSchemaName } from "./dead-letters/schemas.ts";
import { DEDUPE_SCHEMAS, type DedupeSchemaName } from "./dedupe/schemas.ts";
import { FLEET_SCHEMAS, type FleetSchemaName } from "./fleet/schemas.ts";
import { HOOK_SCHEMAS, type HookSchemaName } from "./hooks/schemas.ts";
import { QUEUE_SCHEMAS, type QueueSchemaName } from "./queues/schemas.ts";
import { REVOKE_SIGNALS } from "./revoke-signals.ts";
import { SCHEDULE_SCHEMAS, type ScheduleSchemaName } from "./schedules/schemas.ts";
import { id, ignoreResult, kwargs, ref, type Schema, state, tags, taskName, time } from "./schema-parts.ts";
import { TASK_REQUEST } from "./task-request-schema.ts";
import { TASK_TYPE_SCHEMAS, type TaskTypeSchemaName } from "./task-types/schemas.ts";
import { WEBHOOK_SCHEMAS, type WebhookSchemaName } from "./webhooks/schemas.ts";
import { WORKFLOW_SCHEMAS, type WorkflowSchemaName } from "./workflows/schemas.ts";

export type SchemaName =
  | "TaskRequest"
  | "Kwargs"
  | "TaskAccepted"
  | "Task"
  | "TaskError"
  | "TaskLinks"
  | "Duplicate"
  | "TaskOrDuplicate"
  | "TaskChange"
  | "TaskRevoke"
  | "TaskRevoked"
  | "TaskSummary"
  | "TaskList"
  | "Catalog"
  | "Health"
  | "Readiness"
  | "Problem"
  | "Result"
  | "OpenApi"
  | "AsyncApi"
  | AccessSchemaName
  | WorkflowSchemaName
  | WebhookSchemaName
  | ScheduleSchemaName
  | HookSchemaName
  | EventSchemaName
  | QueueSchemaName
  | DeadLetterSchemaName
  | DedupeSchemaName
  | BatchSchemaName
  | TaskTypeSchemaName
  | CompletionSchemaName
  | FleetSchemaName;

export const SCHEMAS: Readonly<Record<SchemaName, Schema>> = {
  TaskRequest: TASK_REQUEST,
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
      tags,
      replayed_from: { ...id, description: "The task that this one repeats." },
      eta: time,
      submitted_at: time,
      done_at: time,
      links: ref("TaskLinks"),
    },
  },
  Duplicate: {
    type: "object",
    description: "A task that was there before.",
    required: ["deduplicated", "id", "task", "links"],
    properties: { deduplicated: { const: true }, id, task: taskName, links: ref("TaskLinks") },
  },
  TaskOrDuplicate: { anyOf: [ref("Task"), ref("Duplicate")] },
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
  TaskChange: {
    type: "object",
    description: "Another time for a task that the gateway holds.",
    additionalProperties: false,
    properties: { eta: TASK_REQUEST.properties["eta"], delay: TASK_REQUEST.properties["delay"] },
    minProperties: 1,
    maxProperties: 1,
  },
  TaskRevoke: {
    type: "object",
    additionalProperties: false,
    properties: {
      terminate: { type: "boolean", default: false, description: "Also end it when it runs." },
      signal: {
        type: "string",
        enum: REVOKE_SIGNALS,
        default: "SIGTERM",
        description: "What a process gets that runs it.",
      },
    },
  },
  TaskRevoked: {
    type: "object",
    required: ["id", "state", "links"],
    properties: { id, state, links: ref("TaskLinks") },
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
      tags,
      replayed_from: { ...id, description: "The task that this one repeats." },
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
  AsyncApi: { type: "object" },
  ...ACCESS_SCHEMAS,
  ...WORKFLOW_SCHEMAS,
  ...WEBHOOK_SCHEMAS,
  ...SCHEDULE_SCHEMAS,
  ...HOOK_SCHEMAS,
  ...EVENT_SCHEMAS,
  ...QUEUE_SCHEMAS,
  ...DEAD_LETTER_SCHEMAS,
  ...DEDUPE_SCHEMAS,
  ...BATCH_SCHEMAS,
  ...TASK_TYPE_SCHEMAS,
  ...COMPLETION_SCHEMAS,
  ...FLEET_SCHEMAS,
};
