/** Shapes of histories and statistics, as JSON Schema. */
import { id, type Schema, time } from "../schema-parts.ts";
import { HISTORY_TYPES } from "./event.ts";
import { COUNTS } from "./stats/bucket.ts";

export type HistorySchemaName = "TaskHistory" | "Stats";

const text: Schema = { type: ["string", "null"] };
const count: Schema = { type: "integer", minimum: 0 };
const seconds: Schema = {
  type: ["number", "null"],
  minimum: 0,
  description: "Seconds; null when there is none.",
};

function percentiles(description: string): Schema {
  return {
    type: "object",
    description,
    required: ["p50", "p95", "p99"],
    properties: { p50: seconds, p95: seconds, p99: seconds },
  };
}

export const HISTORY_SCHEMAS: Readonly<Record<HistorySchemaName, Schema>> = {
  TaskHistory: {
    type: "object",
    required: ["id", "task", "events"],
    properties: {
      id,
      task: { ...text, description: "Its name; null when nobody has said it." },
      events: {
        type: "array",
        description: "What happened, the earliest first: the first event, and the newest 500.",
        items: {
          type: "object",
          required: ["type", "at"],
          properties: {
            type: { enum: HISTORY_TYPES },
            at: { ...time, description: "By the clock of whoever it happened to." },
            worker: { type: "string", description: "Absent for what a gateway did." },
            state: { type: "string" },
            retries: { type: "integer", minimum: 0 },
            eta: { type: "string" },
            runtime_s: { type: "number", minimum: 0 },
            exception: { type: "string", description: "Its repr." },
            progress: { description: "What the task said of itself." },
            detail: { type: "string", description: "What came of it, in a few words." },
          },
        },
      },
      request: {
        type: "object",
        description: "The request that sent it; absent for tasks that came another way.",
        required: ["method", "path", "credential", "address", "user_agent", "trace_id"],
        properties: {
          method: { type: "string" },
          path: { type: "string" },
          credential: { type: "string", description: "Its id." },
          address: text,
          user_agent: text,
          trace_id: text,
        },
      },
      args: { type: "string", description: "The repr of the arguments; only with arguments=true." },
      kwargs: { type: "string" },
    },
  },
  Stats: {
    type: "object",
    required: ["from", "step_seconds", "points", "tasks"],
    properties: {
      from: time,
      step_seconds: { type: "integer", minimum: 60 },
      points: {
        type: "array",
        description: "One for each step, the last one not over yet.",
        items: {
          type: "object",
          required: ["at", ...COUNTS, "wait", "runtime"],
          properties: {
            at: { ...time, description: "Where the step begins." },
            ...Object.fromEntries(COUNTS.map((name) => [name, count])),
            wait: percentiles("From when a task could run until it started."),
            runtime: percentiles("How long tasks ran."),
          },
        },
      },
      tasks: {
        type: "array",
        description: "The 20 with the most ends.",
        items: {
          type: "object",
          required: ["task", "succeeded", "failed", "retried", "p95"],
          properties: {
            task: { type: "string" },
            succeeded: count,
            failed: count,
            retried: count,
            p95: { ...seconds, description: "Of the runtime." },
          },
        },
      },
    },
  },
};
