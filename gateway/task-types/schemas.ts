/** What is declared of a task: the shapes of its arguments and of its result. */
import { ref, type Schema, taskName } from "../schema-parts.ts";

export type TaskTypeSchemaName = "TaskTypeRequest" | "TaskType" | "TaskTypeList";

export const TASK_TYPE_MODES = ["off", "warn", "enforce"] as const;

const jsonSchema: Schema = { type: ["object", "boolean"], description: "JSON Schema 2020-12." };

const members: Schema = {
  args: { ...jsonSchema, description: "JSON Schema 2020-12 of the list of positional arguments." },
  kwargs: { ...jsonSchema, description: "JSON Schema 2020-12 of the object of keyword arguments." },
  result: {
    ...jsonSchema,
    description: "JSON Schema 2020-12 of the return value; told to callers, not checked.",
  },
  defaults: {
    type: "object",
    description: "Keyword arguments for calls that leave them out.",
    maxProperties: 100,
  },
  mode: {
    type: "string",
    enum: TASK_TYPE_MODES,
    default: "enforce",
    description: "enforce: 422 for what does not fit. warn: it is sent, and logged. off: not looked at.",
  },
  idempotency: {
    type: "string",
    enum: ["optional", "required"],
    default: "optional",
    description: "required: calls without an Idempotency-Key are refused.",
  },
  deprecated: {
    type: ["boolean", "string"],
    description: "true, or what to use instead: told in the header Deprecation of every answer to a call.",
    maxLength: 500,
  },
  description: { type: "string", maxLength: 2000 },
};

export const TASK_TYPE_SCHEMAS: Readonly<Record<TaskTypeSchemaName, Schema>> = {
  TaskTypeRequest: {
    type: "object",
    description: "What is declared of one task.",
    additionalProperties: false,
    properties: members,
  },
  TaskType: {
    type: "object",
    required: ["task", "mode", "origin"],
    properties: {
      task: taskName,
      ...members,
      origin: {
        type: "string",
        enum: ["gateway", "app"],
        description: "gateway: declared by PUT. app: from the options of a task of the app.",
      },
    },
  },
  TaskTypeList: {
    type: "object",
    required: ["task_types"],
    properties: { task_types: { type: "array", items: ref("TaskType") } },
  },
};
