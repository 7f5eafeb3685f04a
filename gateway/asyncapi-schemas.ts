/** What task messages and results are made of, as JSON Schema. */
import { id, kwargs, type Schema, state, taskName } from "./schema-parts.ts";

const maybe = (type: string, description?: string): Schema => ({
  type: [type, "null"],
  ...(description === undefined ? {} : { description }),
});
const taskId: Schema = { type: ["string", "null"] };
const list: Schema = { type: ["array", "null"] };

/** AsyncAPI names parts of a message's headers only: `reply_to` and `correlation_id` are properties at the broker. */
export function asyncapiSchemas(defaultQueue: string): Readonly<Record<string, Schema>> {
  return {
    TaskHeaders: {
      type: "object",
      required: ["id", "task"],
      properties: {
        lang: { type: "string", description: "Language of the sender.", examples: ["js", "py"] },
        task: taskName,
        id,
        root_id: { ...taskId, description: "The task that began the workflow." },
        parent_id: { ...taskId, description: "The task that sent this one." },
        group: { ...taskId, description: "Id of the group that it belongs to." },
        group_index: maybe("integer"),
        retries: { type: "integer", minimum: 0 },
        eta: maybe("string", "Earliest time to run, ISO 8601."),
        expires: maybe("string", "Latest time to start, ISO 8601."),
        timelimit: {
          type: "array",
          minItems: 2,
          maxItems: 2,
          items: maybe("number"),
          description: "Hard and soft limit in seconds.",
        },
        shadow: maybe("string", "Another name, for logs."),
        argsrepr: maybe("string"),
        kwargsrepr: maybe("string"),
        origin: maybe("string", "Who sent it."),
        ignore_result: { type: ["boolean", "null"] },
        replaced_task_nesting: { type: "integer", minimum: 0 },
        stamped_headers: list,
        stamps: { type: ["object", "null"] },
        traceparent: { type: "string", description: "W3C trace context." },
        tracestate: { type: "string" },
        baggage: { type: "string" },
        reply_to: {
          type: "string",
          description: "Where results go when they are messages. A property of the message, not a header.",
        },
      },
    },
    TaskPayload: {
      type: "array",
      description: "Positional arguments, keyword arguments, and what follows the task.",
      minItems: 3,
      maxItems: 3,
      items: [{ type: "array", items: {} }, kwargs, { $ref: "#/components/schemas/Embed" }],
      examples: [[[2, 3], {}, { callbacks: null, errbacks: null, chain: null, chord: null }]],
    },
    Embed: {
      type: "object",
      description: "Signatures of tasks that are sent when this one ends.",
      properties: {
        callbacks: { ...list, items: { $ref: "#/components/schemas/Signature" } },
        errbacks: { ...list, items: { $ref: "#/components/schemas/Signature" } },
        chain: { ...list, items: { $ref: "#/components/schemas/Signature" } },
        chord: { oneOf: [{ type: "null" }, { $ref: "#/components/schemas/Signature" }] },
      },
    },
    Signature: {
      type: "object",
      required: ["task"],
      properties: {
        task: { type: "string" },
        args: { type: "array", items: {} },
        kwargs: { type: "object" },
        options: { type: "object", examples: [{ queue: defaultQueue }] },
        subtask_type: { type: ["string", "null"] },
        immutable: { type: "boolean" },
        chord_size: { type: ["integer", "null"] },
      },
    },
    Result: {
      type: "object",
      required: ["task_id", "status", "result"],
      properties: {
        task_id: id,
        status: state,
        result: {
          description: "The return value, or the exception as exc_type, exc_message and exc_module.",
        },
        traceback: maybe("string"),
        children: { ...list, items: {} },
        date_done: maybe("string"),
      },
    },
  };
}
