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
import { HISTORY_SCHEMAS, type HistorySchemaName } from "./history/schemas.ts";
import { HOOK_SCHEMAS, type HookSchemaName } from "./hooks/schemas.ts";
import { QUEUE_SCHEMAS, type QueueSchemaName } from "./queues/schemas.ts";
import { SCHEDULE_SCHEMAS, type ScheduleSchemaName } from "./schedules/schemas.ts";
import { id, ref, type Schema } from "./schema-parts.ts";
import { TASK_SCHEMAS, type TaskSchemaName } from "./task-schemas.ts";
import { TASK_TYPE_SCHEMAS, type TaskTypeSchemaName } from "./task-types/schemas.ts";
import { WEBHOOK_SCHEMAS, type WebhookSchemaName } from "./webhooks/schemas.ts";
import { WORKFLOW_SCHEMAS, type WorkflowSchemaName } from "./workflows/schemas.ts";

export type SchemaName =
  | "Catalog"
  | "Health"
  | "Readiness"
  | "Problem"
  | "Result"
  | "OpenApi"
  | "AsyncApi"
  | TaskSchemaName
  | AccessSchemaName
  | WorkflowSchemaName
  | WebhookSchemaName
  | ScheduleSchemaName
  | HistorySchemaName
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
  ...TASK_SCHEMAS,
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
  ...HISTORY_SCHEMAS,
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
