/** Tasks, as they go in and out. */
import { REVOKE_SIGNALS } from "./revoke-signals.ts";
import { id, ignoreResult, kwargs, ref, type Schema, state, tags, taskName, time } from "./schema-parts.ts";
import { TASK_REQUEST } from "./task-request-schema.ts";

export type TaskSchemaName =
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
  | "TaskList";

/** What the index says of a task, alone or in a list. */
const OF_THE_INDEX = {
  ignore_result: ignoreResult,
  tags,
  replayed_from: { ...id, description: "The task that this one repeats." },
  eta: time,
  submitted_at: time,
  done_at: time,
  links: ref("TaskLinks"),
};

export const TASK_SCHEMAS: Readonly<Record<TaskSchemaName, Schema>> = {
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
      ...OF_THE_INDEX,
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
    required: ["id", "task", "queue", "state", "terminal", "origin", "submitted_at", "links"],
    properties: {
      id,
      task: { type: "string" },
      queue: { type: "string", description: "Empty for an observed task of which nobody has said it." },
      state,
      terminal: { type: "boolean" },
      origin: {
        enum: ["gateway", "observed"],
        description: "observed: somebody else has sent it, and workers have told of it.",
      },
      ...OF_THE_INDEX,
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
};
